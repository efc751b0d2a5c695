#include "tools/hawser/commands/commands.h"
#include "tools/hawser/cycle_result.h"
#include "tools/hawser/output.h"
#include "tools/hawser/scope_words.h"
#include "tools/hawser/session.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

struct RefreshOptions {
    std::vector<std::string> tables;
    bool yes = false;
};

struct RepairOptions {};

struct BackupOptions {
    std::string file;
};

Result<ExitCode> run_refresh(Invocation& invocation, const RefreshOptions& options)
{
    auto opened = OnlineSession::open(invocation, options.yes ? Consent::given : Consent::ask);
    if (!opened) return opened.error();
    OnlineSession& session = **opened;
    auto tables = chosen_tables(session.replica(), options.tables);
    if (!tables) return tables.error();
    Synchronizer::CycleOptions cycle;
    cycle.tables = *std::move(tables);
    cycle.full = true;
    const auto report = session.synchronizer().cycle(cycle);
    session.progress().clear();
    if (!report) return report.error();
    return tell_cycle(invocation, session.replica(), *report);
}

Result<ExitCode> run_repair(Invocation& invocation, const RepairOptions&)
{
    ReplicaOptions options;
    options.path = replica_path(invocation);
    const auto unreadable = Replica::repair(options);
    if (!unreadable) return unreadable.error();
    Output output(invocation);
    boost::json::array lines;
    for (const std::string& line : *unreadable) lines.push_back(boost::json::string(line));
    output.json({{"repaired", true}, {"unreadable", std::move(lines)}});
    const std::string kept = "the damaged file is kept beside it.";
    if (unreadable->empty()) {
        output.sentence("Repaired. Your changes, conflicts and what they build on were carried over; " + kept,
                        Style::good);
    } else {
        output.sentence("Repaired as far as the file could be read; " + kept);
        output.sentence(fmt::format("{} to look at, damaged, lost or made anew:",
                                    count_of(unreadable->size(), "finding")),
                        Style::warning);
        for (const std::string& line : *unreadable) output.text("  " + line);
    }
    output.sentence(unreadable->empty()
                        ? "Next: hawser sync, which pulls the records again."
                        : "Next: hawser queue, which shows what was carried over; then hawser "
                          "sync, which pulls the records again.");
    return unreadable->empty() ? ExitCode::done : ExitCode::needs_person;
}

Result<ExitCode> run_backup(Invocation& invocation, const BackupOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    if (const auto done = replica->backup(options.file); !done) return done.error();
    Output output(invocation);
    output.json({{"file", options.file}});
    output.sentence(fmt::format("Copied the replica to {}. It holds everything, also what is not sent yet.",
                                options.file),
                    Style::good);
    return ExitCode::done;
}

} // namespace

void add_care(Command app, Invocation& invocation)
{
    const auto refreshing = std::make_shared<RefreshOptions>();
    Command refresh = app.command("refresh", "Pull everything again from the start, and send what waits.",
                                  "hawser refresh\nhawser refresh --table contact");
    refresh.group(group::care);
    refresh.option("--table", refreshing->tables, "Only this table; may be given often")
        .type_name("TABLE")
        .may_repeat();
    refresh.flag("-y,--yes", refreshing->yes, "Agree to changes of very many records at once");
    refresh.runs(invocation, refreshing, run_refresh);

    Command repair =
        app.command("repair", "Rebuild a damaged replica; your changes are carried over.", "hawser repair");
    repair.group(group::care);
    repair.runs(invocation, std::make_shared<RepairOptions>(), run_repair);

    const auto saving = std::make_shared<BackupOptions>();
    Command backup = app.command("backup", "Copy the replica, while it is in use.",
                                 "hawser backup before-the-trip.hawser");
    backup.group(group::care);
    backup.option("FILE", saving->file, "The new file").required();
    backup.runs(invocation, saving, run_backup);
}

} // namespace hawser::cli

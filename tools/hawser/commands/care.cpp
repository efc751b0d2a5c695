#include "tools/hawser/commands/commands.h"
#include "tools/hawser/cycle_result.h"
#include "tools/hawser/output.h"
#include "tools/hawser/question.h"
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

struct RemoveOptions {
    std::string replica;
    bool lose = false;
    bool yes = false;
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

/// No answer is an error: nobody removes anything by accident.
Result<bool> agreed_to_remove(const std::filesystem::path& path, bool loses)
{
    const auto agreed = ask(fmt::format("Remove the replica {}{}?", path.string(),
                                        loses ? " with every change in it that was not sent" : ""));
    if (!agreed) return usage_error("there is nobody to ask; remove it with -y");
    return *agreed;
}

Result<ExitCode> run_remove(Invocation& invocation, const RemoveOptions& options)
{
    ReplicaOptions replica;
    replica.path = options.replica;
    if (!options.yes) {
        const auto agreed = agreed_to_remove(replica.path, options.lose);
        if (!agreed) return agreed.error();
        if (!*agreed) {
            remark(invocation, "Nothing was removed.");
            return ExitCode::done;
        }
    }
    const auto removed =
        Replica::remove(replica, options.lose ? Replica::Unsent::lose : Replica::Unsent::keep);
    if (!removed) return removed.error();
    Output output(invocation);
    output.json({{"removed", options.replica}});
    output.sentence(
        fmt::format("Removed {}. The organization keeps everything that was sent.", options.replica),
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

    const auto removing = std::make_shared<RemoveOptions>();
    Command remove = app.command(
        "remove",
        "Remove a replica from this computer. Refused while changes wait in it that are in no journal.",
        "hawser remove old.hawser\nhawser remove old.hawser --lose-changes -y");
    remove.group(group::care);
    remove.option("REPLICA", removing->replica, "Its file").required().not_empty();
    remove.flag("--lose-changes", removing->lose, "Also with changes that were not sent; they are lost");
    remove.flag("-y,--yes", removing->yes, "Do not ask");
    remove.runs(invocation, removing, run_remove);
}

} // namespace hawser::cli

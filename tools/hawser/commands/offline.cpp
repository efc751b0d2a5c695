#include "tools/hawser/commands/commands.h"
#include "tools/hawser/cycle_result.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/output.h"
#include "tools/hawser/question.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

struct OfflineOptions {
    bool now = false;
    bool yes = false;
};

struct OnlineOptions {
    bool yes = false;
};

Result<ExitCode> tell_aboard(const Invocation& invocation, const Replica& replica)
{
    const auto status = Synchronizer::status(replica);
    if (!status) return status.error();
    Output output(invocation);
    output.json(json_of(*status));
    output.sentence("You are offline now. Everything you change is kept here and sent when you come back.",
                    Style::good);
    Grid grid{{{"aboard"}, {"records", Align::right}, {"as of"}, {"missing", Align::left, Keep::if_it_fits}}};
    grid.none = "No table is aboard.";
    for (const TableStatus& table : status->tables)
        grid.rows.push_back(
            {{table.table, Cell(grouped(table.records), std::to_string(table.records)),
              table.as_of ? local_time_text(*table.as_of) : std::string("never"), table.missing}});
    if (output.form() != Form::json) output.grid(grid);
    output.sentence("Come back with: hawser go-online");
    return needs_person(*status) ? ExitCode::needs_person : ExitCode::done;
}

/// Where nobody can be asked.
Error with_way_out(Error error)
{
    error.message += "; hawser go-offline --now goes with what is aboard";
    return error;
}

Result<ExitCode> run_offline(Invocation& invocation, const OfflineOptions& options)
{
    auto opened = OnlineSession::open(invocation, options.yes ? Consent::given : Consent::ask);
    if (!opened) return opened.error();
    OnlineSession& session = **opened;
    using Departure = Synchronizer::Departure;
    Result<void> gone =
        session.synchronizer().go_offline(options.now ? Departure::now : Departure::pull_first);
    session.progress().clear();
    if (!gone && gone.error().code == "engine.pull_unfinished" && !session.interrupts().interrupted()) {
        const auto all_the_same = ask(error_sentence(gone.error(), system_clock()->now()) +
                                      ". Go offline all the same, with what is aboard?");
        if (!all_the_same) return with_way_out(gone.error());
        if (!*all_the_same) return exit_code_of(gone.error());
        gone = session.synchronizer().go_offline(Departure::now);
    }
    if (!gone) return gone.error();
    return tell_aboard(invocation, session.replica());
}

Result<ExitCode> run_online(Invocation& invocation, const OnlineOptions& options)
{
    auto opened = OnlineSession::open(invocation, options.yes ? Consent::given : Consent::ask);
    if (!opened) return opened.error();
    OnlineSession& session = **opened;
    const auto report = session.synchronizer().go_online();
    session.progress().clear();
    if (!report) return report.error();
    return tell_cycle(invocation, session.replica(), *report);
}

void add_go_offline(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<OfflineOptions>();
    Command command = app.command("go-offline", "Pull the chosen tables, then stay offline until go-online.",
                                  "hawser go-offline\nhawser go-offline --now    do not pull first");
    command.alias("offline");
    command.group(group::synchronize);
    command.flag("--now", options->now, "Go at once, without pulling first");
    command.flag("-y,--yes", options->yes, "Agree to changes of very many records at once");
    command.runs(invocation, options, run_offline);
}

void add_go_online(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<OnlineOptions>();
    Command command =
        app.command("go-online", "Come back: pull, reconcile, and send what waits.", "hawser go-online");
    command.alias("online");
    command.group(group::synchronize);
    command.flag("-y,--yes", options->yes, "Agree to changes of very many records at once");
    command.runs(invocation, options, run_online);
}

void add_pause(Command app, Invocation& invocation)
{
    const auto leaving = std::make_shared<OfflineOptions>();
    leaving->now = true;
    Command pause =
        app.command("pause", "Stop synchronizing until resume; nothing is pulled first.", "hawser pause");
    pause.group(group::synchronize);
    pause.runs(invocation, leaving, run_offline);

    Command resume =
        app.command("resume", "Synchronize again after pause, as go-online does.", "hawser resume");
    resume.group(group::synchronize);
    const auto coming = std::make_shared<OnlineOptions>();
    resume.flag("-y,--yes", coming->yes, "Agree to changes of very many records at once");
    resume.runs(invocation, coming, run_online);
}

} // namespace

void add_offline(Command app, Invocation& invocation)
{
    add_go_offline(app, invocation);
    add_go_online(app, invocation);
    add_pause(app, invocation);
}

} // namespace hawser::cli

#include "tools/hawser/commands/commands.h"
#include "tools/hawser/cycle_result.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/output.h"
#include "tools/hawser/plan_view.h"
#include "tools/hawser/scope_words.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

struct SyncOptions {
    std::vector<std::string> tables;
    bool full = false;
    bool watch = false;
    bool dry_run = false;
    bool yes = false;
};

Result<ExitCode> show_plan(const Invocation& invocation, OnlineSession& session,
                           const Synchronizer::CycleOptions& cycle)
{
    const auto plan = session.synchronizer().plan(cycle);
    session.progress().clear();
    if (!plan) return plan.error();
    Grid grid = grid_of(*plan);
    grid.none = "A cycle would change nothing, here or there.";
    Output output(invocation);
    output.grid(grid);
    if (!plan->lines.empty())
        output.sentence(fmt::format("Nothing was written: {}.",
                                    count_of(plan->lines.size(), "step would follow", "steps would follow")));
    return ExitCode::done;
}

Result<ExitCode> watch(const Invocation& invocation, OnlineSession& session)
{
    Output output(invocation);
    std::mutex writing;
    session.on_cycle([&](const CycleReport& report) {
        const std::lock_guard lock(writing);
        session.progress().restart();
        tell_watched_cycle(output, report);
    });
    if (const auto started = session.synchronizer().start(); !started) return started.error();
    output.sentence("Watching; Ctrl-C ends it.", Style::faint);
    session.interrupts().wait();
    session.on_cycle({});
    session.progress().clear();
    return tell_what_is_left(invocation, session.replica(), Ending::interrupted_on_purpose);
}

Result<ExitCode> run_sync(Invocation& invocation, const SyncOptions& options)
{
    auto opened = OnlineSession::open(invocation, options.yes ? Consent::given : Consent::ask);
    if (!opened) return opened.error();
    OnlineSession& session = **opened;
    if (options.watch) return watch(invocation, session);

    auto tables = chosen_tables(session.replica(), options.tables);
    if (!tables) return tables.error();
    Synchronizer::CycleOptions cycle;
    cycle.tables = *std::move(tables);
    cycle.full = options.full;
    if (options.dry_run) return show_plan(invocation, session, cycle);
    const auto report = session.synchronizer().cycle(cycle);
    session.progress().clear();
    if (!report) {
        if (!session.interrupts().interrupted()) return report.error();
        return tell_what_is_left(invocation, session.replica(), Ending::interrupted);
    }
    return tell_cycle(invocation, session.replica(), *report);
}

} // namespace

void add_sync(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<SyncOptions>();
    Command command = app.command("sync", "Pull what changed, reconcile, and send what waits.",
                                  "hawser sync\n"
                                  "hawser sync --table contact -n    what would happen\n"
                                  "hawser sync --watch               go on until Ctrl-C");
    command.group(group::synchronize);
    command.option("--table", options->tables, "Only this table; may be given often")
        .type_name("TABLE")
        .may_repeat();
    command.flag("--full", options->full, "Pull from the start instead of what changed");
    Option watching = command.flag("--watch", options->watch, "Stay, and sync again and again");
    command.flag("-n,--dry-run", options->dry_run, "Say what would happen and write nothing")
        .excludes(watching);
    command.flag("-y,--yes", options->yes, "Agree to changes of very many records at once");
    command.runs(invocation, options, run_sync);
}

} // namespace hawser::cli

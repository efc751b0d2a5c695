#include "tools/hawser/commands/replay_course.h"

#include "tools/hawser/change_text.h"
#include "tools/hawser/output.h"
#include "tools/hawser/plan_view.h"
#include "tools/hawser/question.h"
#include "tools/hawser/session.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <vector>

namespace hawser::cli {

Result<ExitCode> show_plan(const Invocation& invocation, OnlineSession& session)
{
    const auto plan = session.synchronizer().plan({});
    session.progress().clear();
    if (!plan) return plan.error();
    Grid grid = grid_of(*plan);
    grid.none = "Nothing would be sent.";
    Output output(invocation);
    output.grid(grid);
    output.sentence("Nothing was sent, and no receipt was written.", Style::faint);
    return ExitCode::done;
}

namespace {

/// Shows what the slice says and what would become of it, and asks. Empty when there is nobody to ask.
Result<std::optional<bool>> agreed(const Invocation& invocation, OnlineSession& session, Replay& replay,
                                   const std::vector<ChangeNumber>& slice)
{
    auto changes = replay.changes_of(slice);
    if (!changes) return changes.error();
    if (const auto released = replay.release(slice); !released) return released.error();
    const auto plan = session.synchronizer().plan({});
    session.progress().clear();
    if (!plan) return plan.error();
    RecordNames names(session.replica());
    for (Change& change : *changes) {
        change.number = replay.number_in_journal(change.number);
        remark(invocation, fmt::format("Next: {}", content_of(change, session.replica(), names)));
    }
    for (const Plan::Line& line : plan->lines)
        remark(invocation, fmt::format("  {}: {} {}", line.record_name, line.action, line.sentence));
    const auto wanted = ask("Send it?", &session.interrupts().flag());
    if (wanted && *wanted) return wanted;
    if (const auto held = replay.hold_back(slice); !held) return held.error();
    return wanted;
}

} // namespace

Result<std::string> go_through(const Invocation& invocation, OnlineSession& session, Replay& replay,
                               Course course)
{
    const auto clock = system_clock();
    const auto began = clock->elapsed();
    double sent = 0;
    for (;;) {
        const auto slice = replay.next();
        if (slice.empty()) return std::string();
        if (course.step) {
            const auto wanted = agreed(invocation, session, replay, slice);
            if (!wanted) return wanted.error();
            if (!*wanted) return std::string("there was nobody to ask");
            if (!**wanted) continue;
        }
        if (const auto done = replay.send(slice); !done) return done.error();
        if (session.interrupts().interrupted()) return std::string("it was interrupted");
        const auto stop = replay.reason_to_stop(slice);
        if (!stop || !stop->empty()) return stop;
        sent += static_cast<double>(slice.size());
        if (course.rate <= 0) continue;
        const auto due = began + std::chrono::milliseconds(std::llround(sent / course.rate * 1000));
        const auto now = clock->elapsed();
        if (due > now && session.interrupts().wait_for(due - now)) return std::string("it was interrupted");
    }
}

} // namespace hawser::cli

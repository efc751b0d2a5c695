#include "engine/cycle_report.h"

#include "engine/figures.h"

#include <algorithm>

namespace hawser::engine {

CycleReport report_of(const localstore::Cycle& cycle)
{
    const Figures figures = parse_figures(cycle.figures);
    CycleReport report;
    report.number = cycle.number.value;
    report.started = cycle.begun_at;
    report.finished = cycle.finished_at.value_or(cycle.begun_at);
    report.idle_repeats = std::max<std::int64_t>(cycle.repeats - 1, 0);
    report.pulled = figures.pulled;
    report.removed = figures.removed;
    report.merged = figures.merged;
    report.pushed = figures.pushed;
    report.refused = figures.refused;
    report.conflicts = figures.conflicts;
    report.conflicts_moved = figures.conflicts_moved;
    report.kept = figures.kept;
    report.held = figures.held;
    switch (cycle.outcome) {
    case localstore::CycleOutcome::idle:
    case localstore::CycleOutcome::done:
        report.outcome = "done";
        break;
    case localstore::CycleOutcome::under_way:
        report.outcome = cycle.finished_at ? "done" : "did not finish";
        break;
    case localstore::CycleOutcome::failed:
    case localstore::CycleOutcome::stopped:
        report.outcome = cycle.message.empty() ? "stopped" : cycle.message;
        break;
    }
    return report;
}

} // namespace hawser::engine

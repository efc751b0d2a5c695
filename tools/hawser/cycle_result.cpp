#include "tools/hawser/cycle_result.h"

#include "tools/hawser/face_json.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/remedies.h"
#include "tools/hawser/state_words.h"

#include <fmt/format.h>

#include <algorithm>

namespace hawser::cli {

namespace {

Result<void> tell_waiting(Output& output, const Replica& replica, const Status& status)
{
    const auto sentences = waiting_sentences(status, system_clock()->now());
    for (const std::string& sentence : sentences)
        output.sentence(sentence, needs_person(status) ? Style::warning : Style::plain);
    if (sentences.empty()) output.sentence("Nothing waits.");
    const auto remedies = remedy_sentences(replica);
    if (!remedies) return remedies.error();
    for (const std::string& sentence : *remedies) output.sentence(sentence);
    return {};
}

/// Whoever decides by an earlier list has not seen what stands there now.
Result<void> tell_moved_conflicts(Output& output, const Replica& replica, const CycleReport& report)
{
    if (report.conflicts_moved == 0) return {};
    const auto decisions = replica.decisions(report.number);
    if (!decisions) return decisions.error();
    const auto conflicts = replica.conflicts();
    if (!conflicts) return conflicts.error();
    for (const Decision& decision : *decisions) {
        if (decision.rule != "conflict.moved") continue;
        const auto open = std::ranges::find(*conflicts, decision.record, &Conflict::record);
        if (open != conflicts->end())
            output.sentence(fmt::format("{} It is conflict {} now.", decision.sentence, open->label),
                            Style::warning);
    }
    return {};
}

} // namespace

Result<ExitCode> tell_cycle(const Invocation& invocation, const Replica& replica, const CycleReport& report)
{
    const auto status = Synchronizer::status(replica);
    if (!status) return status.error();
    Output output(invocation);
    output.json({{"cycle", json_of(report)}, {"status", json_of(*status)}});
    output.sentence(cycle_sentence(report), Style::good);
    if (const auto told = tell_moved_conflicts(output, replica, report); !told) return told.error();
    if (const auto told = tell_waiting(output, replica, *status); !told) return told.error();
    return needs_person(*status) ? ExitCode::needs_person : ExitCode::done;
}

void tell_watched_cycle(Output& output, const CycleReport& report)
{
    output.json(json_of(report));
    output.text(fmt::format("{}  {}", local_clock_text(report.finished), cycle_sentence(report)));
}

Result<ExitCode> tell_what_is_left(const Invocation& invocation, const Replica& replica, Ending ending)
{
    const auto status = Synchronizer::status(replica);
    if (!status) return status.error();
    Output output(invocation);
    output.json({{"interrupted", true}, {"status", json_of(*status)}});
    output.sentence(ending == Ending::interrupted
                        ? "Stopped before the end. What arrived is kept, and the next sync goes on from here."
                        : "Stopped.");
    if (const auto told = tell_waiting(output, replica, *status); !told) return told.error();
    if (ending == Ending::interrupted) return ExitCode::failed;
    return needs_person(*status) ? ExitCode::needs_person : ExitCode::done;
}

Result<ExitCode> exit_code_for_waiting(const Replica& replica)
{
    const auto status = Synchronizer::status(replica);
    if (!status) return status.error();
    return needs_person(*status) ? ExitCode::needs_person : ExitCode::done;
}

} // namespace hawser::cli

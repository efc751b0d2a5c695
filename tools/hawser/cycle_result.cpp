#include "tools/hawser/cycle_result.h"

#include "tools/hawser/face_json.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/state_words.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

void tell_waiting(Output& output, const Status& status)
{
    const auto sentences = waiting_sentences(status, system_clock()->now());
    for (const std::string& sentence : sentences)
        output.sentence(sentence, needs_person(status) ? Style::warning : Style::plain);
    if (sentences.empty()) output.sentence("Nothing waits.");
}

} // namespace

Result<ExitCode> tell_cycle(const Invocation& invocation, const Replica& replica, const CycleReport& report)
{
    const auto status = Synchronizer::status(replica);
    if (!status) return status.error();
    Output output(invocation);
    output.json({{"cycle", json_of(report)}, {"status", json_of(*status)}});
    output.sentence(cycle_sentence(report), Style::good);
    tell_waiting(output, *status);
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
    tell_waiting(output, *status);
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

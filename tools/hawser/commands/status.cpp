#include "tools/hawser/commands/commands.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/output.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/remedies.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

struct StatusOptions {};

Grid table_grid(const Status& status)
{
    Grid grid{{{"table"},
               {"records", Align::right},
               {"pulled by"},
               {"as of"},
               {"why", Align::left, Keep::if_it_fits}}};
    grid.none = "No table is chosen.";
    for (const TableStatus& table : status.tables)
        grid.rows.push_back({{table.table, Cell(grouped(table.records), std::to_string(table.records)),
                              Cell(table.as_of ? std::string(word_of(table.mode)) : "not yet",
                                   std::string(word_of(table.mode))),
                              table.as_of ? local_time_text(*table.as_of) : std::string("never"),
                              table.missing.empty() ? table.reason : table.missing}});
    return grid;
}

Grid waiting_grid(const Replica& replica, const Status& status)
{
    RecordNames names(replica);
    Grid grid{
        {{"change", Align::right}, {"record"}, {"waits because", Align::left, Keep::always, Long::wrap}}};
    for (const Waiting& waiting : status.waiting)
        grid.rows.push_back({{std::to_string(waiting.change),
                              names.name_of(waiting.record, waiting.record_name), waiting.reason}});
    return grid;
}

void tell_cycle_and_error(Output& output, const Status& status, Instant now)
{
    if (status.last_cycle)
        output.text(fmt::format("Last cycle: {} ({}) {}", local_time_text(status.last_cycle->finished),
                                relative_text(status.last_cycle->finished, now),
                                cycle_sentence(*status.last_cycle)));
    else
        output.text("It has not been synchronized yet. Next: hawser sync");
    const bool told = status.last_error &&
                      (status.last_error->message == status.state_reason ||
                       (status.last_cycle && status.last_error->message == status.last_cycle->outcome));
    if (status.last_error && !told)
        output.text("Last trouble: " + without_stop(status.last_error->message) + ".", Style::warning);
    if (!status.engine.empty()) output.text("Synchronizing now: " + status.engine);
}

Result<ExitCode> run_status(Invocation& invocation, const StatusOptions&)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    const auto status = Synchronizer::status(*replica);
    if (!status) return status.error();
    const Instant now = system_clock()->now();
    Output output(invocation);
    output.json(json_of(*status));
    if (output.form() != Form::json) {
        output.text(connection_sentence(*status, now) + ".", Style::strong);
        tell_cycle_and_error(output, *status, now);
        const auto sentences = waiting_sentences(*status, now);
        for (const std::string& sentence : sentences)
            output.text(sentence, needs_person(*status) ? Style::warning : Style::plain);
        if (sentences.empty()) output.text("Nothing waits.");
        const auto remedies = remedy_sentences(*replica);
        if (!remedies) return remedies.error();
        for (const std::string& sentence : *remedies) output.text(sentence);
        output.text("");
        output.grid(table_grid(*status));
        if (!status->waiting.empty()) {
            output.text("");
            output.grid(waiting_grid(*replica, *status));
        }
    }
    return needs_person(*status) ? ExitCode::needs_person : ExitCode::done;
}

} // namespace

void add_status(Command app, Invocation& invocation)
{
    Command command = app.command("status", "What is here, what waits and why, and when it is tried next.",
                                  "hawser status\nhawser --json status");
    command.group(group::synchronize);
    command.runs(invocation, std::make_shared<StatusOptions>(), run_status);
}

} // namespace hawser::cli

#include "tools/hawser/commands/commands.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/output.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

struct LogOptions {
    std::string table;
    std::string id;
    std::int64_t cycle = 0;
    bool since_offline = false;
    std::size_t limit = 20;
};

Grid decision_grid(const Replica& replica, const std::vector<Decision>& decisions, std::string none)
{
    Grid grid{{{"when"},
               {"record"},
               {"what and why", Align::left, Keep::always, Long::wrap},
               {"rule", Align::left, Keep::if_it_fits}}};
    grid.none = std::move(none);
    RecordNames names(replica);
    for (const Decision& decision : decisions)
        grid.rows.push_back(
            {{local_time_text(decision.at),
              decision.record.table.empty() ? std::string()
                                            : names.name_of(decision.record, decision.record_name),
              decision.sentence, Cell(decision.rule, Style::faint)},
             json_of(decision)});
    return grid;
}

Result<ExitCode> record_log(Output& output, const Replica& replica, const LogOptions& options)
{
    const auto table = find_table(replica, options.table);
    if (!table) return table.error();
    const auto key = find_record(replica, *table, options.id);
    if (!key) return key.error();
    const auto lines = replica.history(*key);
    if (!lines) return lines.error();
    const auto why = replica.why(*key);
    if (!why) return why.error();
    Grid grid{{{"when"}, {"what"}, {"sentence", Align::left, Keep::always, Long::wrap}}};
    grid.none = "Nothing has happened to it here; it is as the organization sent it.";
    for (const HistoryLine& line : *lines)
        grid.rows.push_back(
            {{local_time_text(line.at), line.what, line.sentence},
             {{"at", json_of(std::optional(line.at))}, {"what", line.what}, {"sentence", line.sentence}}});
    output.grid(grid);
    output.sentence(fmt::format("Now: {}.", without_stop(*why)), Style::faint);
    return ExitCode::done;
}

/// Those of the same that changed nothing are kept as one, so that its number may be an earlier one.
Result<CycleReport> find_cycle(const Replica& replica, std::int64_t cycle)
{
    constexpr std::size_t kept_most = 100'000;
    const auto latest = replica.cycles(1);
    if (!latest) return latest.error();
    if (latest->empty() || cycle > latest->front().number)
        return usage_error(fmt::format("there has been no cycle {}; hawser log lists them", cycle));
    const auto cycles = replica.cycles(kept_most);
    if (!cycles) return cycles.error();
    for (const CycleReport& report : *cycles)
        if (report.number <= cycle) return report;
    return usage_error(fmt::format("cycle {} is kept no more; hawser log lists those that are", cycle));
}

Result<ExitCode> cycle_log(Output& output, const Replica& replica, std::int64_t cycle)
{
    const auto report = find_cycle(replica, cycle);
    if (!report) return report.error();
    const auto effects = replica.effects(cycle);
    if (!effects) return effects.error();
    const auto decisions = replica.decisions(cycle);
    if (!decisions) return decisions.error();
    if (output.form() == Form::json) {
        boost::json::array moved, decided;
        for (const Effect& effect : *effects) {
            boost::json::object object = json_of(effect.record, effect.record_name);
            object["what"] = effect.what;
            moved.push_back(std::move(object));
        }
        for (const Decision& decision : *decisions) decided.push_back(json_of(decision));
        output.json({{"cycle", cycle},
                     {"report", json_of(*report)},
                     {"effects", std::move(moved)},
                     {"decisions", std::move(decided)}});
        return ExitCode::done;
    }
    output.sentence(fmt::format("Cycle {}, {}: {}", report->number, local_time_text(report->finished),
                                cycle_sentence(*report)));
    Grid grid{{{"what"}, {"table"}, {"id"}, {"record"}}};
    grid.none = "The cycle moved no record.";
    RecordNames names(replica);
    for (const Effect& effect : *effects)
        grid.rows.push_back({{effect.what, effect.record.table,
                              Cell(short_id(effect.record.id), effect.record.id.text(), Style::faint),
                              names.name_of(effect.record, effect.record_name)}});
    output.grid(grid);
    output.text("");
    output.grid(decision_grid(replica, *decisions, "It had nothing to decide."));
    return ExitCode::done;
}

Result<ExitCode> since_offline_log(Output& output, const Replica& replica)
{
    const auto status = Synchronizer::status(replica);
    if (!status) return status.error();
    if (!status->offline_since) {
        output.sentence("This replica has not been offline yet.");
        output.json(boost::json::array{});
        return ExitCode::done;
    }
    const auto decisions = replica.decisions_since(*status->offline_since);
    if (!decisions) return decisions.error();
    output.grid(decision_grid(
        replica, *decisions,
        fmt::format("Nothing had to be decided since {}.", local_time_text(*status->offline_since))));
    return ExitCode::done;
}

Result<ExitCode> cycles_log(Output& output, const Replica& replica, std::size_t limit)
{
    const auto cycles = replica.cycles(limit);
    if (!cycles) return cycles.error();
    Grid grid{{{"cycle", Align::right}, {"when"}, {"what it did", Align::left, Keep::always, Long::wrap}}};
    grid.none = "There has been no cycle yet. Next: hawser sync";
    for (const CycleReport& report : *cycles) {
        std::string sentence = cycle_sentence(report);
        if (report.idle_repeats > 0) sentence += fmt::format(" The same {} times more.", report.idle_repeats);
        grid.rows.push_back(
            {{std::to_string(report.number), local_time_text(report.finished), sentence}, json_of(report)});
    }
    output.grid(grid);
    return ExitCode::done;
}

Result<ExitCode> run_log(Invocation& invocation, const LogOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    Output output(invocation);
    if (!options.table.empty() && options.id.empty())
        return usage_error("say which record: hawser log TABLE ID");
    if (!options.table.empty()) return record_log(output, *replica, options);
    if (options.cycle > 0) return cycle_log(output, *replica, options.cycle);
    if (options.since_offline) return since_offline_log(output, *replica);
    return cycles_log(output, *replica, options.limit);
}

} // namespace

void add_log(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<LogOptions>();
    Command command = app.command("log", "What each cycle did, or what happened to one record, and why.",
                                  "hawser log\n"
                                  "hawser log contact 49516f4a\n"
                                  "hawser log --cycle 12\n"
                                  "hawser log --since-offline    what coming back decided");
    command.group(group::explain);
    Option table = command.option("TABLE", options->table, "The table");
    command.option("ID", options->id, "The id, or its first digits");
    Option cycle = command.option("--cycle", options->cycle, "What this cycle did, by name")
                       .type_name("N")
                       .excludes(table);
    command
        .flag("--since-offline", options->since_offline, "Every decision since the last stay offline began")
        .excludes(table)
        .excludes(cycle);
    command.option("--limit", options->limit, "How many cycles (20)").between(1, 10'000);
    command.runs(invocation, options, run_log);
}

} // namespace hawser::cli

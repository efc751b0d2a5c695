#include "hawser/typed.h"
#include "tools/hawser/commands/commands.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/output.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/session.h"
#include "tools/hawser/value_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace hawser::cli {

namespace {

struct DiffOptions {
    std::string table;
    std::string id;
};

Value value_in(const std::optional<Fields>& fields, const std::string& column)
{
    if (!fields) return {};
    const auto found = fields->find(column);
    return found == fields->end() ? Value{} : found->second;
}

Result<ExitCode> run_diff(Invocation& invocation, const DiffOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    const auto table = find_table(*replica, options.table);
    if (!table) return table.error();
    const auto key = find_record(*replica, *table, options.id);
    if (!key) return key.error();
    const auto compared = replica->compare(*key);
    if (!compared) return compared.error();

    const Fields changed = difference(compared->base.value_or(Fields{}), compared->mine.value_or(Fields{}));
    Grid grid{{{"column"}, {"server had"}, {"here"}}};
    grid.none = "Nothing differs from the server's last known copy.";
    RecordNames names(*replica);
    const NameOf name_of = [&](const Lookup& lookup) { return names.name_of(lookup); };
    for (const auto& [name, ignored] : changed) {
        const Column* column = table->column(name);
        const Value before = value_in(compared->base, name), after = value_in(compared->mine, name);
        grid.rows.push_back(
            {{name, Cell(people_text(column, before, name_of), exact_text(before, name_of), Style::warning),
              Cell(people_text(column, after, name_of), exact_text(after, name_of), Style::good)},
             {{"column", name}, {"base", json_of(before)}, {"mine", json_of(after)}}});
    }
    Output output(invocation);
    if (!compared->base) output.sentence("The server does not have this record yet.");
    if (!compared->mine) output.sentence("The record is deleted here.");
    output.grid(grid);
    const auto conflicts = replica->conflicts();
    if (!conflicts) return conflicts.error();
    const auto open = std::ranges::find(*conflicts, *key, &Conflict::record);
    if (open != conflicts->end())
        output.sentence(
            fmt::format("Both sides changed it: conflict {}, which hawser conflicts shows.", open->label),
            Style::warning);
    return ExitCode::done;
}

} // namespace

void add_diff(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<DiffOptions>();
    Command command = app.command("diff", "What is different here from the server's last known copy.",
                                  "hawser diff contact 49516f4a");
    command.group(group::explain);
    command.option("TABLE", options->table, "The table").required();
    command.option("ID", options->id, "The id, or its first digits").required();
    command.runs(invocation, options, run_diff);
}

} // namespace hawser::cli

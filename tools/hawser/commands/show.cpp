#include "tools/hawser/commands/commands.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/output.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/remedies.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/value_text.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

struct ShowOptions {
    std::string table;
    std::string id;
};

Result<ExitCode> run_show(Invocation& invocation, const ShowOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    const auto table = find_table(*replica, options.table);
    if (!table) return table.error();
    const auto key = find_record(*replica, *table, options.id);
    if (!key) return key.error();
    const auto record = replica->get(*key);
    if (!record) return with_remedy(*replica, record.error(), *key);
    const auto why = replica->why(*key);
    if (!why) return why.error();

    RecordNames names(*replica);
    const NameOf name_of = [&](const Lookup& lookup) { return names.name_of(lookup); };
    Output output(invocation);
    output.json({{"table", key->table},
                 {"id", key->id.text()},
                 {"etag", record->etag},
                 {"state", word_of(record->badge)},
                 {"why", *why},
                 {"partial", record->partial},
                 {"columns", json_of(record->columns)}});
    std::vector<Pair> pairs{{table->primary_id, key->id.text()}};
    for (const Column& column : table->columns) {
        const auto found = record->columns.find(column.name);
        if (found == record->columns.end()) continue;
        pairs.push_back({column.name, Cell(people_text(&column, found->second, name_of),
                                           exact_text(found->second, name_of))});
    }
    output.pairs(pairs);
    output.sentence(fmt::format("{}.", without_stop(*why)), Style::faint);
    const auto remedies = remedy_sentences(*replica, *key);
    if (!remedies) return remedies.error();
    for (const std::string& sentence : *remedies) output.sentence(sentence);
    return ExitCode::done;
}

} // namespace

void add_show(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<ShowOptions>();
    Command command = app.command("show", "Show one record, and why it is as it is.",
                                  "hawser show contact 49516f4a\nhawser --json show contact 49516f4a");
    command.group(group::records);
    command.option("TABLE", options->table, "The table").required();
    command.option("ID", options->id, "The id, or its first digits").required();
    command.runs(invocation, options, run_show);
}

} // namespace hawser::cli

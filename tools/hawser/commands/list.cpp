#include "tools/hawser/commands/commands.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/output.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/value_text.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace hawser::cli {

namespace {

struct ListOptions {
    std::string table;
    std::string where;
    std::vector<std::string> columns;
    std::vector<std::string> sort;
    std::size_t limit = 50;
    std::size_t offset = 0;
};

/// What people want to see of a table they said nothing about: its name and a few telling columns.
std::vector<std::string> usual_columns(const Table& table)
{
    std::vector<std::string> columns;
    if (!table.primary_name.empty()) columns.push_back(table.primary_name);
    for (const char* name : {"emailaddress1", "telephone1", "parentcustomerid", "regardingobjectid",
                             "scheduledstart", "scheduledend", "sender", "senton", "statuscode"})
        if (table.column(name) && columns.size() < 5) columns.push_back(name);
    return columns;
}

Result<void> check_columns(const Table& table, const std::vector<std::string>& columns)
{
    std::vector<std::string> known{table.primary_id};
    for (const Column& column : table.columns) known.push_back(column.name);
    for (const std::string& name : columns)
        if (std::ranges::find(known, name) == known.end())
            return usage_error(
                fmt::format("table {} has no column \"{}\".{}", table.name, name, did_you_mean(name, known)));
    return {};
}

std::vector<Query::Order> sort_of(const std::vector<std::string>& words)
{
    std::vector<Query::Order> sort;
    for (const std::string& word : words) {
        const bool descending = word.starts_with('-');
        sort.push_back({word.substr(descending ? 1 : 0), descending});
    }
    return sort;
}

Result<Query> query_of(const Table& table, const ListOptions& options)
{
    Query query;
    query.table = table.name;
    query.where = options.where;
    query.columns = options.columns.empty() ? usual_columns(table) : options.columns;
    query.sort = sort_of(options.sort);
    query.limit = options.limit;
    query.offset = options.offset;
    if (auto fine = check_columns(table, query.columns); !fine) return fine.error();
    std::vector<std::string> sorted;
    for (const Query::Order& order : query.sort) sorted.push_back(order.column);
    if (auto fine = check_columns(table, sorted); !fine) return fine.error();
    return query;
}

/// With every column, where the query asked for some.
Record whole(const Replica& replica, const Record& record)
{
    auto found = replica.get(record.key);
    return found ? *std::move(found) : record;
}

Grid grid_of(const Replica& replica, const Table& table, const Query& query,
             const std::vector<Record>& records)
{
    Grid grid{{{"id"}}};
    for (const std::string& column : query.columns) grid.headings.push_back({column});
    grid.headings.push_back({"state", Align::left, Keep::if_it_fits});
    grid.none = query.where.empty() ? fmt::format("There is no {} here.", table.name)
                                    : fmt::format("No {} meets the condition.", table.name);
    RecordNames names(replica);
    const NameOf name_of = [&](const Lookup& lookup) { return names.name_of(lookup); };
    for (const Record& record : records) {
        Row row;
        row.cells.push_back(Cell(short_id(record.key.id), record.key.id.text(), Style::faint));
        for (const std::string& name : query.columns) {
            const auto found = record.columns.find(name);
            const Value value = found == record.columns.end() ? Value{} : found->second;
            const bool unnamed = name == table.primary_name && is_null(value);
            row.cells.push_back(Cell(unnamed ? name_in(table, whole(replica, record).columns)
                                             : people_text(table.column(name), value, name_of),
                                     exact_text(value, name_of)));
        }
        row.cells.push_back(badge_cell(record.badge));
        boost::json::object object{{"id", record.key.id.text()},
                                   {"etag", record.etag},
                                   {"state", word_of(record.badge)},
                                   {"columns", json_of(record.columns)}};
        row.json = std::move(object);
        grid.rows.push_back(std::move(row));
    }
    return grid;
}

Result<ExitCode> run_list(Invocation& invocation, const ListOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    const auto table = find_table(*replica, options.table);
    if (!table) return table.error();
    const auto query = query_of(*table, options);
    if (!query) return query.error();
    const auto records = replica->query(*query);
    if (!records) return records.error();
    Output output(invocation);
    output.grid(grid_of(*replica, *table, *query, *records));
    if (records->size() == query->limit) {
        const auto all = replica->count(table->name, query->where);
        if (!all) return all.error();
        if (*all > query->offset + records->size())
            remark(invocation, fmt::format("{} of {}; --limit and --offset show more",
                                           grouped(records->size()), grouped(*all)));
    }
    return ExitCode::done;
}

} // namespace

void add_list(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<ListOptions>();
    Command command = app.command(
        "list", "List records, from this disk.",
        "hawser list contact --where \"startswith(lastname,'A') and statecode eq 0\" --sort lastname\n"
        "hawser list appointment --columns subject,scheduledstart --sort -scheduledstart --limit 10");
    command.group(group::records);
    command.option("TABLE", options->table, "The table").required();
    command.option("--where", options->where, "A condition in the organization's filter language")
        .type_name("FILTER")
        .not_empty();
    command.option("--columns", options->columns, "Which columns to show")
        .separated_by_commas()
        .type_name("NAMES");
    command.option("--sort", options->sort, "Columns to sort by; -NAME for descending")
        .separated_by_commas()
        .type_name("NAMES");
    command.option("--limit", options->limit, "How many at most (50)").between(1, 100'000);
    command.option("--offset", options->offset, "How many to pass over first")
        .between(0, std::numeric_limits<std::int64_t>::max());
    command.runs(invocation, options, run_list);
}

} // namespace hawser::cli

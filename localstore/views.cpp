#include "localstore/views.h"

#include "localstore/record_row.h"

#include <set>

namespace hawser::localstore {
namespace {

/// json_each has an id of its own, so ours is named in full.
constexpr std::string_view id_expression =
    "lower(substr(hex(hawser_record.id), 1, 8) || '-' || substr(hex(hawser_record.id), 9, 4) || '-' || "
    "substr(hex(hawser_record.id), 13, 4) || '-' || substr(hex(hawser_record.id), 17, 4) || '-' || "
    "substr(hex(hawser_record.id), 21))";

std::string in_quotes(std::string_view name)
{
    return '"' + std::string(name) + '"';
}

std::string shown(const KnownTable& known)
{
    return "table_number = " + std::to_string(known.number) + " AND flags & " + std::to_string(flag::hidden) +
           " = 0";
}

std::string table_view(const KnownTable& known)
{
    // A column that is already there keeps its name; a lookup's second name gives way to it.
    std::set<std::string, std::less<>> names(known.layout.columns.begin(), known.layout.columns.end());
    names.insert(known.table.primary_id);
    std::string sql = "CREATE VIEW " + in_quotes(known.table.name) + " AS SELECT " +
                      std::string(id_expression) + " AS " + in_quotes(known.table.primary_id);
    for (std::size_t position = 0; position < known.layout.columns.size(); ++position) {
        const std::string& name = known.layout.columns[position];
        const Column* column = known.table.column(name);
        if (column == nullptr || column->type != ColumnType::lookup) {
            sql += ", " + column_expression(position) + " AS " + in_quotes(name);
            continue;
        }
        sql += ", " + lookup_expression(position, 1) + " AS " + in_quotes(name);
        if (names.insert(name + "type").second)
            sql += ", " + lookup_expression(position, 0) + " AS " + in_quotes(name + "type");
    }
    return sql + " FROM hawser_record WHERE " + shown(known);
}

std::string party_select(const KnownTable& known, std::size_t position)
{
    const std::string member = "member.value";
    const std::string key = "json_extract(" + member + ", '$[0]')";
    const std::string is_record = key + " NOT LIKE 'address:%'";
    return "SELECT " + std::string(id_expression) + " AS activityid, '" + known.table.name +
           "' AS activitytable, '" + known.layout.columns[position] + "' AS columnname, CASE WHEN " +
           is_record + " THEN substr(" + key + ", instr(" + key + ", ':') + 1) END AS partyid, CASE WHEN " +
           is_record + " THEN substr(" + key + ", 1, instr(" + key +
           ", ':') - 1) END AS partytable, nullif(json_extract(" + member +
           ", '$[1].address'), '') AS address, role.value AS participationtypemask FROM hawser_record, "
           "json_each(body, '$[" +
           std::to_string(position) + "]') AS member, json_each(" + member +
           ", '$[1].roles') AS role WHERE " + shown(known);
}

} // namespace

std::string column_expression(std::size_t position)
{
    return "json_extract(body, '$[" + std::to_string(position) + "]')";
}

std::string lookup_expression(std::size_t position, std::size_t part)
{
    return "json_extract(body, '$[" + std::to_string(position) + "][" + std::to_string(part) + "]')";
}

std::map<std::string, std::string> view_statements(const TableSet& tables)
{
    std::map<std::string, std::string> statements;
    std::string parties;
    for (const auto& [number, known] : tables.by_number) {
        statements[known->table.name] = table_view(*known);
        for (std::size_t position = 0; position < known->layout.columns.size(); ++position) {
            const Column* column = known->table.column(known->layout.columns[position]);
            if (column == nullptr || column->type != ColumnType::parties) continue;
            parties += (parties.empty() ? "" : " UNION ALL ") + party_select(*known, position);
        }
    }
    if (!parties.empty())
        statements[std::string(party_view)] = "CREATE VIEW " + in_quotes(party_view) + " AS " + parties;
    return statements;
}

void make_views(Database& database, const TableSet& tables)
{
    std::map<std::string, std::string> present;
    {
        Statement views = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'view'");
        while (views.step()) present[views.string(0)] = views.string(1);
    }
    for (const auto& [name, statement] : view_statements(tables)) {
        const auto found = present.find(name);
        if (found != present.end() && found->second == statement) continue;
        if (found != present.end()) database.execute("DROP VIEW " + in_quotes(name));
        database.execute(statement);
    }
}

} // namespace hawser::localstore

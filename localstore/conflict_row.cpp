#include "localstore/conflict_row.h"

#include "localstore/fence.h"
#include "localstore/fields_json.h"
#include "localstore/numbers.h"

namespace hawser::localstore {
namespace {

#define HAWSER_CONFLICT_COLUMNS                                                                              \
    "number, table_number, id, reason, sentence, cycle, opened_at, closed_at, resolution, closed_by, "       \
    "resolution_change, revision"

std::string encode_side(const std::string& column, const Value& value)
{
    return encode_fields(Fields{{column, value}});
}

Value decode_side(std::string_view text)
{
    Fields fields = need(decode_fields(text));
    return fields.empty() ? Value{} : std::move(fields.begin()->second);
}

std::vector<ConflictColumn> read_columns(Database& database, ConflictNumber number, bool closed_too)
{
    Statement rows =
        database.prepare("SELECT name, side_base, mine, theirs FROM hawser_conflict_column WHERE "
                         "conflict = ?1 AND (?2 OR resolution = '') ORDER BY name");
    rows.with(number.value, closed_too);
    std::vector<ConflictColumn> columns;
    while (rows.step())
        columns.push_back({rows.string(0), decode_side(rows.text(1)), decode_side(rows.text(2)),
                           decode_side(rows.text(3))});
    return columns;
}

Conflict read(Database& database, const Statement& row, std::string_view table)
{
    Conflict conflict;
    conflict.number.value = row.integer(0);
    conflict.key = {std::string(table), row.guid(2)};
    conflict.reason = parse_conflict_reason(row.text(3)).value_or(ConflictReason::other);
    conflict.sentence = row.string(4);
    conflict.cycle.value = row.integer(5);
    conflict.opened_at = row.instant(6);
    conflict.closed_at = row.optional_instant(7);
    conflict.resolution = row.string(8);
    conflict.closed_by = row.string(9);
    if (!row.is_null(10)) conflict.resolution_change = Sequence{row.integer(10)};
    conflict.revision = row.integer(11);
    conflict.columns = read_columns(database, conflict.number, !conflict.open());
    return conflict;
}

} // namespace

std::string Conflict::label() const
{
    const std::string name = std::to_string(number.value);
    return revision == 1 ? name : name + "." + std::to_string(revision);
}

std::optional<Conflict> open_conflict(Database& database, const KnownTable& table, const Guid& id)
{
    Statement row = database.prepare("SELECT " HAWSER_CONFLICT_COLUMNS
                                     " FROM hawser_conflict INDEXED BY hawser_conflict_record WHERE id = ?1 "
                                     "AND table_number = ?2 AND closed_at IS NULL");
    if (!row.with(id, table.number).step()) return std::nullopt;
    return read(database, row, table.table.name);
}

std::optional<Conflict> find_conflict(Database& database, const TableSet& tables, ConflictNumber number)
{
    Statement row =
        database.prepare("SELECT " HAWSER_CONFLICT_COLUMNS " FROM hawser_conflict WHERE number = ?1");
    if (!row.with(number.value).step()) return std::nullopt;
    return read(database, row, tables.numbered(row.integer(1)).table.name);
}

std::vector<Conflict> list_conflicts(Database& database, const TableSet& tables, const ConflictFilter& filter)
{
    std::string sql = "SELECT " HAWSER_CONFLICT_COLUMNS " FROM hawser_conflict WHERE number > ?1";
    if (!filter.closed_too) sql += " AND closed_at IS NULL";
    std::int64_t table = 0;
    if (!filter.table.empty()) {
        table = need(tables.named(filter.table))->number;
        sql += " AND table_number = ?2";
    }
    if (filter.id) sql += " AND id = ?3";
    sql += " ORDER BY number LIMIT ?4";
    Statement rows = database.prepare_built(sql);
    rows.bind(1, filter.after.value);
    if (table != 0) rows.bind(2, table);
    if (filter.id) rows.bind(3, *filter.id);
    rows.bind(4, static_cast<std::int64_t>(filter.limit));
    std::vector<Conflict> conflicts;
    while (rows.step())
        conflicts.push_back(read(database, rows, tables.numbered(rows.integer(1)).table.name));
    return conflicts;
}

void add_conflict(Database& database, const KnownTable& table, Conflict& conflict)
{
    conflict.number.value = next_number(database, Numbered::conflict);
    database
        .prepare("INSERT INTO hawser_conflict (table_number, id, reason, sentence, cycle, opened_at, "
                 "closed_at, resolution, closed_by, resolution_change, revision, number) VALUES (?1, ?2, ?3, "
                 "?4, ?5, ?6, NULL, '', '', NULL, ?7, ?8)")
        .with(table.number, conflict.key.id, to_text(conflict.reason), conflict.sentence,
              conflict.cycle.value, conflict.opened_at, conflict.revision, conflict.number.value)
        .run();
    for (const ConflictColumn& column : conflict.columns) save_column(database, conflict.number, column);
}

void save_column(Database& database, ConflictNumber number, const ConflictColumn& column)
{
    database
        .prepare("INSERT INTO hawser_conflict_column (conflict, name, side_base, mine, theirs, resolution) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, '') ON CONFLICT DO UPDATE SET side_base = excluded.side_base, "
                 "mine = excluded.mine, theirs = excluded.theirs, resolution = ''")
        .with(number.value, column.column, encode_side(column.column, column.base),
              encode_side(column.column, column.mine), encode_side(column.column, column.theirs))
        .run();
}

void revise_conflict(Database& database, Conflict& conflict)
{
    database.prepare("UPDATE hawser_conflict SET revision = ?2 WHERE number = ?1")
        .with(conflict.number.value, ++conflict.revision)
        .run();
}

void close_column(Database& database, ConflictNumber number, std::string_view column,
                  std::string_view resolution)
{
    database.prepare("UPDATE hawser_conflict_column SET resolution = ?3 WHERE conflict = ?1 AND name = ?2")
        .with(number.value, column, resolution)
        .run();
}

void close_conflict(Database& database, const Conflict& conflict)
{
    database
        .prepare("UPDATE hawser_conflict_column SET resolution = ?2 WHERE conflict = ?1 AND resolution = ''")
        .with(conflict.number.value, conflict.resolution)
        .run();
    std::optional<std::int64_t> change;
    if (conflict.resolution_change) change = conflict.resolution_change->value;
    database
        .prepare("UPDATE hawser_conflict SET closed_at = ?2, resolution = ?3, closed_by = ?4, "
                 "resolution_change = ?5 WHERE number = ?1")
        .with(conflict.number.value, conflict.closed_at, conflict.resolution, conflict.closed_by, change)
        .run();
}

#undef HAWSER_CONFLICT_COLUMNS

} // namespace hawser::localstore

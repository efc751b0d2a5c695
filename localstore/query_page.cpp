#include "localstore/fence.h"
#include "localstore/query_sql.h"
#include "localstore/record_row.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace hawser::localstore {
namespace {

constexpr std::size_t most_sort_keys = 8;
constexpr std::size_t most_rows = 100'000;

std::string shown(const KnownTable& table)
{
    // The table's number stands in the text: an index of one table is found by it.
    return "table_number = " + std::to_string(table.number) + " AND flags & " + std::to_string(flag::hidden) +
           " = 0";
}

std::string from(const std::string& index)
{
    return " FROM hawser_record" + (index.empty() ? "" : " INDEXED BY \"" + index + '"');
}

struct Key {
    std::string expression;
    bool descending = false;
};

/// One value of a cursor: a letter for its type, its length, its bytes.
void write_value(std::string& cursor, char type, std::string_view bytes)
{
    cursor += type;
    cursor += std::to_string(bytes.size());
    cursor += ':';
    cursor += bytes;
}

struct Cursor {
    std::vector<Bound> values;
    std::int64_t record = 0;
};

std::optional<Bound> read_value(std::string_view& rest)
{
    if (rest.empty()) return std::nullopt;
    const char type = rest.front();
    rest.remove_prefix(1);
    std::size_t size = 0;
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (failed != std::errc{} || rest.empty() || rest.front() != ':' || size > rest.size() - 1)
        return std::nullopt;
    const std::string_view bytes = rest.substr(1, size);
    rest.remove_prefix(size + 1);
    if (type == 'n') return Bound{};
    if (type == 't') return Bound{std::string(bytes)};
    if (type == 'b') {
        const auto id = Guid::parse(bytes);
        return id ? std::optional<Bound>(*id) : std::nullopt;
    }
    if (type == 'i') {
        std::int64_t number = 0;
        const auto read = std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
        if (read.ec == std::errc{}) return Bound{number};
    }
    if (type == 'r') {
        double number = 0;
        const auto read = std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
        if (read.ec == std::errc{}) return Bound{number};
    }
    return std::nullopt;
}

std::optional<Cursor> read_cursor(std::string_view text, std::size_t keys)
{
    Cursor cursor;
    for (std::size_t i = 0; i < keys; ++i) {
        auto value = read_value(text);
        if (!value) return std::nullopt;
        cursor.values.push_back(std::move(*value));
    }
    const auto record = read_value(text);
    if (!record || !std::holds_alternative<std::int64_t>(*record) || !text.empty()) return std::nullopt;
    cursor.record = std::get<std::int64_t>(*record);
    return cursor;
}

bool null(const Bound& value)
{
    return std::holds_alternative<std::monostate>(value);
}

/// "Comes after `value`" for one key; nulls come before everything else.
SqlText beyond(const Key& key, const Bound& value)
{
    SqlText sql;
    if (null(value)) {
        sql.text = key.descending ? "0" : key.expression + " IS NOT NULL";
        return sql;
    }
    sql.text = "(" + key.expression + (key.descending ? " < " : " > ");
    sql.bind(value);
    if (key.descending) sql.text += " OR " + key.expression + " IS NULL";
    sql.text += ")";
    return sql;
}

/// Rows after the cursor: the first key is beyond, or it is equal and the next is beyond, and so on
/// down to the row's number.
SqlText after_cursor(const std::vector<Key>& keys, const Cursor& cursor, bool last_descending)
{
    SqlText sql;
    if (!keys.empty() && !null(cursor.values[0]) && !keys[0].descending) {
        // Lets an index on the first key begin at the right place.
        sql.text = keys[0].expression + " >= ";
        sql.bind(cursor.values[0]);
        sql.text += " AND ";
    }
    sql.text += "(";
    for (std::size_t i = 0; i < keys.size(); ++i) {
        sql.append(beyond(keys[i], cursor.values[i]));
        sql.text += " OR (" + keys[i].expression + " IS ";
        sql.bind(cursor.values[i]);
        sql.text += " AND (";
    }
    sql.text += last_descending ? "record < " : "record > ";
    sql.bind(cursor.record);
    for (std::size_t i = 0; i < keys.size(); ++i) sql.text += "))";
    sql.text += ")";
    return sql;
}

Error bad_query(std::string what)
{
    return refusal(code::bad_query, std::move(what));
}

} // namespace

std::string index_name(const KnownTable& table, std::string_view column)
{
    return "hawser_by_" + std::to_string(table.number) + "_" + std::string(column);
}

std::string best_index(Database& database, const KnownTable& table, const std::optional<Filter>& filter,
                       const std::vector<SortKey>& sort)
{
    std::vector<std::string> candidates;
    if (filter) {
        const auto fixes = [&](const Filter& part) {
            if (part.kind != Filter::Kind::comparison || part.comparison != Filter::Operator::eq) return;
            const auto expression = sort_expression(table, part.column);
            const auto compared = condition(table, part);
            if (expression && compared && compared->text == "(" + *expression + " = ?)")
                candidates.push_back(index_name(table, part.column));
        };
        fixes(*filter);
        if (filter->kind == Filter::Kind::all)
            std::for_each(filter->parts.begin(), filter->parts.end(), fixes);
    }
    if (!sort.empty()) candidates.push_back(index_name(table, sort.front().column));
    Statement present = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1");
    for (const std::string& name : candidates) {
        if (present.with(name).step()) return name;
        present.reset();
    }
    return {};
}

Result<SqlText> page_statement(const KnownTable& table, const Query& query, const std::string& index)
{
    if (query.limit == 0 || query.limit > most_rows)
        return bad_query("A page has 1 to " + std::to_string(most_rows) + " records.");
    if (query.sort.size() > most_sort_keys)
        return bad_query("At most " + std::to_string(most_sort_keys) + " columns can be sorted by.");
    std::vector<Key> keys;
    for (const SortKey& key : query.sort) {
        auto expression = sort_expression(table, key.column);
        if (!expression) return expression.error();
        keys.push_back({std::move(*expression), key.direction == Direction::descending});
    }
    SqlText sql{"SELECT record, id, etag, body, flags, cycle", {}};
    for (const Key& key : keys) sql.text += ", " + key.expression;
    sql.text += from(index) + " WHERE " + shown(table);
    if (query.filter) {
        auto where = condition(table, *query.filter);
        if (!where) return where;
        sql.text += " AND ";
        sql.append(*where);
    }
    // The row's number runs with the last key, so that an index gives the whole order.
    const bool last_descending = !keys.empty() && keys.back().descending;
    if (!query.after.empty()) {
        const auto cursor = read_cursor(query.after, keys.size());
        if (!cursor) return bad_query("The place to go on from belongs to another query.");
        sql.text += " AND ";
        sql.append(after_cursor(keys, *cursor, last_descending));
    }
    sql.text += " ORDER BY ";
    for (const Key& key : keys) sql.text += key.expression + (key.descending ? " DESC, " : ", ");
    sql.text += last_descending ? "record DESC LIMIT " : "record LIMIT ";
    sql.bind(static_cast<std::int64_t>(query.limit + 1));
    sql.text += " OFFSET ";
    sql.bind(static_cast<std::int64_t>(query.offset));
    return sql;
}

Result<SqlText> count_statement(const KnownTable& table, const std::optional<Filter>& filter,
                                const std::string& index)
{
    SqlText sql{"SELECT count(*)" + from(index) + " WHERE " + shown(table), {}};
    if (filter) {
        auto where = condition(table, *filter);
        if (!where) return where;
        sql.text += " AND ";
        sql.append(*where);
    }
    return sql;
}

std::string cursor_of(const Statement& row, std::size_t sort_keys)
{
    constexpr int first_key = 6;
    std::string cursor;
    for (std::size_t i = 0; i < sort_keys; ++i) {
        const int column = first_key + static_cast<int>(i);
        switch (sqlite3_column_type(row.handle(), column)) {
        case SQLITE_NULL:
            write_value(cursor, 'n', "");
            break;
        case SQLITE_INTEGER:
            write_value(cursor, 'i', std::to_string(row.integer(column)));
            break;
        case SQLITE_FLOAT: {
            std::array<char, 32> digits{};
            const double number = sqlite3_column_double(row.handle(), column);
            const auto [end, failed] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
            static_cast<void>(failed);
            write_value(cursor, 'r', {digits.data(), end});
            break;
        }
        case SQLITE_BLOB:
            write_value(cursor, 'b', row.guid(column).text());
            break;
        default:
            write_value(cursor, 't', row.text(column));
        }
    }
    write_value(cursor, 'i', std::to_string(row.integer(0)));
    return cursor;
}

void bind_all(Statement& statement, const std::vector<Bound>& values)
{
    int parameter = 0;
    for (const Bound& value : values) {
        ++parameter;
        std::visit(
            [&](const auto& one) {
                if constexpr (std::is_same_v<std::decay_t<decltype(one)>, std::monostate>)
                    statement.bind(parameter, nullptr);
                else
                    statement.bind(parameter, one);
            },
            value);
    }
}

} // namespace hawser::localstore

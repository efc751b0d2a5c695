#include "base/utf8.h"
#include "localstore/fence.h"
#include "localstore/query_sql.h"
#include "localstore/views.h"

#include <algorithm>

namespace hawser::localstore {
namespace {

constexpr int deepest = 256;

/// What a column's values are, as far as comparing goes.
enum class Shape { text, integer, decimal, boolean, lookup, parties, record_id };

struct Place {
    Shape shape = Shape::text;
    std::string expression;
};

Shape shape_of(ColumnType type)
{
    switch (type) {
    case ColumnType::integer:
    case ColumnType::big_integer:
    case ColumnType::choice:
    case ColumnType::state:
    case ColumnType::status:
        return Shape::integer;
    case ColumnType::decimal:
        return Shape::decimal;
    case ColumnType::boolean:
        return Shape::boolean;
    case ColumnType::lookup:
        return Shape::lookup;
    case ColumnType::parties:
        return Shape::parties;
    default:
        return Shape::text;
    }
}

Result<Place> place_of(const KnownTable& table, std::string_view name)
{
    if (name == table.table.primary_id) return Place{Shape::record_id, "id"};
    const Column* column = table.table.column(name);
    const auto position = table.layout.position(name);
    if (column == nullptr || !position)
        return refusal(code::unknown_column,
                       "The table " + table.table.name + " has no column \"" + std::string(name) + "\".");
    const Shape shape = shape_of(column->type);
    return Place{shape,
                 shape == Shape::lookup ? lookup_expression(*position, 1) : column_expression(*position)};
}

std::string_view symbol(Filter::Operator comparison)
{
    switch (comparison) {
    case Filter::Operator::eq:
        return " = ";
    case Filter::Operator::ne:
        return " <> ";
    case Filter::Operator::gt:
        return " > ";
    case Filter::Operator::ge:
        return " >= ";
    case Filter::Operator::lt:
        return " < ";
    case Filter::Operator::le:
        return " <= ";
    }
    return " = ";
}

SqlText never()
{
    return {"0", {}};
}

SqlText compared(std::string left, Filter::Operator comparison, Bound value, std::string_view after = "")
{
    SqlText sql{std::move(left), {}};
    sql.text += symbol(comparison);
    sql.bind(std::move(value));
    sql.text += after;
    return sql;
}

/// hawser_compare(column, value) op 0: exact, whatever the size of the numbers.
SqlText compared_exactly(const Place& place, Filter::Operator comparison, std::string number)
{
    SqlText sql{"hawser_compare(CAST(" + place.expression + " AS TEXT), ", {}};
    sql.bind(std::move(number));
    sql.text += ")";
    sql.text += symbol(comparison);
    sql.text += "0";
    return sql;
}

SqlText compare_number(const Place& place, const Filter& filter)
{
    if (const auto* decimal = std::get_if<Decimal>(&filter.operand))
        return compared_exactly(place, filter.comparison, decimal->text);
    const auto* number = std::get_if<std::int64_t>(&filter.operand);
    if (number == nullptr) return never();
    if (place.shape == Shape::decimal)
        return compared_exactly(place, filter.comparison, std::to_string(*number));
    return compared(place.expression, filter.comparison, *number);
}

SqlText compare(const Place& place, const Filter& filter)
{
    if (is_null(filter.operand)) {
        if (filter.comparison == Filter::Operator::eq) return {place.expression + " IS NULL", {}};
        if (filter.comparison == Filter::Operator::ne) return {place.expression + " IS NOT NULL", {}};
        return never();
    }
    switch (place.shape) {
    case Shape::integer:
    case Shape::decimal:
        return compare_number(place, filter);
    case Shape::boolean:
        if (const auto* truth = std::get_if<bool>(&filter.operand))
            return compared(place.expression, filter.comparison, std::int64_t{*truth ? 1 : 0});
        return never();
    case Shape::lookup:
        if (const auto* lookup = std::get_if<Lookup>(&filter.operand))
            return compared(place.expression, filter.comparison, lookup->id.text());
        return never();
    case Shape::record_id:
        if (const auto* text = std::get_if<std::string>(&filter.operand))
            if (const auto id = Guid::parse(*text)) return compared("id", filter.comparison, *id);
        return never();
    case Shape::text:
        if (const auto* text = std::get_if<std::string>(&filter.operand))
            return compared(place.expression + " COLLATE NOCASE", filter.comparison, *text);
        return never();
    case Shape::parties:
        return never();
    }
    return never();
}

SqlText search(const Place& place, const Filter& filter)
{
    const auto* wanted = std::get_if<std::string>(&filter.operand);
    if (place.shape != Shape::text || wanted == nullptr) return never();
    const std::string part = ascii_lower(*wanted);
    if (part.empty()) return {place.expression + " IS NOT NULL", {}};
    if (filter.kind == Filter::Kind::ends_with) {
        // By bytes, because the number of characters means something else to SQLite than to us.
        SqlText sql{"substr(CAST(lower(" + place.expression + ") AS BLOB), ", {}};
        sql.bind(-static_cast<std::int64_t>(part.size()));
        sql.text += ") = CAST(";
        sql.bind(part);
        sql.text += " AS BLOB)";
        return sql;
    }
    SqlText sql{"instr(lower(" + place.expression + "), ", {}};
    sql.bind(part);
    sql.text += filter.kind == Filter::Kind::starts_with ? ") = 1" : ") > 0";
    return sql;
}

/// Under a negation a comparison with NULL has to be false and not unknown.
enum class Logic { unknown_is_false_anyway, two_valued };

Result<SqlText> build(const KnownTable& table, const Filter& filter, Logic logic, int depth);

Result<SqlText> join(const KnownTable& table, const Filter& filter, Logic logic, int depth)
{
    const bool all = filter.kind == Filter::Kind::all;
    if (filter.parts.empty()) return SqlText{all ? "1" : "0", {}};
    SqlText sql{"(", {}};
    bool first = true;
    for (const Filter& part : filter.parts) {
        auto built = build(table, part, logic, depth + 1);
        if (!built) return built;
        if (!first) sql.text += all ? " AND " : " OR ";
        first = false;
        sql.append(*built);
    }
    sql.text += ")";
    return sql;
}

Result<SqlText> build(const KnownTable& table, const Filter& filter, Logic logic, int depth)
{
    if (depth > deepest)
        return refusal(code::bad_query,
                       "The filter is nested more than " + std::to_string(deepest) + " deep.");
    if (filter.kind == Filter::Kind::all || filter.kind == Filter::Kind::any)
        return join(table, filter, logic, depth);
    if (filter.kind == Filter::Kind::negation) {
        Filter any;
        any.kind = Filter::Kind::any;
        any.parts = filter.parts;
        auto inside = join(table, any, Logic::two_valued, depth);
        if (inside) inside->text = "(NOT " + inside->text + ")";
        return inside;
    }
    auto place = place_of(table, filter.column);
    if (!place) return place.error();
    SqlText leaf = filter.kind == Filter::Kind::comparison ? compare(*place, filter) : search(*place, filter);
    leaf.text = logic == Logic::two_valued ? "ifnull(" + leaf.text + ", 0)" : "(" + leaf.text + ")";
    return leaf;
}

} // namespace

void SqlText::append(const SqlText& other)
{
    text += other.text;
    values.insert(values.end(), other.values.begin(), other.values.end());
}

Result<SqlText> condition(const KnownTable& table, const Filter& filter)
{
    return build(table, filter, Logic::unknown_is_false_anyway, 0);
}

Result<std::string> sort_expression(const KnownTable& table, std::string_view column)
{
    auto place = place_of(table, column);
    if (!place) return place.error();
    switch (place->shape) {
    case Shape::text:
        return place->expression + " COLLATE NOCASE";
    case Shape::decimal:
        return "CAST(" + place->expression + " AS REAL)";
    case Shape::parties:
        return refusal(code::bad_query,
                       "The column " + std::string(column) + " holds a list and cannot be sorted by.");
    default:
        return place->expression;
    }
}

} // namespace hawser::localstore

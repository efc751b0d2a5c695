#include "tools/server/core/condition.h"

#include "base/time_text.h"
#include "tools/server/core/address.h"
#include "tools/server/core/json_text.h"

#include <algorithm>
#include <charconv>

namespace hawser::server {
namespace {

using Type = Comparable::Type;

Comparable number_of(std::string_view text)
{
    Comparable value;
    value.type = Type::number;
    std::from_chars(text.data(), text.data() + text.size(), value.number);
    return value;
}

Comparable text_of(std::string text)
{
    Comparable value;
    value.type = Type::text;
    value.text = std::move(text);
    return value;
}

bool is_numeric(Kind kind)
{
    switch (kind) {
    case Kind::integer:
    case Kind::big_integer:
    case Kind::decimal:
    case Kind::money:
    case Kind::choice:
    case Kind::state:
    case Kind::status:
        return true;
    default:
        return false;
    }
}

Comparable from_guid(const Guid& id)
{
    return id.is_nil() ? Comparable{} : text_of(guid_bytes(id));
}

void add_ids(const Condition& condition, std::vector<Guid>& ids)
{
    for (const Comparable& operand : condition.operands)
        if (operand.text.size() == 16) ids.push_back(guid_of(operand.text));
}

std::optional<std::vector<Guid>> ids_of_any(const Condition& condition, const Column& column)
{
    std::vector<Guid> ids;
    for (const Condition& part : condition.parts) {
        const auto more = only_ids(part, column);
        if (!more) return std::nullopt;
        ids.insert(ids.end(), more->begin(), more->end());
    }
    return ids;
}

void narrow(VersionRange& range, const Condition& condition)
{
    const auto bound = static_cast<std::int64_t>(condition.operands.front().number);
    switch (condition.compare) {
    case Compare::eq:
        range.after = std::max(range.after, bound - 1);
        range.up_to = std::min(range.up_to, bound);
        break;
    case Compare::gt:
        range.after = std::max(range.after, bound);
        break;
    case Compare::ge:
        range.after = std::max(range.after, bound - 1);
        break;
    case Compare::lt:
        range.up_to = std::min(range.up_to, bound - 1);
        break;
    case Compare::le:
        range.up_to = std::min(range.up_to, bound);
        break;
    case Compare::ne:
        return;
    }
    range.bounded = true;
}

} // namespace

Comparable comparable(const Column& column, const Row& row, const Identity& identity)
{
    switch (column.source) {
    case Source::primary_id:
        return from_guid(row.id);
    case Source::row_version: {
        Comparable value;
        value.type = Type::number;
        value.number = static_cast<double>(row.version);
        return value;
    }
    case Source::owning_user:
        return row.owner == identity.team ? Comparable{} : from_guid(row.owner);
    case Source::owning_team:
        return row.owner == identity.team ? from_guid(row.owner) : Comparable{};
    case Source::owning_unit:
        return from_guid(identity.unit);
    case Source::stored:
        break;
    }
    const std::optional<std::string_view> bytes = find_value(row.body, column.ordinal);
    if (!bytes) return {};
    if (is_numeric(column.kind)) return number_of(*bytes);
    switch (column.kind) {
    case Kind::lookup:
        return from_guid(reference_of(*bytes).id);
    case Kind::guid:
        return from_guid(guid_of(*bytes));
    case Kind::boolean:
        return text_of(std::string(*bytes));
    case Kind::date_time:
    case Kind::date:
        return text_of(unquoted(*bytes));
    default:
        return text_of(lower(unquoted(*bytes)));
    }
}

Outcome<Comparable> comparable_operand(const Table& table, const Column& column, std::string_view text)
{
    const auto wrong = [&] {
        return bad_query("The value '" + std::string(text.substr(0, 100)) + "' does not fit the column '" +
                         column.property + "' of the type 'Microsoft.Dynamics.CRM." + table.name + "'.");
    };
    if (is_numeric(column.kind)) {
        double number = 0;
        const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
        if (text.empty() || end.ptr != text.data() + text.size()) return wrong();
        return number_of(text);
    }
    switch (column.kind) {
    case Kind::boolean:
        if (text == "1") return text_of("true");
        if (text == "0") return text_of("false");
        if (text != "true" && text != "false") return wrong();
        return text_of(std::string(text));
    case Kind::lookup:
    case Kind::guid: {
        const std::optional<Guid> id = Guid::parse(text);
        if (!id) return wrong();
        return text_of(guid_bytes(*id));
    }
    case Kind::date_time: {
        const std::optional<Instant> instant = parse_instant(text);
        if (instant) return text_of(to_text(*instant));
        const std::optional<std::string> day = parse_day(text);
        if (!day) return wrong();
        return text_of(*day + "T00:00:00Z");
    }
    case Kind::date: {
        const std::optional<std::string> day = parse_day(text.substr(0, 10));
        if (!day) return wrong();
        return text_of(*day);
    }
    default:
        return text_of(lower(text));
    }
}

bool holds(Compare compare, const Comparable& left, const Comparable& right)
{
    if (left.type == Type::null || right.type == Type::null) {
        const bool both = left.type == right.type;
        if (right.type != Type::null) return false;
        return compare == Compare::eq ? both : compare == Compare::ne && !both;
    }
    const int order = left.type == Type::number ? (left.number < right.number   ? -1
                                                   : left.number > right.number ? 1
                                                                                : 0)
                                                : left.text.compare(right.text);
    switch (compare) {
    case Compare::eq:
        return order == 0;
    case Compare::ne:
        return order != 0;
    case Compare::gt:
        return order > 0;
    case Compare::ge:
        return order >= 0;
    case Compare::lt:
        return order < 0;
    case Compare::le:
        return order <= 0;
    }
    return false;
}

bool holds(const Condition& condition, const Row& row, const Identity& identity)
{
    const auto part_holds = [&](const Condition& part) { return holds(part, row, identity); };
    switch (condition.kind) {
    case Condition::Kind::all:
        return std::all_of(condition.parts.begin(), condition.parts.end(), part_holds);
    case Condition::Kind::any:
        return std::any_of(condition.parts.begin(), condition.parts.end(), part_holds);
    case Condition::Kind::negation:
        return !part_holds(condition.parts.front());
    default:
        break;
    }
    const Comparable value = comparable(*condition.column, row, identity);
    const Comparable& operand = condition.operands.front();
    if (condition.kind == Condition::Kind::comparison) return holds(condition.compare, value, operand);
    if (condition.kind == Condition::Kind::in)
        return value.type != Type::null && std::find(condition.operands.begin(), condition.operands.end(),
                                                     value) != condition.operands.end();
    if (value.type != Type::text) return false;
    const std::string_view text = value.text;
    const std::string_view piece = operand.text;
    if (condition.kind == Condition::Kind::contains) return text.find(piece) != std::string_view::npos;
    if (piece.size() > text.size()) return false;
    if (condition.kind == Condition::Kind::starts_with) return text.substr(0, piece.size()) == piece;
    return text.substr(text.size() - piece.size()) == piece;
}

std::optional<std::vector<Guid>> only_ids(const Condition& condition, const Column& column)
{
    if (condition.kind == Condition::Kind::any) return ids_of_any(condition, column);
    if (condition.kind == Condition::Kind::all) {
        for (const Condition& part : condition.parts)
            if (auto ids = only_ids(part, column)) return ids;
        return std::nullopt;
    }
    const bool equality =
        (condition.kind == Condition::Kind::comparison && condition.compare == Compare::eq &&
         condition.operands.front().type != Type::null) ||
        condition.kind == Condition::Kind::in;
    if (!equality || condition.column != &column) return std::nullopt;
    std::vector<Guid> ids;
    add_ids(condition, ids);
    return ids;
}

VersionRange version_range(const Condition& condition)
{
    VersionRange range;
    if (condition.kind == Condition::Kind::all) {
        for (const Condition& part : condition.parts) {
            const VersionRange inner = version_range(part);
            range.after = std::max(range.after, inner.after);
            range.up_to = std::min(range.up_to, inner.up_to);
            range.bounded = range.bounded || inner.bounded;
        }
    } else if (condition.kind == Condition::Kind::comparison &&
               condition.column->source == Source::row_version &&
               condition.operands.front().type == Type::number) {
        narrow(range, condition);
    }
    return range;
}

} // namespace hawser::server

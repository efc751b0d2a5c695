#include "base/decimal.h"
#include "base/filter.h"
#include "base/utf8.h"

#include <algorithm>
#include <compare>
#include <optional>

namespace hawser {
namespace {

std::optional<Decimal> as_decimal(const Value& value)
{
    if (const auto* decimal = std::get_if<Decimal>(&value)) return *decimal;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return Decimal{std::to_string(*number)};
    return std::nullopt;
}

/// Empty when the two cannot be compared.
std::optional<std::strong_ordering> order(const Value& left, const Value& right)
{
    if (const auto* number = std::get_if<std::int64_t>(&left))
        if (const auto* other = std::get_if<std::int64_t>(&right)) return *number <=> *other;
    if (const auto* text = std::get_if<std::string>(&left)) {
        const auto* other = std::get_if<std::string>(&right);
        if (other == nullptr) return std::nullopt;
        return ascii_lower(*text) <=> ascii_lower(*other);
    }
    if (const auto* truth = std::get_if<bool>(&left)) {
        const auto* other = std::get_if<bool>(&right);
        if (other == nullptr) return std::nullopt;
        return static_cast<int>(*truth) <=> static_cast<int>(*other);
    }
    if (const auto* lookup = std::get_if<Lookup>(&left)) {
        const auto* other = std::get_if<Lookup>(&right);
        if (other == nullptr) return std::nullopt;
        return lookup->id <=> other->id;
    }
    const auto a = as_decimal(left);
    const auto b = as_decimal(right);
    if (!a || !b) return std::nullopt;
    return compare(*a, *b);
}

bool holds(std::strong_ordering order, Filter::Operator comparison)
{
    switch (comparison) {
    case Filter::Operator::eq:
        return order == 0;
    case Filter::Operator::ne:
        return order != 0;
    case Filter::Operator::gt:
        return order > 0;
    case Filter::Operator::ge:
        return order >= 0;
    case Filter::Operator::lt:
        return order < 0;
    case Filter::Operator::le:
        return order <= 0;
    }
    return false;
}

bool compares(const Filter& filter, const Value& value)
{
    if (is_null(filter.operand)) {
        if (filter.comparison == Filter::Operator::eq) return is_null(value);
        if (filter.comparison == Filter::Operator::ne) return !is_null(value);
        return false;
    }
    const auto found = order(value, filter.operand);
    return found && holds(*found, filter.comparison);
}

bool text_matches(const Filter& filter, const Value& value)
{
    const auto* text = std::get_if<std::string>(&value);
    const auto* wanted = std::get_if<std::string>(&filter.operand);
    if (text == nullptr || wanted == nullptr) return false;
    const std::string whole = ascii_lower(*text);
    const std::string part = ascii_lower(*wanted);
    if (filter.kind == Filter::Kind::starts_with) return whole.starts_with(part);
    if (filter.kind == Filter::Kind::ends_with) return whole.ends_with(part);
    return whole.find(part) != std::string::npos;
}

} // namespace

bool matches(const Filter& filter, const Fields& fields)
{
    const auto part_matches = [&](const Filter& part) { return matches(part, fields); };
    switch (filter.kind) {
    case Filter::Kind::all:
        return std::all_of(filter.parts.begin(), filter.parts.end(), part_matches);
    case Filter::Kind::any:
        return std::any_of(filter.parts.begin(), filter.parts.end(), part_matches);
    case Filter::Kind::negation:
        return std::none_of(filter.parts.begin(), filter.parts.end(), part_matches);
    default:
        break;
    }
    static const Value absent = Null{};
    const auto found = fields.find(filter.column);
    const Value& value = found == fields.end() ? absent : found->second;
    return filter.kind == Filter::Kind::comparison ? compares(filter, value) : text_matches(filter, value);
}

} // namespace hawser

#include "conflict/settle.h"

#include "base/decimal.h"
#include "conflict/set_merge.h"
#include "conflict/text_merge.h"

#include <charconv>
#include <compare>

namespace hawser::conflict {
namespace {

std::optional<Decimal> number(const Value& value)
{
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return Decimal{std::to_string(*whole)};
    if (const auto* decimal = std::get_if<Decimal>(&value)) return *decimal;
    return std::nullopt;
}

std::optional<std::strong_ordering> order(const Value& left, const Value& right)
{
    const auto a = number(left);
    const auto b = number(right);
    if (a && b) return compare(*a, *b);
    const auto* x = std::get_if<std::string>(&left);
    const auto* y = std::get_if<std::string>(&right);
    if (x == nullptr || y == nullptr) return std::nullopt;
    return *x <=> *y;
}

std::optional<Value> add_both(const Value& base, const Value& mine, const Value& theirs)
{
    const auto b = is_null(base) ? std::optional<Decimal>(Decimal{"0"}) : number(base);
    const auto m = number(mine);
    const auto t = number(theirs);
    if (!b || !m || !t) return std::nullopt;
    Decimal sum = add(*t, add(*m, negate(*b)));
    if (!std::holds_alternative<std::int64_t>(theirs)) return Value{std::move(sum)};
    std::int64_t whole = 0;
    const char* end = sum.text.data() + sum.text.size();
    const auto [stopped, failed] = std::from_chars(sum.text.data(), end, whole);
    if (failed != std::errc{} || stopped != end) return std::nullopt;
    return Value{whole};
}

/// A text, "" for null; empty for anything else.
std::optional<std::string_view> text(const Value& value)
{
    if (is_null(value)) return std::string_view{};
    if (const auto* given = std::get_if<std::string>(&value)) return *given;
    return std::nullopt;
}

std::optional<Value> text_or_null(std::optional<std::string> merged)
{
    if (!merged) return std::nullopt;
    if (merged->empty()) return Value{Null{}};
    return Value{std::move(*merged)};
}

std::optional<Value> merge_text(const Value& base, const Value& mine, const Value& theirs)
{
    const auto b = text(base);
    const auto m = text(mine);
    const auto t = text(theirs);
    if (!b || !m || !t) return std::nullopt;
    return text_or_null(merge_lines(*b, *m, *t));
}

std::optional<Value> merge_elements(const Value& base, const Value& mine, const Value& theirs)
{
    static const Collection none;
    const Collection* versions[3] = {};
    const Value* values[3] = {&base, &mine, &theirs};
    for (std::size_t i = 0; i < 3; ++i) {
        versions[i] = is_null(*values[i]) ? &none : std::get_if<Collection>(values[i]);
        if (versions[i] == nullptr) return std::nullopt;
    }
    SetMerge sets = merge_sets(*versions[0], *versions[1], *versions[2]);
    if (!sets.contested_keys.empty()) return std::nullopt;
    if (sets.merged.elements.empty()) return Value{Null{}};
    return Value{std::move(sets.merged)};
}

std::optional<Value> unite(const Value& base, const Value& mine, const Value& theirs)
{
    const auto b = text(base);
    const auto m = text(mine);
    const auto t = text(theirs);
    if (b && m && t && !(m->empty() && t->empty())) return text_or_null(merge_choices(*b, *m, *t));
    return merge_elements(base, mine, theirs);
}

} // namespace

std::optional<Value> settle(Rule rule, const Value& base, const Value& mine, const Value& theirs)
{
    switch (rule) {
    case Rule::ask:
        return std::nullopt;
    case Rule::theirs:
    case Rule::volatile_column:
        return theirs;
    case Rule::mine:
        return mine;
    case Rule::union_of:
        return unite(base, mine, theirs);
    case Rule::max:
    case Rule::min: {
        const auto found = order(mine, theirs);
        if (!found) return std::nullopt;
        const bool take_mine = rule == Rule::max ? *found > 0 : *found < 0;
        return take_mine ? mine : theirs;
    }
    case Rule::add:
        return add_both(base, mine, theirs);
    case Rule::text:
        return merge_text(base, mine, theirs);
    }
    return std::nullopt;
}

} // namespace hawser::conflict

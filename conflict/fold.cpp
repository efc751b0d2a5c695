#include "conflict/merge.h"

namespace hawser::conflict {
namespace {

const Value* find(const Fields& fields, std::string_view column)
{
    const auto found = fields.find(column);
    return found == fields.end() || is_null(found->second) ? nullptr : &found->second;
}

bool differs(const Fields& left, const Fields& right, std::string_view column)
{
    const Value* a = find(left, column);
    const Value* b = find(right, column);
    if (a == nullptr || b == nullptr) return a != b;
    return *a != *b;
}

std::set<std::string> columns_of(const Fields& left, const Fields& right)
{
    std::set<std::string> columns;
    for (const Fields* fields : {&left, &right})
        for (const auto& [column, value] : *fields) columns.insert(column);
    return columns;
}

} // namespace

Fields without_nulls(Fields fields)
{
    std::erase_if(fields, [](const auto& member) { return is_null(member.second); });
    return fields;
}

Fields apply(const Fields& before, const Fields& x, const Fields& after, const Policy& policy)
{
    Fields result = without_nulls(x);
    Fields touched;
    for (const std::string& column : columns_of(before, after)) {
        const auto found = result.find(column);
        if (found == result.end()) continue;
        touched.insert(result.extract(found));
    }
    result.merge(merge(before, after, touched, policy).merged);
    return result;
}

Fields net_effect(const Fields& shadow, const Fields& folded,
                  const std::set<std::string, std::less<>>& masked, const Policy& policy)
{
    std::set<std::string> differing;
    for (const std::string& column : columns_of(shadow, folded))
        if (policy.rule_of(column) != Rule::volatile_column && differs(shadow, folded, column))
            differing.insert(column);
    std::set<std::string> hidden(masked.begin(), masked.end());
    if (!hidden.empty()) hidden = with_groups(hidden, policy);
    Fields effect;
    for (const std::string& column : with_groups(differing, policy)) {
        if (hidden.contains(column)) continue;
        const Value* value = find(folded, column);
        if (value == nullptr && find(shadow, column) == nullptr) continue;
        effect.emplace(column, value == nullptr ? Value{Null{}} : *value);
    }
    return effect;
}

bool same_record(const Fields& left, const Fields& right, const Policy& policy)
{
    for (const std::string& column : columns_of(left, right))
        if (policy.rule_of(column) != Rule::volatile_column && differs(left, right, column)) return false;
    return true;
}

} // namespace hawser::conflict

#pragma once

#include "conflict/policy.h"
#include "hawser/random.h"
#include "hawser/value.h"

#include <string>
#include <vector>

namespace hawser::conflict::sample {

/// Few columns, few values, so that sides collide often.
inline const std::vector<std::string> columns{"amount", "count",   "people", "note",  "first",  "second",
                                              "third",  "choices", "title",  "stamp", "account"};

inline Value any_value(Random& random, const std::string& column)
{
    const auto draw = below(random, 4);
    if (draw == 0) return Null{};
    const std::string digit = std::to_string(draw);
    if (column == "amount") return Decimal{digit + ".5"};
    if (column == "count") return static_cast<std::int64_t>(draw);
    if (column == "choices") return std::string(draw == 1 ? "1,2" : draw == 2 ? "2,3" : "3");
    if (column == "account") {
        Guid id;
        id.bytes[15] = static_cast<std::uint8_t>(draw);
        return Lookup{"account", id};
    }
    if (column == "people") {
        Collection collection;
        for (const char* key : {"a", "b", "c"})
            if (below(random, 2) == 0)
                collection.elements.push_back({key, below(random, 3) == 0 ? "2" : "1"});
        if (collection.elements.empty()) return Null{};
        return collection;
    }
    if (column == "note") {
        std::string text;
        for (const char* line : {"one\n", "two\n", "three\n", "four\n"})
            text += below(random, 4) == 0 ? std::string("new ") + line : std::string(line);
        return text;
    }
    return "v" + digit;
}

inline Fields any_fields(Random& random)
{
    Fields fields;
    for (const std::string& column : columns) {
        Value value = any_value(random, column);
        if (!is_null(value) || below(random, 4) == 0) fields.emplace(column, std::move(value));
    }
    return fields;
}

/// The same fields with some columns changed, so that many stay equal.
inline Fields edited(Random& random, const Fields& fields)
{
    Fields result = fields;
    for (const std::string& column : columns)
        if (below(random, 3) == 0) result.insert_or_assign(column, any_value(random, column));
    return result;
}

/// Any mix of rules, fitting or not, without the ones left out.
inline Policy any_policy(Random& random, const std::vector<Rule>& without = {})
{
    std::vector<Rule> rules;
    for (const Rule rule : {Rule::ask, Rule::theirs, Rule::mine, Rule::union_of, Rule::max, Rule::min,
                            Rule::add, Rule::text, Rule::volatile_column}) {
        bool allowed = true;
        for (const Rule other : without) allowed = allowed && other != rule;
        if (allowed) rules.push_back(rule);
    }
    const auto any_rule = [&] { return rules[below(random, rules.size())]; };
    Policy policy;
    policy.fallback = any_rule();
    for (const std::string& column : columns)
        if (below(random, 4) != 0) policy.rules[column] = any_rule();
    if (below(random, 2) == 0) policy.groups.push_back({"numbers", {"first", "second", "third"}});
    if (below(random, 2) == 0) policy.groups.push_back({"mixed", {"people", "title", "amount"}});
    return policy;
}

} // namespace hawser::conflict::sample

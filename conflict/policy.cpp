#include "conflict/policy.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hawser::conflict {
namespace {

constexpr std::array<std::pair<std::string_view, Rule>, 9> rule_names{{{"ask", Rule::ask},
                                                                       {"theirs", Rule::theirs},
                                                                       {"mine", Rule::mine},
                                                                       {"union", Rule::union_of},
                                                                       {"max", Rule::max},
                                                                       {"min", Rule::min},
                                                                       {"add", Rule::add},
                                                                       {"text", Rule::text},
                                                                       {"volatile", Rule::volatile_column}}};

constexpr std::array<std::string_view, 11> bookkeeping{"modifiedon",
                                                       "modifiedby",
                                                       "modifiedonbehalfby",
                                                       "modifiedbyexternalparty",
                                                       "versionnumber",
                                                       "owningbusinessunit",
                                                       "timezoneruleversionnumber",
                                                       "utcconversiontimezonecode",
                                                       "lastonholdtime",
                                                       "onholdtime",
                                                       "exchangerate"};

constexpr std::array<std::string_view, 3> time_span{"scheduledstart", "scheduledend", "isalldayevent"};

constexpr std::array<std::string_view, 22> recurrence{"recurrencepatterntype",
                                                      "interval",
                                                      "daysofweekmask",
                                                      "dayofmonth",
                                                      "monthofyear",
                                                      "instance",
                                                      "occurrences",
                                                      "patternendtype",
                                                      "patternstartdate",
                                                      "patternenddate",
                                                      "starttime",
                                                      "endtime",
                                                      "duration",
                                                      "effectivestartdate",
                                                      "effectiveenddate",
                                                      "firstdayofweek",
                                                      "isnthmonthly",
                                                      "isnthyearly",
                                                      "isweekdaypattern",
                                                      "isregenerate",
                                                      "ruleid",
                                                      "isweekdaypatternofweek"};

constexpr std::array<std::string_view, 4> progress{"statecode", "statuscode", "percentcomplete", "actualend"};

bool can_be_written(const Column& column)
{
    return column.updatable || column.creatable;
}

void add_group(Policy& policy, std::string name, std::vector<std::string> columns)
{
    if (columns.size() < 2) return;
    policy.groups.push_back({std::move(name), std::move(columns)});
}

template <std::size_t N>
std::vector<std::string> present(const Table& table, const std::array<std::string_view, N>& names)
{
    std::vector<std::string> found;
    for (const std::string_view name : names) {
        const Column* column = table.column(name);
        if (column != nullptr && column->updatable) found.emplace_back(name);
    }
    return found;
}

std::vector<std::string> address_columns(const Table& table, const std::string& prefix)
{
    std::vector<std::string> found;
    for (const Column& column : table.columns) {
        const bool identifies = column.name == prefix + "addressid";
        if (column.name.starts_with(prefix) && column.updatable && !identifies) found.push_back(column.name);
    }
    return found;
}

Rule default_rule(const Column& column)
{
    const bool kept_there =
        std::find(bookkeeping.begin(), bookkeeping.end(), column.name) != bookkeeping.end();
    // The exchange rate of a currency has the name of bookkeeping and is what people edit.
    if (kept_there && !can_be_written(column)) return Rule::volatile_column;
    if (!column.updatable) return Rule::theirs;
    if (column.type == ColumnType::parties || column.type == ColumnType::multi_choice) return Rule::union_of;
    return Rule::ask;
}

} // namespace

std::string_view rule_name(Rule rule)
{
    for (const auto& [name, candidate] : rule_names)
        if (candidate == rule) return name;
    return "ask";
}

std::optional<Rule> rule_named(std::string_view name)
{
    for (const auto& [candidate, rule] : rule_names)
        if (candidate == name) return rule;
    return std::nullopt;
}

Rule Policy::rule_of(std::string_view column) const
{
    const auto found = rules.find(column);
    return found == rules.end() ? fallback : found->second;
}

const AtomicGroup* Policy::group_of(std::string_view column) const
{
    if (rule_of(column) == Rule::volatile_column) return nullptr;
    for (const AtomicGroup& group : groups)
        if (std::find(group.columns.begin(), group.columns.end(), column) != group.columns.end())
            return &group;
    return nullptr;
}

Rule Policy::rule_of(const AtomicGroup& group) const
{
    for (const Rule wanted : {Rule::mine, Rule::theirs}) {
        const auto has = [&](const std::string& column) { return rule_of(column) == wanted; };
        if (std::all_of(group.columns.begin(), group.columns.end(), has)) return wanted;
    }
    return Rule::ask;
}

std::set<std::string> with_groups(const std::set<std::string>& columns, const Policy& policy)
{
    std::set<std::string> all = columns;
    for (const std::string& column : columns) {
        const AtomicGroup* group = policy.group_of(column);
        if (group == nullptr) continue;
        for (const std::string& member : group->columns)
            if (policy.group_of(member) == group) all.insert(member);
    }
    return all;
}

Policy default_policy(const Table& table)
{
    Policy policy;
    for (const Column& column : table.columns) {
        const Rule rule = default_rule(column);
        if (rule != policy.fallback) policy.rules.emplace(column.name, rule);
    }
    // A series has start and end of its own, computed from its pattern: there they belong to it.
    auto pattern = present(table, recurrence);
    const bool is_series = table.column("recurrencepatterntype") != nullptr;
    if (is_series) {
        for (std::string& name : present(table, time_span)) pattern.push_back(std::move(name));
        add_group(policy, "recurrence", std::move(pattern));
    } else {
        add_group(policy, "time", present(table, time_span));
    }
    add_group(policy, "progress", present(table, progress));
    for (const std::string prefix : {"address1_", "address2_", "address3_"})
        add_group(policy, prefix.substr(0, prefix.size() - 1), address_columns(table, prefix));
    return policy;
}

} // namespace hawser::conflict

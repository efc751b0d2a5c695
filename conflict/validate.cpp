#include "conflict/validate.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hawser::conflict {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> spans{
    {{"scheduledstart", "scheduledend"},
     {"actualstart", "actualend"},
     {"patternstartdate", "patternenddate"},
     {"effectivestartdate", "effectiveenddate"}}};

const Value& value_of(const Fields& fields, std::string_view column)
{
    static const Value absent = Null{};
    const auto found = fields.find(column);
    return found == fields.end() ? absent : found->second;
}

void check_spans(const Fields& fields, std::vector<Failure>& failures)
{
    for (const auto& [start, end] : spans) {
        const auto* from = std::get_if<std::string>(&value_of(fields, start));
        const auto* to = std::get_if<std::string>(&value_of(fields, end));
        if (from != nullptr && to != nullptr && *to < *from)
            failures.push_back({{std::string(start), std::string(end)}, "the end lies before the start"});
    }
}

void check_status(const std::vector<Choice>& statuses, const Fields& fields, std::vector<Failure>& failures)
{
    const auto* state = std::get_if<std::int64_t>(&value_of(fields, "statecode"));
    const auto* status = std::get_if<std::int64_t>(&value_of(fields, "statuscode"));
    if (state == nullptr || status == nullptr) return;
    for (const Choice& choice : statuses)
        if (choice.value == *status && choice.state && *choice.state != *state)
            failures.push_back({{"statecode", "statuscode"}, "the status does not belong to the state"});
}

void drop(std::vector<std::string>& list, const std::string& column)
{
    list.erase(std::remove(list.begin(), list.end(), column), list.end());
}

/// The sides of one merge whose result is being questioned.
struct Sides {
    const Fields& base;
    const Fields& local;
    const Fields& remote;
    const Policy& policy;
};

/// Whether the columns that fail hold something of each side.
bool is_mixed(const Merge& merge, const Sides& sides, const std::set<std::string>& columns)
{
    const auto departs_from = [&](const Fields& side) {
        return std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
            return value_of(merge.merged, column) != value_of(side, column);
        });
    };
    return departs_from(sides.local) && departs_from(sides.remote);
}

void contest(Merge& merge, const Sides& sides, const std::set<std::string>& columns,
             const std::string& reason)
{
    for (const std::string& column : columns) {
        const Value& mine = value_of(sides.local, column);
        const Value& theirs = value_of(sides.remote, column);
        merge.merged.erase(column);
        if (!is_null(mine)) merge.merged.emplace(column, mine);
        const auto same = [&](const Contested& contested) { return contested.column == column; };
        if (mine == theirs || std::any_of(merge.contested.begin(), merge.contested.end(), same)) continue;
        const AtomicGroup* group = sides.policy.group_of(column);
        merge.contested.push_back({column, value_of(sides.base, column), mine, theirs, reason,
                                   group == nullptr ? "" : group->name});
        for (auto* list : {&merge.from_mine, &merge.from_theirs, &merge.from_both}) drop(*list, column);
    }
}

} // namespace

Validator validator_for(const Table& table)
{
    std::vector<Choice> statuses;
    if (const Column* status = table.column("statuscode")) statuses = status->choices;
    return [statuses = std::move(statuses)](const Fields& fields) {
        std::vector<Failure> failures;
        check_spans(fields, failures);
        check_status(statuses, fields, failures);
        return failures;
    };
}

Merge validated(Merge merge, const Fields& base, const Fields& local, const Fields& remote,
                const Policy& policy, const Validator& validator)
{
    const Sides sides{base, local, remote, policy};
    // Each round turns at least one column to mine, which may make another rule fail.
    for (bool asked = true; asked;) {
        asked = false;
        for (const Failure& failure : validator(merge.merged)) {
            const auto columns = with_groups({failure.columns.begin(), failure.columns.end()}, policy);
            if (!is_mixed(merge, sides, columns)) continue;
            contest(merge, sides, columns, failure.reason);
            merge.decisions.push_back(
                {"merge.invalid", "Merged, " + failure.reason + "; a person has to choose."});
            asked = true;
            break;
        }
    }
    const auto by_column = [](const Contested& left, const Contested& right) {
        return left.column < right.column;
    };
    std::sort(merge.contested.begin(), merge.contested.end(), by_column);
    return merge;
}

} // namespace hawser::conflict

#include "conflict/merge.h"

#include "conflict/settle.h"

#include <algorithm>
#include <utility>

namespace hawser::conflict {
namespace {

const Value& value_of(const Fields& fields, std::string_view column)
{
    static const Value absent = Null{};
    const auto found = fields.find(column);
    return found == fields.end() ? absent : found->second;
}

/// The three versions of one column.
struct Versions {
    const Value& base;
    const Value& mine;
    const Value& theirs;

    bool agree() const { return mine == theirs; }
    bool mine_changed() const { return mine != base; }
    bool theirs_changed() const { return theirs != base; }
};

class Merger {
public:
    Merger(const Fields& base, const Fields& local, const Fields& remote, const Policy& policy,
           const Reserved& reserved)
        : base_(base), local_(local), remote_(remote), policy_(policy), reserved_(reserved)
    {
    }

    Merge run();

private:
    void merge_group(const AtomicGroup& group, const std::vector<std::string>& members);
    void merge_column(const std::string& column);
    void settle_column(const std::string& column, const Versions& versions);

    Versions versions(std::string_view column) const
    {
        return {value_of(base_, column), value_of(local_, column), value_of(remote_, column)};
    }
    std::set<std::string> all_columns() const;
    void take(const std::string& column, const Value& value);
    void take_side(const std::vector<std::string>& members, const Fields& side,
                   std::vector<std::string>& list);
    void contest(const std::vector<std::string>& members, std::string_view reason, const std::string& group);
    void decide(std::string_view rule, std::string sentence);

    const Fields& base_;
    const Fields& local_;
    const Fields& remote_;
    const Policy& policy_;
    const Reserved& reserved_;
    Merge result_;
};

Merge Merger::run()
{
    std::map<const AtomicGroup*, std::vector<std::string>> groups;
    for (const std::string& column : all_columns()) {
        if (const AtomicGroup* group = policy_.group_of(column))
            groups[group].push_back(column);
        else
            merge_column(column);
    }
    // In the policy's order: the map's order is that of addresses.
    for (const AtomicGroup& group : policy_.groups)
        if (const auto found = groups.find(&group); found != groups.end()) merge_group(group, found->second);
    const auto by_column = [](const Contested& left, const Contested& right) {
        return left.column < right.column;
    };
    std::sort(result_.contested.begin(), result_.contested.end(), by_column);
    for (auto* list : {&result_.from_mine, &result_.from_theirs, &result_.from_both})
        std::sort(list->begin(), list->end());
    return std::move(result_);
}

std::set<std::string> Merger::all_columns() const
{
    std::set<std::string> columns;
    for (const Fields* fields : {&base_, &local_, &remote_})
        for (const auto& [column, value] : *fields)
            if (!is_null(value)) columns.insert(column);
    return columns;
}

void Merger::take(const std::string& column, const Value& value)
{
    if (!is_null(value)) result_.merged.insert_or_assign(column, value);
}

void Merger::take_side(const std::vector<std::string>& members, const Fields& side,
                       std::vector<std::string>& list)
{
    for (const std::string& column : members) {
        const Value& value = value_of(side, column);
        take(column, value);
        if (value != value_of(base_, column)) list.push_back(column);
    }
}

void Merger::contest(const std::vector<std::string>& members, std::string_view reason,
                     const std::string& group)
{
    for (const std::string& column : members) {
        const Versions found = versions(column);
        take(column, found.mine);
        if (found.agree()) continue;
        result_.contested.push_back(
            {column, found.base, found.mine, found.theirs, std::string(reason), group});
    }
    const std::string what = group.empty() ? members.front() : "the columns of " + group;
    if (reason == may_be_applied)
        decide("merge.indeterminate",
               "What was sent of " + what + " may already have been applied; a person has to choose.");
    else
        decide("merge.ask", "Both sides changed " + what + "; a person has to choose.");
}

void Merger::decide(std::string_view rule, std::string sentence)
{
    result_.decisions.push_back({std::string(rule), std::move(sentence)});
}

void Merger::merge_group(const AtomicGroup& group, const std::vector<std::string>& members)
{
    const auto any = [&](auto&& holds) { return std::any_of(members.begin(), members.end(), holds); };
    const bool mine = any([&](const std::string& column) { return versions(column).mine_changed(); });
    const bool theirs = any([&](const std::string& column) { return versions(column).theirs_changed(); });
    const bool agree = !any([&](const std::string& column) { return !versions(column).agree(); });
    if (agree) return take_side(members, local_, result_.from_both);
    // Also a column of the group that no version holds now may be the reserved one.
    for (const std::string& column : group.columns)
        if (const auto found = reserved_.find(column); found != reserved_.end())
            return contest(members, found->second, group.name);
    // Whoever changed nothing, or nothing that the other side did not change alike, has nothing at stake.
    const bool mine_at_stake = any([&](const std::string& column) {
        return versions(column).mine_changed() && !versions(column).agree();
    });
    const bool theirs_at_stake = any([&](const std::string& column) {
        return versions(column).theirs_changed() && !versions(column).agree();
    });
    if (!mine_at_stake) return take_side(members, remote_, mine ? result_.from_both : result_.from_theirs);
    if (!theirs_at_stake) return take_side(members, local_, theirs ? result_.from_both : result_.from_mine);
    switch (policy_.rule_of(group)) {
    case Rule::mine:
        decide("merge.mine", "Both sides changed the columns of " + group.name + "; yours were kept.");
        return take_side(members, local_, result_.from_both);
    case Rule::theirs:
        decide("merge.theirs",
               "Both sides changed the columns of " + group.name + "; the organization's were taken.");
        return take_side(members, remote_, result_.from_both);
    default:
        return contest(members, both_changed, group.name);
    }
}

void Merger::merge_column(const std::string& column)
{
    const Versions found = versions(column);
    const Rule rule = policy_.rule_of(column);
    const bool both = found.mine_changed() && found.theirs_changed();
    const auto reserved = rule == Rule::volatile_column ? reserved_.end() : reserved_.find(column);
    const bool is_reserved = reserved != reserved_.end();
    if (is_reserved && !found.agree()) return contest({column}, reserved->second, "");
    if (both && !is_reserved && (rule == Rule::add || !found.agree())) return settle_column(column, found);
    if (found.mine_changed()) {
        take(column, found.mine);
        (both ? result_.from_both : result_.from_mine).push_back(column);
        return;
    }
    take(column, found.theirs);
    if (found.theirs_changed()) result_.from_theirs.push_back(column);
}

std::string settled_sentence(Rule rule, const std::string& column)
{
    const std::string both = "Both sides changed " + column + "; ";
    switch (rule) {
    case Rule::theirs:
        return both + "the organization's value was taken.";
    case Rule::mine:
        return both + "yours was kept.";
    case Rule::union_of:
        return both + "what either side added and removed was put together.";
    case Rule::max:
        return both + "the greater value was taken.";
    case Rule::min:
        return both + "the smaller value was taken.";
    case Rule::add:
        return both + "what you added was added to the organization's value.";
    case Rule::text:
        return both + "their lines were merged.";
    default:
        return both + "the rule settled it.";
    }
}

void Merger::settle_column(const std::string& column, const Versions& found)
{
    const Rule rule = policy_.rule_of(column);
    const auto settled = settle(rule, found.base, found.mine, found.theirs);
    if (!settled && found.agree()) return take_side({column}, local_, result_.from_both);
    if (!settled) return contest({column}, both_changed, "");
    take(column, *settled);
    result_.from_both.push_back(column);
    if (rule != Rule::volatile_column)
        decide("merge." + std::string(rule_name(rule)), settled_sentence(rule, column));
}

} // namespace

Merge merge(const Fields& base, const Fields& local, const Fields& remote, const Policy& policy,
            const Reserved& reserved)
{
    return Merger(base, local, remote, policy, reserved).run();
}

} // namespace hawser::conflict

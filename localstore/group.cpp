#include "localstore/verbs.h"

#include <algorithm>
#include <limits>
#include <set>

namespace hawser::localstore {
namespace {

std::vector<Change> members_of(TransactionState& state, GroupNumber group)
{
    ChangeFilter members;
    members.group = group;
    members.limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
    return list_changes(state.database, *state.tables, members);
}

/// A step a record, and one more for participants, which are written apart.
std::size_t steps_at_least(const std::vector<Change>& members)
{
    std::set<RecordKey> records;
    std::set<RecordKey> with_collection;
    for (const Change& change : members) {
        records.insert(change.key);
        for (const auto& [name, value] : change.after) {
            const auto* collection = std::get_if<Collection>(&value);
            if (collection != nullptr && !collection->elements.empty()) with_collection.insert(change.key);
        }
    }
    return records.size() + with_collection.size();
}

/// Whether the wait may be given up to free a circle: a record that is made, or made again, and no part of a group
/// may go without a reference first, and a deletion need not wait for what was made after it.
bool can_be_cut(TransactionState& state, const Change& change, const Dependency& edge)
{
    if (edge.reason == DependencyReason::refers_to_created)
        return change.group.value == 0 && makes_record(state.database, *state.tables, change);
    return edge.reason == DependencyReason::removes_reference && edge.on > edge.change;
}

/// The change outside the group that the group waits for, and that waits for the group.
std::optional<Sequence> circle_through(TransactionState& state, const std::vector<Change>& members)
{
    const GroupNumber group = members.front().group;
    std::vector<Change> todo = members;
    std::set<Sequence> seen;
    while (!todo.empty()) {
        const Change change = std::move(todo.back());
        todo.pop_back();
        if (!seen.insert(change.sequence).second) continue;
        for (const Dependency& edge :
             find_dependencies(state.database, *state.tables, change.sequence).waits_for) {
            if (can_be_cut(state, change, edge)) continue;
            const auto on = find_change(state.database, *state.tables, edge.on);
            if (!on || on->group == group) {
                if (on && change.group != group) return change.sequence;
                continue;
            }
            if (on->group.value == 0)
                todo.push_back(*on);
            else
                std::ranges::copy(members_of(state, on->group), std::back_inserter(todo));
        }
    }
    return std::nullopt;
}

} // namespace

Result<void> check_group(TransactionState& state, GroupNumber group)
{
    if (group.value == 0) return {};
    const std::vector<Change> members = members_of(state, group);
    if (members.empty()) return {};
    if (const std::size_t steps = steps_at_least(members); steps > most_steps)
        return refusal(code::group_too_large,
                       "The group needs " + std::to_string(steps) + " steps, and one request takes " +
                           std::to_string(most_steps) + ". Write smaller groups, or no group.");
    if (const auto other = circle_through(state, members))
        return refusal(code::group_circle, "The group would wait for change " + std::to_string(other->value) +
                                               ", which waits for it, and both travel whole. Write them as "
                                               "one group, or one of them without a group.");
    return {};
}

} // namespace hawser::localstore

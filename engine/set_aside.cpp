#include "engine/set_aside.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

namespace hawser::engine {

namespace {

constexpr std::string_view changed_there = "the organization changed ";

/// The live changes of the group that the change is in; itself when it is in none.
Result<std::vector<localstore::Change>> members_of(localstore::Transaction& transaction,
                                                   const localstore::Change& change)
{
    if (change.group.value == 0) return std::vector{change};
    localstore::ChangeFilter filter;
    filter.group = change.group;
    filter.limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
    return transaction.queue.list(filter);
}

} // namespace

Result<void> set_aside(CycleWork& cycle, localstore::Transaction& transaction,
                       const localstore::Change& change, std::string_view why)
{
    const auto members = members_of(transaction, change);
    if (!members) return members.error();
    const Result<void> held = transaction.queue.hold(change.sequence, why);
    if (!held) return held;
    cycle.figures.held +=
        static_cast<std::uint64_t>(std::ranges::count_if(*members, [](const localstore::Change& member) {
            return member.state != localstore::ChangeState::held;
        }));
    return {};
}

Result<void> set_aside_queued(CycleWork& cycle, localstore::Transaction& transaction,
                              const localstore::RecordState& state, std::string_view why)
{
    for (const localstore::Change& change : state.live) {
        if (change.state != localstore::ChangeState::queued) continue;
        const Result<void> held = set_aside(cycle, transaction, change, why);
        if (!held) return held;
    }
    return {};
}

Result<void> keep_group_back(CycleWork& cycle, localstore::Transaction& transaction,
                             const localstore::Change& removal, const std::string& name, Instant now)
{
    const auto is_held = [](const localstore::Change& change) {
        return change.state == localstore::ChangeState::held;
    };
    const bool told = is_held(removal) && removal.waits_for.starts_with(changed_there);
    const bool told_now = told && cycle.kept_back.contains(removal.group);
    const bool told_before = told && !told_now;
    const std::string changed = name + (told_before ? " again" : "");
    const std::string sentence = "The organization changed " + changed +
                                 ", which a group of your changes deletes. A group happens whole or not at "
                                 "all, so all of it waits: release it to go on all the same, or discard it.";
    const auto tell = [&](const RecordKey& key) {
        return transaction.journal.decide(cycle.number, key, "group.waits", sentence, now);
    };
    // What a colleague did to many records of one group is told of each of them, and of the rest once.
    if (told_now) return tell(removal.key);
    const auto members = members_of(transaction, removal);
    if (!members) return members.error();
    const Result<void> held = set_aside(cycle, transaction, removal,
                                        std::string(changed_there) + changed +
                                            ", which this group deletes: release the change to go on all the "
                                            "same, or discard it");
    if (!held) return held;
    // Whoever looked at it before did not see this.
    if (is_held(removal))
        cycle.figures.held += static_cast<std::uint64_t>(std::ranges::count_if(*members, is_held));
    cycle.kept_back.insert(removal.group);
    std::set<RecordKey> records;
    for (const localstore::Change& member : *members) {
        if (!records.insert(member.key).second) continue;
        const Result<void> decided = tell(member.key);
        if (!decided) return decided;
    }
    return {};
}

} // namespace hawser::engine

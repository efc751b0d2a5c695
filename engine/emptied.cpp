#include "engine/emptied.h"

#include "localstore/error_codes.h"

#include <algorithm>
#include <string>
#include <vector>

namespace hawser::engine {

bool is_deleted_there(const localstore::RecordState& state)
{
    const bool on_its_way = std::ranges::any_of(state.live, [](const localstore::Change& change) {
        return change.kind == localstore::ChangeKind::remove &&
               change.state == localstore::ChangeState::in_flight;
    });
    return state.tombstone || on_its_way || (state.staged && !state.staged->copy) ||
           (state.shadow && state.shadow->remote == localstore::Remote::deleted);
}

Result<void> forget_emptied(const StateOf& state_of, Fields& base, const Fields& remote)
{
    std::vector<std::string> emptied;
    for (const auto& [column, value] : base) {
        const auto* lookup = std::get_if<Lookup>(&value);
        const auto there = remote.find(column);
        if (!lookup || (there != remote.end() && !is_null(there->second))) continue;
        const auto target = state_of({lookup->table, lookup->id});
        // Of a table that is not aboard nothing is known.
        if (!target && target.error().code == localstore::code::unknown_table) continue;
        if (!target) return target.error();
        if (is_deleted_there(*target)) emptied.push_back(column);
    }
    for (const std::string& column : emptied) base.erase(column);
    return {};
}

Result<Fields> with_emptied(const StateOf& state_of, const Fields& sent, const Fields& remote)
{
    Fields kept = sent;
    const Result<void> known = forget_emptied(state_of, kept, remote);
    if (!known) return known.error();
    for (const auto& [column, value] : sent) kept.try_emplace(column);
    return kept;
}

} // namespace hawser::engine

#include "engine/stray.h"

#include <utility>

namespace hawser::engine {

bool is_inside(const Filter& filter, const Table& table, const Guid& id, Fields& fields)
{
    const auto named = fields.emplace(table.primary_id, id.text());
    const bool inside = matches(filter, fields);
    if (named.second) fields.erase(named.first);
    return inside;
}

Result<bool> is_outside(const Surroundings& around, const Table& table, const localstore::RecordState& state,
                        Fields fields, std::optional<localstore::ScopeNumber> left)
{
    if (!state.known || !state.scopes.empty() || state.tombstone) return false;
    const auto scopes = around.store.scopes();
    if (!scopes) return scopes.error();
    for (const localstore::Scope& scope : *scopes) {
        if (scope.table != table.name || !scope.aboard || scope.number == left) continue;
        const auto filter = parse_filter(table, scope.filter);
        if (!filter || is_inside(*filter, table, state.key.id, fields)) return false;
    }
    return true;
}

Result<bool> is_stray(const Surroundings& around, const Table& table, const localstore::RecordState& state,
                      Fields fields, std::optional<localstore::ScopeNumber> left)
{
    if (state.dirty() || state.etag.empty()) return false;
    return is_outside(around, table, state, std::move(fields), left);
}

} // namespace hawser::engine

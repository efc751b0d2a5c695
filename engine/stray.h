#pragma once

#include "base/filter.h"
#include "engine/surroundings.h"

namespace hawser::engine {

/// Whether the filter takes the record; its id is no column of `fields`, but a filter may name it.
bool is_inside(const Filter& filter, const Table& table, const Guid& id, Fields& fields);

/// Whether a record that no scope ever brought is outside every scope of its table that is aboard, as
/// `fields`. A filter that cannot be read counts as taking it. `left` is a scope that is known not to take
/// it, whatever `fields` say.
Result<bool> is_outside(const Surroundings& around, const Table& table, const localstore::RecordState& state,
                        Fields fields, std::optional<localstore::ScopeNumber> left = std::nullopt);

/// Whether it is here without a reason then: nothing of it waits to be sent. Such is a record that was made
/// here, once it was sent.
Result<bool> is_stray(const Surroundings& around, const Table& table, const localstore::RecordState& state,
                      Fields fields, std::optional<localstore::ScopeNumber> left = std::nullopt);

} // namespace hawser::engine

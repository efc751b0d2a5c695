#pragma once

#include "engine/surroundings.h"
#include "localstore/transaction.h"

#include <string>
#include <string_view>

namespace hawser::engine {

/// Holds a change until a person releases it, with its whole group, and counts those that did not
/// stand there yet. Fails for a change that is being sent.
Result<void> set_aside(CycleWork& cycle, localstore::Transaction& transaction,
                       const localstore::Change& change, std::string_view why);

/// The same for all changes of the record that would be sent.
Result<void> set_aside_queued(CycleWork& cycle, localstore::Transaction& transaction,
                              const localstore::RecordState& state, std::string_view why);

/// A deletion of a group with other records met an edit there. Giving way alone it would tear the
/// group, so that all of it waits, with a decision for each of its records.
Result<void> keep_group_back(CycleWork& cycle, localstore::Transaction& transaction,
                             const localstore::Change& removal, const std::string& name, Instant now);

} // namespace hawser::engine

#pragma once

#include "engine/surroundings.h"
#include "localstore/transaction.h"

#include <cstdint>
#include <optional>

namespace hawser::engine {

/// The organization came back as an older copy of itself. Nothing is deleted; what we had sent after
/// that copy was made is queued again as held, for a person to look at.
///
/// Queues again what the receipts of this clean record prove to be lost: everything with an etag above
/// `version`, or everything when the record is gone. Returns whether there was anything.
Result<bool> requeue_lost(CycleWork& cycle, localstore::Store& store, localstore::Transaction& transaction,
                          const RecordKey& key, std::optional<std::int64_t> version, Instant now);

/// Notes, once a cycle, that the organization was restored and why we think so.
Result<void> note_restored(CycleWork& cycle, localstore::Transaction& transaction, const std::string& why,
                           Instant now);

} // namespace hawser::engine

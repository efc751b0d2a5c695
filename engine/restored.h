#pragma once

#include "conflict/reconcile.h"
#include "engine/surroundings.h"
#include "localstore/transaction.h"

#include <cstdint>
#include <optional>

namespace hawser::engine {

/// The organization came back as an older copy of itself. Nothing is deleted; what we had sent after
/// that copy was made is queued again as held, for a person to look at.
///
/// Queues again what the receipts of this record prove to be lost: everything with an etag above
/// `version`, or everything when the record is gone; each once. Returns whether anything is queued again.
Result<bool> requeue_lost(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                          std::optional<std::int64_t> version, Instant now);

/// For a record that was read after the organization had told of the version `held`: an older one proves that it
/// was restored. Queues again what it lost of the record; the next cycle compares all.
Result<void> look_for_restored(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                               const std::string& held_etag, const std::string& read_etag, Instant now);

/// The same with the version that is here.
Result<void> look_for_restored(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                               const std::string& read_etag, Instant now);

/// Of a record that is there again, made by somebody else: what an edit was to make again with it is said by that edit, or
/// queued again. What others made of the record was not met by that yet: where it is, `plan` asks about it.
Result<void> say_again(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                       const Fields& theirs, const conflict::Policy& policy, conflict::Plan& plan,
                       Instant now);

/// Notes, once a cycle, that the organization was restored and why we think so.
Result<void> note_restored(CycleWork& cycle, localstore::Transaction& transaction, const std::string& why,
                           Instant now);

} // namespace hawser::engine

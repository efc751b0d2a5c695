#pragma once

#include "hawser/synchronizer.h"
#include "localstore/store.h"

#include <optional>
#include <string_view>

namespace hawser::engine {

/// Everything that the disk tells of a replica, without an engine: the connection, the queue, the
/// tables, the last cycle, and who holds the lock.
Result<Status> status_from_disk(const Replica& replica);

/// "since_offline": when the last stay offline began. Written by the engine when the state is left.
inline constexpr std::string_view offline_since_setting = "sync.offline_since";
inline constexpr std::string_view last_error_setting = "sync.last_error";
inline constexpr std::string_view next_attempt_setting = "sync.next_attempt";

/// Until when the organization wants quiet, also from the processes that come later; empty when it
/// does not. A moment too far off was written under another clock.
std::optional<Instant> held_until(const localstore::Store& store, Instant now);
inline constexpr std::string_view held_until_setting = "sync.held_until";

} // namespace hawser::engine

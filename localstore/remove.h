#pragma once

#include "hawser/result.h"

#include <filesystem>

namespace hawser::localstore {

/// What becomes of changes that were not sent, and of questions that nobody decided.
enum class Unsent {
    keep, ///< They refuse the removal, unless a journal holds all of them as they are now (`exported_setting`).
    lose,
};

/// Removes the replica with all that Hawser keeps beside it, but for files that a repair kept. Fails with store.changes_wait,
/// which says how many, with store.busy and store.locked as `SoleUse` does, and with what `Store::open` says of a file
/// that is no replica or cannot be read; a damaged one goes only with `Unsent::lose`. After a failure everything is as it
/// was; a crash leaves the replica whole, or files beside it that the next `create` there does not mind.
Result<void> remove(const std::filesystem::path& replica, Unsent unsent);

} // namespace hawser::localstore

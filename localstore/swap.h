#pragma once

#include "hawser/result.h"

#include <filesystem>

namespace hawser::localstore {

/// Puts a repaired file, which has no log, in the place of the damaged one, which keeps `kept` as its name,
/// with its log. A crash leaves the one or the other in place; where it leaves the damaged file without its
/// log, `undo_unfinished_swap` brings that back.
Result<void> swap_in(const std::filesystem::path& replica, const std::filesystem::path& repaired,
                     const std::filesystem::path& kept);

/// For a process that holds the engine's lock file, or is about to open the replica: takes back what a
/// repair that was killed left half done. Fails with store.busy while one is under way. Costs one look at
/// the file where there is none.
Result<void> undo_unfinished_swap(const std::filesystem::path& replica, bool has_lock);

/// A name for the damaged file that is not taken.
std::filesystem::path free_name(const std::filesystem::path& replica);

} // namespace hawser::localstore

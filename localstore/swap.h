#pragma once

#include "hawser/result.h"
#include "localstore/platform/file_use.h"

#include <chrono>
#include <filesystem>

namespace hawser::localstore {

/// Puts a repaired file, which has no log, in the place of the damaged one, which keeps `kept` as its name,
/// with its log. For who uses the replica alone. Several renames make it, so that a note beside the replica
/// (".repairing") says that it is under way; when it fails, or a crash cuts it short, nobody opens the replica
/// before `finish_swap`.
Result<void> swap_in(const std::filesystem::path& replica, const std::filesystem::path& repaired,
                     const std::filesystem::path& kept);

/// For who uses the replica alone: a swap that did not come to its end is taken back, with all edits of the
/// damaged file and its log; unless somebody put another file in the replica's place meanwhile. Fails with
/// store.busy while a program that does not know of our lock, such as a shell of SQLite, has a part open.
Result<void> finish_swap(const std::filesystem::path& replica);

/// Joins those who have the replica open, and finishes a swap before that. Fails with store.busy when a
/// repair is under way for longer than `patience`.
Result<platform::FileUse> use_replica(const std::filesystem::path& replica,
                                      std::chrono::milliseconds patience);

/// Whether a swap was begun and did not come to its end.
bool is_swap_unfinished(const std::filesystem::path& replica);

/// A name for the damaged file that neither it nor its log would share with another.
std::filesystem::path free_name(const std::filesystem::path& replica);

} // namespace hawser::localstore

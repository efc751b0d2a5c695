#pragma once

#include "hawser/result.h"

#include <filesystem>

namespace hawser::localstore {

/// Whether SQLite can read the list of tables of this file and all of ours are in it.
bool has_readable_tables(const std::filesystem::path& replica);

/// Makes at `scratch` a private copy of a replica, its log folded in, whose list of tables is written
/// anew: our tables stand where every replica has them. Good for reading its tables, in full scans,
/// and for nothing else. The damaged file is only read. Fails with store.not_a_database when the file
/// has not even the size of a replica.
Result<void> graft_tables(const std::filesystem::path& damaged, const std::filesystem::path& scratch);

} // namespace hawser::localstore

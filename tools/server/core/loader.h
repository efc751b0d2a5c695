#pragma once

#include "tools/server/core/call.h"

namespace hawser::server {

/// Loads every TABLE.jsonl of a directory. Expects a transaction. Refuses an unknown file name, an
/// unknown column or an unfit value, naming file and line.
Result<Loaded> load_files(World& world, const std::string& directory, Instant now);

} // namespace hawser::server

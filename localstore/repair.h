#pragma once

#include "hawser/clock.h"
#include "hawser/result.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hawser::localstore {

struct RepairReport {
    std::filesystem::path damaged;              ///< Where the damaged file is kept.
    std::map<std::string, std::int64_t> copied; ///< Rows by what they are: "change", "intent", …
    std::vector<std::string> unreadable;        ///< What could not be read or failed its checksum, by name.
};

/// Builds a new replica from a damaged one and puts it in its place; the damaged files are renamed,
/// never deleted. Binding, tables, queue, intents, conflicts, shadows, staged versions, aliases,
/// receipts, scopes and the records they refer to are copied row by row, each checked; other records
/// are to be pulled again, so every checkpoint is reset. What is lost and only a cache of the organization
/// is made again for the next sync to fill; a change that cannot be believed is held; a change that cannot
/// be read is lost and named. Fails with store.busy while any process has the replica open, this one too;
/// who opens it meanwhile waits for the repaired one, and fails with store.busy when that takes too long.
/// The new replica has been opened and its queue listed before it is put in place. Where none can be made,
/// store.beyond_repair says why and which changes are lost, and the damaged file stays as it is.
/// A crash leaves the damaged file and its log, or the repaired one: whoever opens the replica next puts
/// them back where the repair had moved them already.
Result<RepairReport> repair(const std::filesystem::path& replica, Instant now);

/// The same into a file of the caller's choice, leaving the damaged one where it is.
Result<RepairReport> salvage(const std::filesystem::path& damaged, const std::filesystem::path& target,
                             Instant now);

} // namespace hawser::localstore

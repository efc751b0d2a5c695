#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace hawser::localstore::platform {

/// A process that has this SQLite file open, by the lock that each connection keeps in WAL mode from its
/// first read on; the calling process is found, too. Empty when there is none or the system does not say.
/// May be called while the file is open here: it leaves every lock as it is. POSIX only; Windows is not yet.
std::optional<std::int64_t> process_that_has_open(const std::filesystem::path& file);

} // namespace hawser::localstore::platform

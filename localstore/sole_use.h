#pragma once

#include "hawser/result.h"
#include "localstore/platform/file_lock.h"
#include "localstore/platform/file_use.h"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace hawser::localstore {

/// That nobody else has the replica open or synchronizes it, for as long as this lives. A swap that did not come to its
/// end is taken back first.
class SoleUse {
public:
    /// Waits for nobody. Fails with store.missing when there is nothing, with store.busy while any process has the
    /// replica open, this one or a shell of SQLite too, and with store.locked while it is synchronized.
    static Result<SoleUse> of(const std::filesystem::path& replica);

    const platform::FileUse& use() const { return use_; }

private:
    SoleUse(platform::FileUse use, platform::FileLock lock) : use_(std::move(use)), lock_(std::move(lock)) {}

    platform::FileUse use_;
    platform::FileLock lock_;
};

/// The refusal while it is open elsewhere. `process` when it is known.
Error open_elsewhere(const std::filesystem::path& replica, std::optional<std::int64_t> process);

} // namespace hawser::localstore

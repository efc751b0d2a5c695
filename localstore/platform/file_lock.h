#pragma once

#include "hawser/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hawser::localstore::platform {

/// An exclusive lock on a small file of its own, with a text in it that others may read. The system
/// releases it when the process ends. POSIX only; Windows is not yet.
class FileLock {
public:
    /// Makes the file (owner-only) when it is missing. Empty when somebody else holds it.
    static Result<std::optional<FileLock>> try_lock(const std::filesystem::path& path);
    FileLock(FileLock&&) noexcept;
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

    Result<std::string> read() const;
    /// Replaces the text and syncs it.
    Result<void> write(std::string_view text);
    /// What tells this very file from a copy of it.
    std::uint64_t identity() const;

    /// The text while somebody holds the lock, else "".
    static std::string peek(const std::filesystem::path& path);

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

} // namespace hawser::localstore::platform

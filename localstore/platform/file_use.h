#pragma once

#include "hawser/result.h"

#include <chrono>
#include <filesystem>
#include <optional>

namespace hawser::localstore::platform {

/// That a replica is in use: shared by all who have it open, or kept by one alone, who may put another
/// file in its place. A lock on a byte of the replica's lock file, beside the one of `FileLock`; it belongs
/// to this object and not to the process, and the system releases it when the process ends. POSIX with
/// locks of open files (Linux); Windows is not yet.
class FileUse {
public:
    /// Makes the lock file when it is missing, for the owner of the replica alone. Where that may not be,
    /// where there is no place for it, or where the system has no such locks, the use is granted without one.
    /// Empty when another one keeps the replica alone for longer than `patience`.
    static Result<std::optional<FileUse>> share(const std::filesystem::path& replica,
                                                std::chrono::milliseconds patience);
    /// Fails when the lock file cannot be opened and locked. Empty when somebody else uses the replica for longer than
    /// `patience`.
    static Result<std::optional<FileUse>> alone(const std::filesystem::path& replica,
                                                std::chrono::milliseconds patience);
    FileUse(FileUse&&) noexcept;
    FileUse& operator=(FileUse&&) noexcept;
    ~FileUse();

    /// Whether the lock file was not there before.
    bool made_the_file() const { return made_; }

private:
    FileUse(int descriptor, bool made) : descriptor_(descriptor), made_(made) {}
    static FileUse open(const std::filesystem::path& replica, int access);
    static Result<std::optional<FileUse>> lock(FileUse use, const std::filesystem::path& replica, int kind,
                                               std::chrono::milliseconds patience);

    int descriptor_ = -1; ///< Not open: not locked.
    bool made_ = false;
};

} // namespace hawser::localstore::platform

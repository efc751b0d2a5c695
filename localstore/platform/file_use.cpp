#include "localstore/platform/file_use.h"

#include "localstore/error_codes.h"
#include "localstore/suffix.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace hawser::localstore::platform {
namespace {

/// Beyond all text of the lock file.
constexpr off_t locked_byte = 1 << 20;
constexpr std::chrono::milliseconds between_looks{5};

std::filesystem::path lock_file_of(const std::filesystem::path& replica)
{
    return with_suffix(replica, ".lock");
}

Error failure(std::string_view what, const std::filesystem::path& replica, int reason)
{
    const bool refused = reason == EACCES || reason == EPERM || reason == EROFS;
    return Error{ErrorKind::stop, std::string(refused ? code::permission : code::input_output),
                 "The lock file " + lock_file_of(replica).string() + " cannot be " + std::string(what) +
                     ": " + std::strerror(reason) + "."};
}

} // namespace

FileUse FileUse::open(const std::filesystem::path& replica, int access)
{
    constexpr mode_t owner = S_IRUSR | S_IWUSR;
    const auto lock_file = lock_file_of(replica);
    const int descriptor = ::open(lock_file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, owner);
    if (descriptor >= 0) {
        // Who looks at somebody else's replica must not keep him out of it.
        struct stat found {};
        const bool foreign = ::stat(replica.c_str(), &found) == 0 && found.st_uid != ::geteuid();
        if (foreign && ::fchown(descriptor, found.st_uid, found.st_gid) != 0) {
            ::unlink(lock_file.c_str());
            ::close(descriptor);
            errno = EPERM;
            return {-1, false};
        }
        return {descriptor, true};
    }
    return {::open(lock_file.c_str(), access | O_CLOEXEC), false};
}

Result<std::optional<FileUse>> FileUse::lock(FileUse use, const std::filesystem::path& replica, int kind,
                                             std::chrono::milliseconds patience)
{
    struct flock wanted {};
    wanted.l_type = static_cast<short>(kind);
    wanted.l_whence = SEEK_SET;
    wanted.l_start = locked_byte;
    wanted.l_len = 1;
    while (::fcntl(use.descriptor_, F_OFD_SETLK, &wanted) != 0) {
        if (errno == EINTR) continue;
        const bool none_here = errno == EINVAL || errno == ENOLCK || errno == EOPNOTSUPP;
        if (none_here && kind == F_RDLCK) return std::optional<FileUse>{FileUse(-1, use.made_)};
        if (errno != EAGAIN && errno != EACCES) return failure("locked", replica, errno);
        if (patience <= std::chrono::milliseconds{0}) return std::optional<FileUse>{};
        std::this_thread::sleep_for(between_looks);
        patience -= between_looks;
    }
    return std::optional<FileUse>{std::move(use)};
}

Result<std::optional<FileUse>> FileUse::share(const std::filesystem::path& replica,
                                              std::chrono::milliseconds patience)
{
    FileUse use = open(replica, O_RDWR);
    if (use.descriptor_ < 0 && errno != ENOENT) use = open(replica, O_RDONLY);
    if (use.descriptor_ >= 0) return lock(std::move(use), replica, F_RDLCK, patience);
    for (const int harmless : {EACCES, EPERM, EROFS, ENOSPC, EDQUOT, ENOENT})
        if (errno == harmless) return std::optional<FileUse>{std::move(use)};
    return failure("opened", replica, errno);
}

Result<std::optional<FileUse>> FileUse::alone(const std::filesystem::path& replica,
                                              std::chrono::milliseconds patience)
{
    FileUse use = open(replica, O_RDWR);
    if (use.descriptor_ < 0) return failure("opened", replica, errno);
    return lock(std::move(use), replica, F_WRLCK, patience);
}

FileUse::FileUse(FileUse&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), made_(other.made_)
{
}

FileUse& FileUse::operator=(FileUse&& other) noexcept
{
    std::swap(descriptor_, other.descriptor_);
    std::swap(made_, other.made_);
    return *this;
}

FileUse::~FileUse()
{
    if (descriptor_ >= 0) ::close(descriptor_);
}

} // namespace hawser::localstore::platform

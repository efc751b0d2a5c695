#include "localstore/platform/permissions.h"

#include "localstore/error_codes.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hawser::localstore::platform {
namespace {

constexpr mode_t owner_only_file = S_IRUSR | S_IWUSR;
constexpr mode_t owner_only_folder = S_IRWXU;

Error failure(const std::filesystem::path& path, std::string_view what, int reason)
{
    const bool full = reason == ENOSPC || reason == EDQUOT;
    const bool refused = reason == EACCES || reason == EPERM || reason == EROFS;
    const std::string_view found = full ? code::disk_full : refused ? code::permission : code::input_output;
    return Error{ErrorKind::stop, std::string(found),
                 path.string() + " " + std::string(what) + ": " + std::strerror(reason) + "."};
}

} // namespace

Result<void> create_private_file(const std::filesystem::path& path)
{
    const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, owner_only_file);
    if (descriptor < 0) return failure(path, "cannot be made", errno);
    ::close(descriptor);
    return {};
}

Result<void> create_private_folder(const std::filesystem::path& path)
{
    std::error_code failed;
    if (path.empty() || std::filesystem::is_directory(path, failed)) return {};
    if (path.has_parent_path() && path.parent_path() != path)
        if (auto made = create_private_folder(path.parent_path()); !made) return made;
    if (::mkdir(path.c_str(), owner_only_folder) != 0 && errno != EEXIST)
        return failure(path, "cannot be made", errno);
    return {};
}

Result<void> make_private(const std::filesystem::path& path)
{
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0)
        return errno == ENOENT ? Result<void>{} : Result<void>{failure(path, "cannot be looked at", errno)};
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
    if (::chmod(path.c_str(), found.st_mode & S_IRWXU) != 0)
        return failure(path, "cannot be made private", errno);
    return {};
}

void give_to_owner_of(const std::filesystem::path& other, const std::filesystem::path& file)
{
    struct stat found {};
    if (::stat(other.c_str(), &found) != 0 || found.st_uid == ::geteuid()) return;
    // The one who cannot give it away is not the one who could not be let in.
    [[maybe_unused]] const int given = ::chown(file.c_str(), found.st_uid, found.st_gid);
}

// A file system gives the number of a file that was removed to the next one, so that the time of birth
// belongs to it; where none is kept it counts as 0.
std::uint64_t identity_of(const std::filesystem::path& path)
{
    struct statx found {};
    if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &found) != 0) return 0;
    const auto born =
        static_cast<std::uint64_t>(found.stx_btime.tv_sec) * 1'000'000'000U + found.stx_btime.tv_nsec;
    const std::uint64_t identity = born * 1'000'003U ^ found.stx_ino;
    return identity == 0 ? 1 : identity;
}

Result<void> sync_file(const std::filesystem::path& path)
{
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return failure(path, "cannot be opened", errno);
    const int result = ::fsync(descriptor) != 0 ? errno : 0;
    ::close(descriptor);
    if (result != 0) return failure(path, "cannot be synced", result);
    return {};
}

Result<void> sync_folder(const std::filesystem::path& path)
{
    const std::filesystem::path folder = path.empty() ? std::filesystem::path(".") : path;
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failure(folder, "cannot be opened", errno);
    // Some file systems cannot sync a folder and say so; there is nothing more to be done then.
    const int result = ::fsync(descriptor) != 0 && errno != EINVAL ? errno : 0;
    ::close(descriptor);
    if (result != 0) return failure(folder, "cannot be synced", result);
    return {};
}

} // namespace hawser::localstore::platform

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

std::uint64_t identity_of(const std::filesystem::path& path)
{
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_ino) : 0;
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

#include "localstore/platform/file_lock.h"

#include "localstore/error_codes.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hawser::localstore::platform {
namespace {

constexpr std::size_t longest_text = 4096;

Error failure(std::string_view what, const std::string& name, int reason)
{
    const bool refused = reason == EACCES || reason == EPERM || reason == EROFS;
    return Error{ErrorKind::stop, std::string(refused ? code::permission : code::input_output),
                 "The lock file " + name + " cannot be " + std::string(what) + ": " + std::strerror(reason) +
                     "."};
}

std::string read_all(int descriptor)
{
    std::string text(longest_text, '\0');
    const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

} // namespace

Result<std::optional<FileLock>> FileLock::try_lock(const std::filesystem::path& path)
{
    const int descriptor = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor < 0) return failure("opened", path.string(), errno);
    FileLock lock(descriptor);
    // flock belongs to the open file and not to the process, so that two engines of one process
    // exclude each other too.
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return std::optional<FileLock>{};
        return failure("locked", path.string(), errno);
    }
    return std::optional<FileLock>{std::move(lock)};
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_)
{
    other.descriptor_ = -1;
}

FileLock::~FileLock()
{
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::string> FileLock::read() const
{
    return read_all(descriptor_);
}

Result<void> FileLock::write(std::string_view text)
{
    if (text.size() > longest_text) text = text.substr(0, longest_text);
    // Written before it is cut, so that a crash leaves the old text or the new one at its beginning.
    const ssize_t written = ::pwrite(descriptor_, text.data(), text.size(), 0);
    if (written != static_cast<ssize_t>(text.size())) return failure("written", "", errno);
    if (::ftruncate(descriptor_, static_cast<off_t>(text.size())) != 0 || ::fsync(descriptor_) != 0)
        return failure("written", "", errno);
    return {};
}

std::uint64_t FileLock::identity() const
{
    struct stat found {};
    return ::fstat(descriptor_, &found) == 0 ? static_cast<std::uint64_t>(found.st_ino) : 0;
}

std::string FileLock::peek(const std::filesystem::path& path)
{
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return {};
    std::string text = read_all(descriptor);
    const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0;
    ::close(descriptor);
    return held ? text : std::string();
}

} // namespace hawser::localstore::platform

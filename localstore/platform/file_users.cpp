#include "localstore/platform/file_users.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hawser::localstore::platform {
namespace {

// Where SQLite locks: https://www.sqlite.org/src/file/src/os.h, PENDING_BYTE to the end of the shared range.
constexpr off_t first_locked_byte = 0x40000000;
constexpr off_t locked_bytes = 512;

/// In the child: a process that closes a file it had locked loses the lock, so that nobody may look with a
/// descriptor of a process that works with it. Only what is allowed between fork and exec.
[[noreturn]] void look(const char* path, int answer)
{
    struct flock wanted {};
    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = first_locked_byte;
    wanted.l_len = locked_bytes;
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    std::int64_t holder = 0;
    if (file >= 0 && ::fcntl(file, F_GETLK, &wanted) == 0 && wanted.l_type != F_UNLCK) holder = wanted.l_pid;
    const bool told = ::write(answer, &holder, sizeof holder) == static_cast<ssize_t>(sizeof holder);
    ::_exit(told ? 0 : 1);
}

} // namespace

std::optional<std::int64_t> process_that_has_open(const std::filesystem::path& file)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    const pid_t child = ::fork();
    if (child == 0) look(file.c_str(), ends[1]);
    ::close(ends[1]);
    std::int64_t holder = 0;
    ssize_t taken = -1;
    if (child > 0) {
        do taken = ::read(ends[0], &holder, sizeof holder);
        while (taken < 0 && errno == EINTR);
        while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    ::close(ends[0]);
    if (taken != static_cast<ssize_t>(sizeof holder) || holder == 0) return std::nullopt;
    return holder;
}

} // namespace hawser::localstore::platform

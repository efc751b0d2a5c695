#include "localstore/platform/wake.h"

#include "localstore/error_codes.h"
#include "localstore/platform/permissions.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hawser::localstore::platform {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& replica)
{
    std::filesystem::path folder = replica;
    folder += ".wake";
    return folder;
}

std::optional<sockaddr_un> address_of(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Error unavailable(const std::filesystem::path& replica, const std::string& why)
{
    return Error{ErrorKind::retry, "store.no_wake",
                 "Changes by other programs to " + replica.string() + " are polled for: " + why + "."};
}

} // namespace

WakeListener::WakeListener(int descriptor, std::filesystem::path socket)
    : descriptor_(descriptor), socket_(std::move(socket))
{
}

WakeListener::~WakeListener()
{
    ::close(descriptor_);
    ::unlink(socket_.c_str());
}

Result<std::unique_ptr<WakeListener>> WakeListener::listen(const std::filesystem::path& replica)
{
    static std::atomic<unsigned> listeners{0};
    const auto folder = folder_of(replica);
    if (auto made = create_private_folder(folder); !made) return made.error();
    const auto socket = folder / (std::to_string(::getpid()) + "." + std::to_string(listeners.fetch_add(1)));
    const auto address = address_of(socket.string());
    if (!address) return unavailable(replica, "its path is too long for a socket");
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return unavailable(replica, std::strerror(errno));
    ::unlink(socket.c_str());
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
        const int reason = errno;
        ::close(descriptor);
        return unavailable(replica, std::strerror(reason));
    }
    return std::unique_ptr<WakeListener>(new WakeListener(descriptor, socket));
}

int WakeListener::descriptor() const
{
    return descriptor_;
}

bool WakeListener::drain()
{
    char byte = 0;
    bool any = false;
    while (::recv(descriptor_, &byte, sizeof byte, 0) >= 0) any = true;
    return any;
}

bool WakeListener::wait(std::chrono::milliseconds longest)
{
    pollfd waiting{descriptor_, POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(longest.count())) > 0 && drain();
}

void wake(const std::filesystem::path& replica)
{
    const auto folder = folder_of(replica);
    DIR* entries = ::opendir(folder.c_str());
    if (entries == nullptr) return;
    int descriptor = -1;
    while (const dirent* entry = ::readdir(entries)) {
        if (entry->d_name[0] == '.') continue;
        const std::string path = (folder / entry->d_name).string();
        const auto address = address_of(path);
        if (!address) continue;
        if (descriptor < 0) descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (descriptor < 0) break;
        const char byte = 1;
        // A full socket buffer means that a wake is waiting there already.
        if (::sendto(descriptor, &byte, sizeof byte, MSG_NOSIGNAL,
                     reinterpret_cast<const sockaddr*>(&*address), sizeof *address) < 0 &&
            errno == ECONNREFUSED)
            ::unlink(path.c_str());
    }
    if (descriptor >= 0) ::close(descriptor);
    ::closedir(entries);
}

} // namespace hawser::localstore::platform

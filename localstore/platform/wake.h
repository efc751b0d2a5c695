#pragma once

#include "hawser/result.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace hawser::localstore::platform {

/// Hears that some process wrote to a replica: a datagram socket in the folder "<replica>.wake".
/// Where that cannot be (a path too long for a socket, an odd file system) `listen` fails and the
/// caller polls Store::data_version instead. Wakes may be coalesced or spurious, never relied on.
class WakeListener {
public:
    static Result<std::unique_ptr<WakeListener>> listen(const std::filesystem::path& replica);
    ~WakeListener();
    WakeListener(const WakeListener&) = delete;
    WakeListener& operator=(const WakeListener&) = delete;

    /// Readable when there is a wake; for an event loop. Owned by this object.
    int descriptor() const;
    /// Takes all wakes there are, without waiting. Whether there was one.
    bool drain();
    /// Waits for one, at most so long. Whether there was one.
    bool wait(std::chrono::milliseconds longest);

private:
    WakeListener(int descriptor, std::filesystem::path socket);
    int descriptor_;
    std::filesystem::path socket_;
};

/// Wakes every listener of the replica. Never blocks, never fails; removes sockets nobody serves.
void wake(const std::filesystem::path& replica);

} // namespace hawser::localstore::platform

#include "localstore/sole_use.h"

#include "localstore/error_codes.h"
#include "localstore/platform/file_users.h"
#include "localstore/suffix.h"
#include "localstore/swap.h"

#include <string>
#include <system_error>
#include <utility>

namespace hawser::localstore {

Error open_elsewhere(const std::filesystem::path& replica, std::optional<std::int64_t> process)
{
    return Error{ErrorKind::retry, std::string(code::busy),
                 "The replica " + replica.string() + " is open in another program" +
                     (process ? " (process " + std::to_string(*process) + ")" : "") +
                     ". Close that first: what it wrote meanwhile would be lost."};
}

Result<SoleUse> SoleUse::of(const std::filesystem::path& replica)
{
    std::error_code failed;
    if (!std::filesystem::is_regular_file(replica, failed) && !is_swap_unfinished(replica))
        return Error{ErrorKind::stop, std::string(code::missing),
                     "There is no replica at " + replica.string() + "."};
    auto alone = platform::FileUse::alone(replica, std::chrono::milliseconds{0});
    if (!alone) return alone.error();
    auto lock = platform::FileLock::try_lock(with_suffix(replica, ".lock"));
    if (!lock) return lock.error();
    if (!*lock)
        return Error{ErrorKind::retry, std::string(code::locked),
                     "The replica " + replica.string() + " is being synchronized. Stop that first."};
    // Also who has it open without our locks, such as a shell of SQLite.
    const auto process = platform::process_that_has_open(replica);
    if (!*alone || process) return open_elsewhere(replica, process);
    if (auto finished = finish_swap(replica); !finished) return finished.error();
    return SoleUse(std::move(**alone), std::move(**lock));
}

} // namespace hawser::localstore

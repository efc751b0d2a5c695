#include "localstore/repair.h"

#include "localstore/fence.h"
#include "localstore/platform/file_lock.h"
#include "localstore/platform/permissions.h"
#include "localstore/salvage.h"

#include <system_error>

namespace hawser::localstore {
namespace {

using std::filesystem::path;

path with_suffix(const path& base, const std::string& suffix)
{
    path result = base;
    result += suffix;
    return result;
}

void remove_files(const path& base)
{
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
        std::filesystem::remove(with_suffix(base, suffix), ignored);
}

path free_name(const path& replica)
{
    std::error_code ignored;
    for (int number = 1;; ++number) {
        path name = with_suffix(replica, ".damaged-" + std::to_string(number));
        if (!std::filesystem::exists(name, ignored)) return name;
    }
}

Error cannot_move(const path& from, const path& to, const std::error_code& failed)
{
    return Error{ErrorKind::stop, std::string(code::input_output),
                 from.string() + " cannot be kept as " + to.string() + ": " + failed.message() + "."};
}

/// The repaired file takes the place of the damaged one in one step; the damaged one has its second
/// name before that, and so has its log.
Result<void> swap(const path& replica, const path& repaired, const path& kept)
{
    std::error_code failed;
    std::filesystem::create_hard_link(replica, kept, failed);
    if (failed) std::filesystem::copy_file(replica, kept, failed);
    if (failed) return cannot_move(replica, kept, failed);
    for (const char* suffix : {"-wal", "-shm"}) {
        if (!std::filesystem::exists(with_suffix(replica, suffix))) continue;
        std::filesystem::rename(with_suffix(replica, suffix), with_suffix(kept, suffix), failed);
        if (failed) return cannot_move(with_suffix(replica, suffix), with_suffix(kept, suffix), failed);
    }
    std::filesystem::rename(repaired, replica, failed);
    if (failed) return cannot_move(repaired, replica, failed);
    return platform::sync_folder(replica.parent_path());
}

} // namespace

Result<RepairReport> repair(const path& replica, Instant)
{
    std::error_code failed;
    if (!std::filesystem::is_regular_file(replica, failed))
        return Error{ErrorKind::stop, std::string(code::missing),
                     "There is no replica at " + replica.string() + "."};
    auto lock = platform::FileLock::try_lock(with_suffix(replica, ".lock"));
    if (!lock) return lock.error();
    if (!*lock)
        return Error{ErrorKind::retry, std::string(code::locked),
                     "The replica " + replica.string() + " is being synchronized. Stop that first."};
    const path growing = with_suffix(replica, ".repaired");
    remove_files(growing);
    auto report = salvage(replica, growing);
    if (!report) {
        remove_files(growing);
        return report;
    }
    report->damaged = free_name(replica);
    if (auto swapped = swap(replica, growing, report->damaged); !swapped) return swapped.error();
    return report;
}

Result<RepairReport> salvage(const path& damaged, const path& target)
{
    if (auto made = platform::create_private_file(target); !made) return made.error();
    auto report = fenced(damaged, [&]() -> Result<RepairReport> { return Salvage(damaged, target).run(); });
    if (!report) remove_files(target);
    return report;
}

} // namespace hawser::localstore

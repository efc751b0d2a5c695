#include "localstore/swap.h"

#include "localstore/error_codes.h"
#include "localstore/platform/file_lock.h"
#include "localstore/platform/permissions.h"
#include "localstore/suffix.h"

#include <array>
#include <optional>
#include <string>
#include <system_error>

namespace hawser::localstore {
namespace {

using std::filesystem::path;

constexpr std::array<const char*, 2> log_suffixes{"-wal", "-shm"};

path name_number(const path& replica, int number)
{
    return with_suffix(replica, ".damaged-" + std::to_string(number));
}

Error cannot_move(const path& from, const path& to, const std::error_code& failed)
{
    return Error{ErrorKind::stop, std::string(code::input_output),
                 from.string() + " cannot be kept as " + to.string() + ": " + failed.message() + "."};
}

/// The second name that a repair gave this very file, and died before the first went to the new one.
std::optional<path> second_name(const path& replica)
{
    std::error_code failed;
    if (std::filesystem::hard_link_count(replica, failed) < 2 || failed) return std::nullopt;
    for (int number = 1;; ++number) {
        const path name = name_number(replica, number);
        if (!std::filesystem::exists(name, failed)) return std::nullopt;
        if (std::filesystem::equivalent(replica, name, failed)) return name;
    }
}

} // namespace

path free_name(const path& replica)
{
    std::error_code ignored;
    for (int number = 1;; ++number)
        if (path name = name_number(replica, number); !std::filesystem::exists(name, ignored)) return name;
}

Result<void> swap_in(const path& replica, const path& repaired, const path& kept)
{
    std::error_code failed;
    std::filesystem::create_hard_link(replica, kept, failed);
    if (failed) std::filesystem::copy_file(replica, kept, failed);
    if (failed) return cannot_move(replica, kept, failed);
    // The log first: beside the new file it would be taken for that one's.
    for (const char* suffix : log_suffixes) {
        if (!std::filesystem::exists(with_suffix(replica, suffix))) continue;
        std::filesystem::rename(with_suffix(replica, suffix), with_suffix(kept, suffix), failed);
        if (failed) return cannot_move(with_suffix(replica, suffix), with_suffix(kept, suffix), failed);
    }
    std::filesystem::rename(repaired, replica, failed);
    if (failed) return cannot_move(repaired, replica, failed);
    return platform::sync_folder(replica.parent_path());
}

Result<void> undo_unfinished_swap(const path& replica, bool has_lock)
{
    if (!second_name(replica)) return {};
    std::optional<platform::FileLock> lock;
    if (!has_lock) {
        auto taken = platform::FileLock::try_lock(with_suffix(replica, ".lock"));
        if (!taken) return taken.error();
        if (!*taken)
            return Error{ErrorKind::retry, std::string(code::busy),
                         "The replica " + replica.string() + " is being repaired. Try again in a moment."};
        lock.emplace(std::move(**taken));
    }
    const auto kept = second_name(replica);
    if (!kept) return {};
    std::error_code failed;
    for (const char* suffix : log_suffixes) {
        const path log = with_suffix(replica, suffix);
        const path kept_log = with_suffix(*kept, suffix);
        if (!std::filesystem::exists(kept_log)) continue;
        std::filesystem::rename(kept_log, log, failed);
        if (failed) return cannot_move(kept_log, log, failed);
    }
    std::filesystem::remove(*kept, failed);
    if (failed) return cannot_move(*kept, replica, failed);
    return platform::sync_folder(replica.parent_path());
}

} // namespace hawser::localstore

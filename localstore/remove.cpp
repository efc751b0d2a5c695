#include "localstore/remove.h"

#include "localstore/database.h"
#include "localstore/error_codes.h"
#include "localstore/fence.h"
#include "localstore/file_check.h"
#include "localstore/ids.h"
#include "localstore/queue_mark.h"
#include "localstore/sole_use.h"
#include "localstore/suffix.h"

#include <string>
#include <system_error>

namespace hawser::localstore {
namespace {

using std::filesystem::path;

std::string counted(std::int64_t number, const char* one, const char* more)
{
    return std::to_string(number) + (number == 1 ? one : more);
}

/// Whether all that waits is in a journal, as it is now.
bool is_exported(Database& database)
{
    Statement exported = database.prepare("SELECT value FROM hawser_setting WHERE name = ?1");
    return exported.with(exported_setting).step() && exported.text(0) == queue_mark(database);
}

Result<void> check_settled(Database& database, const path& replica)
{
    Statement row = database.prepare("SELECT (SELECT count(*) FROM hawser_change WHERE live = 1), "
                                     "(SELECT count(*) FROM hawser_conflict WHERE closed_at IS NULL)");
    row.step();
    const std::int64_t changes = row.integer(0);
    const std::int64_t questions = row.integer(1);
    if ((changes == 0 && questions == 0) || is_exported(database)) return {};
    std::string what;
    if (changes > 0) what = counted(changes, " change that is not sent", " changes that are not sent");
    if (questions > 0)
        what += (what.empty() ? "" : " and ") + counted(questions, " open conflict", " open conflicts");
    return Error{ErrorKind::refuse, std::string(code::changes_wait),
                 "The replica " + replica.string() + " holds " + what +
                     ". Synchronize, decide, export (`hawser queue export FILE`) or discard them first; "
                     "`hawser queue` and "
                     "`hawser conflicts` show them."};
}

/// The log is folded back into the file, so that no log is left that could be taken for that of another file.
Result<void> fold_log(Database& database, const path& replica)
{
    Statement folded = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
    if (folded.step() && folded.integer(0) == 0) return {};
    return open_elsewhere(replica, std::nullopt);
}

bool is_damage(const Error& error)
{
    return error.code == code::corrupt || error.code == code::failed;
}

/// A file that was not ours keeps no lock file of ours.
void leave_alone(const path& replica, const platform::FileUse& use)
{
    std::error_code ignored;
    if (use.made_the_file()) std::filesystem::remove(with_suffix(replica, ".lock"), ignored);
}

/// The file first: what lies beside it is nothing without it.
Result<void> remove_files(const path& replica)
{
    std::error_code failed;
    std::filesystem::remove(replica, failed);
    if (failed)
        return Error{ErrorKind::stop, std::string(code::permission),
                     "The replica " + replica.string() + " cannot be removed: " + failed.message() +
                         ". Nothing was removed."};
    for (const char* suffix : {"-wal", "-shm", "-journal", ".lock"})
        std::filesystem::remove(with_suffix(replica, suffix), failed);
    std::filesystem::remove_all(with_suffix(replica, ".wake"), failed);
    return {};
}

} // namespace

Result<void> remove(const path& given, Unsent unsent)
{
    const path replica = file_behind(given);
    const auto alone = SoleUse::of(replica);
    if (!alone) return alone.error();
    const Result<void> ready = fenced(replica, [&]() -> Result<void> {
        DatabaseOptions options;
        options.path = replica;
        Database database(options);
        if (auto ours = check_header(database); !ours) return ours;
        if (unsent == Unsent::keep)
            if (auto settled = check_settled(database, replica); !settled) return settled;
        return fold_log(database, replica);
    });
    if (!ready && !(unsent == Unsent::lose && is_damage(ready.error()))) {
        leave_alone(replica, alone->use());
        return ready;
    }
    if (auto removed = remove_files(replica); !removed) return removed;
    std::error_code ignored;
    if (given != replica) std::filesystem::remove(given, ignored);
    return {};
}

} // namespace hawser::localstore

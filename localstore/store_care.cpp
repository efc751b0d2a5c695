#include "localstore/file_check.h"
#include "localstore/platform/permissions.h"
#include "localstore/store.h"
#include "localstore/store_impl.h"

namespace hawser::localstore {

Result<std::vector<std::string>> Store::integrity_check() const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<std::string>> {
        std::vector<std::string> findings = broken_rows(database);
        for (const std::string& part : foreign_parts(database, tables))
            findings.push_back("Hawser did not make " + part + ".");
        return findings;
    });
}

Result<void> Store::backup(const std::filesystem::path& target) const
{
    std::error_code failed;
    if (std::filesystem::exists(target, failed))
        return refusal(code::exists, target.string() + " exists already. Name another file for the backup.");
    if (auto made = platform::create_private_file(target); !made) return made;
    auto copied = fenced(path(), [&]() -> Result<void> {
        // A reader's connection, so that the copy is of one moment and writers go on.
        Impl::Reader reader = impl_->borrow();
        DatabaseOptions where;
        where.path = target;
        Database copy(where);
        sqlite3_backup* backup =
            sqlite3_backup_init(copy.handle(), "main", reader.database().handle(), "main");
        if (backup == nullptr) throw SQLite::Exception(copy.handle());
        const int stepped = sqlite3_backup_step(backup, -1);
        const int finished = sqlite3_backup_finish(backup);
        if (stepped != SQLITE_DONE) throw SQLite::Exception(copy.handle(), stepped);
        if (finished != SQLITE_OK) throw SQLite::Exception(copy.handle(), finished);
        return {};
    });
    if (!copied) {
        std::filesystem::remove(target, failed);
        return copied;
    }
    for (const char* suffix : {"-wal", "-shm"})
        if (auto done = platform::make_private(target.string() + suffix); !done) return done;
    return platform::sync_folder(target.parent_path());
}

} // namespace hawser::localstore

#include "localstore/store.h"

#include "localstore/copies.h"
#include "localstore/file_check.h"
#include "localstore/platform/permissions.h"
#include "localstore/store_impl.h"
#include "localstore/suffix.h"
#include "localstore/swap.h"
#include "localstore/views.h"
#include "schema_text.h"

#include <system_error>

namespace hawser::localstore {
namespace {

Error missing(const std::filesystem::path& path)
{
    return Error{ErrorKind::refuse, std::string(code::missing),
                 "There is no replica at " + path.string() + ". Make one with `hawser init`."};
}

void remove_files(const std::filesystem::path& path)
{
    std::error_code ignored;
    for (const std::string_view suffix : {"", "-wal", "-shm", "-journal"})
        std::filesystem::remove(with_suffix(path, suffix), ignored);
}

void write_new_file(const StoreOptions& options, const std::filesystem::path& path, const Binding& binding,
                    Instant now, const std::map<std::string, std::string>& settings)
{
    DatabaseOptions where;
    where.path = path;
    where.vfs = options.vfs;
    where.busy_timeout = options.busy_timeout;
    Database database(where);
    database.execute("PRAGMA page_size = " + std::to_string(options.page_bytes));
    database.execute("PRAGMA synchronous = FULL");
    database.execute("BEGIN IMMEDIATE");
    database.execute("PRAGMA application_id = " + std::to_string(application_id));
    database.execute("PRAGMA user_version = " + std::to_string(schema_version));
    database.execute(schema_text);
    database
        .prepare(
            "INSERT INTO hawser_meta (one, organization, user, mailbox, url, instance, nonce, next_nonce, "
            "locked, made_at, layout_version, view_version, generation) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, "
            "?6, 0, ?7, 1, ?8, 0)")
        .with(binding.organization, binding.user, binding.mailbox, binding.url, binding.instance,
              binding.nonce, now, view_version)
        .run();
    database.prepare("INSERT INTO hawser_connection (one, state, since, reason) VALUES (1, 'online', ?1, '')")
        .with(now)
        .run();
    keep_binding_copy(database);
    for (const auto& [name, value] : settings)
        database.prepare("INSERT INTO hawser_setting (name, value) VALUES (?1, ?2)").with(name, value).run();
    database.execute("COMMIT");
    database.execute("PRAGMA journal_mode = WAL");
}

void renew_views(Database& database)
{
    Statement version = database.prepare("SELECT view_version FROM hawser_meta WHERE one = 1");
    if (version.step() && version.integer(0) >= view_version) return;
    version.reset();
    database.execute("BEGIN IMMEDIATE");
    make_views(database, *load_tables(database));
    database.prepare("UPDATE hawser_meta SET view_version = ?1 WHERE one = 1").with(view_version).run();
    database.execute("COMMIT");
}

std::string listed(const std::vector<std::string>& names)
{
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// The cheap check of a file that is opened for writing.
Result<void> check_for_use(Database& database, TableCache& tables)
{
    const std::string path = database.path().string();
    const auto foreign = foreign_parts(database, *tables.current(database));
    if (!foreign.empty())
        return Error{
            ErrorKind::stop, std::string(code::foreign),
            "The replica " + path + " holds " + listed(foreign) +
                ", which Hawser did not make. Drop it with the sqlite3 shell, or run `hawser repair`, which "
                "carries your changes over; nothing was touched."};
    const auto broken = broken_queue_rules(database);
    if (!broken.empty())
        return Error{ErrorKind::stop, std::string(code::inconsistent),
                     "The queue of the replica " + path + " is not whole: " + listed(broken) +
                         " Run `hawser repair`, which carries your changes over; nothing was touched."};
    return {};
}

Database connect(const StoreOptions& options, Access access)
{
    DatabaseOptions where;
    where.path = options.path;
    where.vfs = options.vfs;
    where.busy_timeout = options.busy_timeout;
    where.access = access;
    return Database(where);
}

Result<void> look_at(const StoreOptions& options, Access access)
{
    return fenced(options.path, [&]() -> Result<void> {
        Database database = connect(options, access);
        sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        return check_header(database);
    });
}

bool has_log(const std::filesystem::path& path)
{
    std::error_code none;
    const auto size = std::filesystem::file_size(with_suffix(path, "-wal"), none);
    return !none && size > 0;
}

/// How the file can be read where reading is all that is wanted. Usually SQLite keeps shared memory
/// beside it, for which a full disk or somebody else's folder has no place.
Result<Access> find_access(const StoreOptions& options)
{
    const auto usual = look_at(options, Access::read_only);
    if (usual) return Access::read_only;
    const std::string_view why = usual.error().code;
    if (why != code::disk_full && why != code::input_output && why != code::permission &&
        why != code::read_only)
        return usual.error();
    if (look_at(options, Access::alone)) return Access::alone;
    if (!has_log(options.path) && look_at(options, Access::frozen)) return Access::frozen;
    return usual.error();
}

/// What a file goes through before it is written to.
Result<void> make_ready(Database& database, TableCache& tables)
{
    if (auto fine = check_header(database); !fine) return fine;
    if (sqlite3_db_readonly(database.handle(), "main") != 0)
        throw SQLite::Exception("attempt to write a readonly database", SQLITE_READONLY);
    migrate(database, migrations());
    if (auto fine = check_for_use(database, tables); !fine) return fine;
    renew_views(database);
    return {};
}

} // namespace

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::create(const StoreOptions& given, const Binding& binding, Instant now,
                                             const std::map<std::string, std::string>& settings)
{
    StoreOptions options = given;
    options.path = file_behind(given.path);
    if (is_swap_unfinished(options.path))
        if (auto finished = use_replica(options.path, options.busy_timeout); !finished)
            return finished.error();
    std::error_code failed;
    if (std::filesystem::exists(options.path, failed))
        return refusal(code::exists,
                       options.path.string() +
                           " exists already. Open it, or name another place for the new replica.");
    if (options.path.has_parent_path())
        if (auto made = platform::create_private_folder(options.path.parent_path()); !made)
            return made.error();
    // The file is made whole under another name, so that a crash leaves no half of a replica.
    const auto growing = with_suffix(options.path, ".new");
    remove_files(growing);
    if (auto made = platform::create_private_file(growing); !made) return made.error();
    auto written = fenced(growing, [&]() -> Result<void> {
        write_new_file(options, growing, binding, now, settings);
        return {};
    });
    if (written) {
        std::filesystem::rename(growing, options.path, failed);
        if (failed)
            written = Error{ErrorKind::stop, std::string(code::input_output),
                            "The new replica cannot be put at " + options.path.string() + ": " +
                                failed.message() + "."};
        else
            written = platform::sync_folder(options.path.parent_path());
    }
    if (!written) {
        remove_files(growing);
        return written.error();
    }
    return open(options);
}

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& given)
{
    std::error_code failed;
    StoreOptions options = given;
    options.path = file_behind(given.path);
    const auto status = std::filesystem::status(options.path, failed);
    if (!std::filesystem::exists(status) && !is_swap_unfinished(options.path)) return missing(options.path);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        return Error{ErrorKind::stop, std::string(code::not_a_database),
                     options.path.string() + " is no file. Name the replica's own file."};
    auto use = use_replica(options.path, options.busy_timeout);
    if (!use) return use.error();
    const bool new_lock_file = use->made_the_file();
    auto opened = open_used(options, *std::move(use));
    const bool foreign = !opened && (opened.error().code == code::not_a_database ||
                                     opened.error().code == code::not_a_replica);
    if (foreign && new_lock_file) std::filesystem::remove(with_suffix(options.path, ".lock"), failed);
    return opened;
}

Result<std::unique_ptr<Store>> Store::open_used(const StoreOptions& options, platform::FileUse&& use)
{
    if (options.mode == OpenMode::inspect) {
        const auto reading = find_access(options);
        if (!reading) return reading.error();
        return std::unique_ptr<Store>(new Store(std::make_unique<Impl>(options, *reading, std::move(use))));
    }
    for (const std::string_view suffix : {"", "-wal", "-shm"})
        if (auto done = platform::make_private(with_suffix(options.path, suffix)); !done) break;
    auto impl = std::make_unique<Impl>(options, Access::read_only, std::move(use));
    if (auto started = impl->start(make_ready); !started) return started.error();
    return std::unique_ptr<Store>(new Store(std::move(impl)));
}

const std::filesystem::path& Store::path() const
{
    return impl_->options().path;
}

Result<void> Store::transact(Durability durability, const std::function<Result<void>(Transaction&)>& body)
{
    return impl_->write(Turn::engine, durability, [&](TransactionState& state) -> Result<void> {
        Transaction transaction(state);
        return body(transaction);
    });
}

std::uint64_t Store::observe(Observer observer)
{
    return impl_->observe(std::move(observer));
}

void Store::forget(std::uint64_t observer)
{
    impl_->forget(observer);
}

Result<std::int64_t> Store::data_version() const
{
    return impl_->data_version();
}

Result<void> Store::checkpoint_log()
{
    return fenced(path(), [&]() -> Result<void> {
        impl_->checkpoint_log(true);
        return {};
    });
}

} // namespace hawser::localstore

#include "localstore/database.h"

#include "base/decimal.h"
#include "localstore/error_codes.h"
#include "localstore/json_extract.h"

#include <array>
#include <cstring>

namespace hawser::localstore {
namespace {

std::string_view argument(sqlite3_value* value)
{
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    if (text == nullptr) return {};
    return {text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

/// hawser_compare(a, b): -1, 0 or 1 for two canonical decimals, NULL when one is NULL.
void compare_decimals(sqlite3_context* context, int, sqlite3_value** values)
{
    if (sqlite3_value_type(values[0]) == SQLITE_NULL || sqlite3_value_type(values[1]) == SQLITE_NULL) return;
    const auto order =
        compare(Decimal{std::string(argument(values[0]))}, Decimal{std::string(argument(values[1]))});
    sqlite3_result_int(context, order < 0 ? -1 : order > 0 ? 1 : 0);
}

void configure(sqlite3* handle, int option, int value)
{
    if (sqlite3_db_config(handle, option, value, nullptr) != SQLITE_OK) throw SQLite::Exception(handle);
}

/// A path as a URI: https://www.sqlite.org/uri.html.
std::string uri_of(const std::filesystem::path& path)
{
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : std::filesystem::absolute(path).string()) {
        if (plain.find(c) != std::string_view::npos) {
            uri += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        uri += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return uri;
}

std::string name_of(const DatabaseOptions& options)
{
    return options.access == Access::frozen ? uri_of(options.path) + "?immutable=1" : options.path.string();
}

int flags_of(Access access)
{
    switch (access) {
    case Access::read_only:
        return SQLite::OPEN_READONLY;
    case Access::frozen:
        return SQLite::OPEN_READONLY | SQLite::OPEN_URI;
    // To keep others out takes a descriptor that could write.
    case Access::alone:
    case Access::read_write:
        break;
    }
    return SQLite::OPEN_READWRITE;
}

} // namespace

Statement::Statement(Statement&& other) noexcept : statement_(other.statement_), home_(other.home_)
{
    other.statement_ = nullptr;
}

Statement::~Statement()
{
    if (statement_ == nullptr) return;
    if (home_ == nullptr) {
        sqlite3_finalize(statement_);
        return;
    }
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    home_->push_back(statement_);
}

void Statement::check(int result) const
{
    if (result != SQLITE_OK) throw SQLite::Exception(sqlite3_db_handle(statement_), result);
}

void Statement::bind(int parameter, std::int64_t value)
{
    check(sqlite3_bind_int64(statement_, parameter, value));
}

void Statement::bind(int parameter, double value)
{
    check(sqlite3_bind_double(statement_, parameter, value));
}

void Statement::bind(int parameter, std::string_view text)
{
    // An empty view may have no address, which SQLite would take for NULL.
    const char* data = text.data() == nullptr ? "" : text.data();
    check(sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(int parameter, const Guid& id)
{
    check(sqlite3_bind_blob(statement_, parameter, id.bytes.data(), static_cast<int>(id.bytes.size()),
                            SQLITE_TRANSIENT));
}

void Statement::bind(int parameter, Instant instant)
{
    bind(parameter, static_cast<std::int64_t>(instant.time_since_epoch().count()));
}

void Statement::bind(int parameter, std::nullptr_t)
{
    check(sqlite3_bind_null(statement_, parameter));
}

void Statement::bind_borrowed(int parameter, std::string_view text)
{
    const char* data = text.data() == nullptr ? "" : text.data();
    check(sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_borrowed(int parameter, const Guid& id)
{
    check(sqlite3_bind_blob(statement_, parameter, id.bytes.data(), static_cast<int>(id.bytes.size()),
                            SQLITE_STATIC));
}

bool Statement::step()
{
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    throw SQLite::Exception(sqlite3_db_handle(statement_), result);
}

void Statement::run()
{
    while (step()) {
    }
    sqlite3_reset(statement_);
}

void Statement::reset()
{
    sqlite3_reset(statement_);
}

std::string_view Statement::text(int column) const
{
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Guid Statement::guid(int column) const
{
    Guid id;
    const void* data = sqlite3_column_blob(statement_, column);
    if (data == nullptr || sqlite3_column_bytes(statement_, column) != static_cast<int>(id.bytes.size()))
        throw Failure{Error{ErrorKind::stop, std::string(code::corrupt),
                            "The replica holds an id that is not 16 bytes long. Run `hawser repair`."}};
    std::memcpy(id.bytes.data(), data, id.bytes.size());
    return id;
}

std::optional<Instant> Statement::optional_instant(int column) const
{
    if (is_null(column)) return std::nullopt;
    return instant(column);
}

Database::Database(const DatabaseOptions& options)
    : path_(options.path),
      database_(name_of(options), flags_of(options.access), static_cast<int>(options.busy_timeout.count()),
                options.vfs)
{
    sqlite3_extended_result_codes(handle(), 1);
    // Before the file is first read: https://www.sqlite.org/wal.html#use_of_wal_without_shared_memory.
    if (options.access == Access::alone) execute("PRAGMA locking_mode = EXCLUSIVE");
    configure(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1);
    configure(handle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
    configure(handle(), SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0);
    configure(handle(), SQLITE_DBCONFIG_DQS_DDL, 0);
    configure(handle(), SQLITE_DBCONFIG_DQS_DML, 0);
    // Else whatever might use a partial index is compiled anew for each value that is bound.
    configure(handle(), SQLITE_DBCONFIG_ENABLE_QPSG, 1);
    sqlite3_create_function_v2(handle(), "hawser_compare", 2,
                               SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr,
                               compare_decimals, nullptr, nullptr, nullptr);
    install_json_extract(handle());
    execute("PRAGMA cache_size = -" + std::to_string(options.cache_kilobytes));
    execute("PRAGMA cell_size_check = ON");
    execute("PRAGMA temp_store = MEMORY");
    if (options.access != Access::read_write) execute("PRAGMA query_only = ON");
    if (options.max_pages > 0) execute("PRAGMA max_page_count = " + std::to_string(options.max_pages));
}

Database::~Database()
{
    for (auto& [text, statements] : idle_)
        for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
    for (auto& [text, statements] : idle_built_)
        for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
}

sqlite3_stmt* Database::compile(const char* text, unsigned flags)
{
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v3(handle(), text, -1, flags, &statement, nullptr);
    if (result != SQLITE_OK) throw SQLite::Exception(handle(), result);
    return statement;
}

Statement Database::prepare(Literal sql)
{
    return take(sql.text, idle_[sql.text]);
}

Statement Database::prepare_built(const std::string& sql)
{
    constexpr std::size_t most_kept = 32;
    const auto known = idle_built_.find(sql);
    if (known != idle_built_.end()) return take(sql.c_str(), known->second);
    if (idle_built_.size() >= most_kept) return prepare_once(sql);
    return take(sql.c_str(), idle_built_[sql]);
}

Statement Database::take(const char* sql, std::vector<sqlite3_stmt*>& idle)
{
    if (idle.empty()) return {compile(sql, SQLITE_PREPARE_PERSISTENT), &idle};
    sqlite3_stmt* statement = idle.back();
    idle.pop_back();
    return {statement, &idle};
}

Statement Database::prepare_once(const std::string& sql)
{
    return {compile(sql.c_str(), 0), nullptr};
}

bool Database::was_replaced() const
{
    int moved = 0;
    return sqlite3_file_control(handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

void Database::execute(const std::string& sql)
{
    const int result = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) throw SQLite::Exception(handle(), result);
}

ReadTransaction::ReadTransaction(Database& database) : database_(database)
{
    database_.prepare("BEGIN").run();
}

ReadTransaction::~ReadTransaction()
{
    if (!database_.in_transaction()) return;
    try {
        database_.prepare("ROLLBACK").run();
    } catch (const std::exception&) {
        // Nothing was written; a connection that cannot end a read refuses the next one.
    }
}

} // namespace hawser::localstore

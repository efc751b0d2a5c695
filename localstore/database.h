#pragma once

#include "hawser/clock.h"
#include "hawser/guid.h"
#include "hawser/result.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

/// A failure found deep inside a transaction, on its way to the fence; never leaves localstore.
struct Failure {
    Error error;
};

/// A string literal: what a cached statement is found by.
struct Literal {
    const char* text;
    template <std::size_t size>
    consteval Literal(const char (&literal)[size]) : text(literal)
    {
    }
};

/// One prepared statement in use. Reset and given back when it goes out of scope. Parameters count
/// from 1, columns from 0. Every failure throws SQLite::Exception.
class Statement {
public:
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    void bind(int parameter, std::int64_t value);
    void bind(int parameter, int value) { bind(parameter, static_cast<std::int64_t>(value)); }
    void bind(int parameter, bool value) { bind(parameter, static_cast<std::int64_t>(value)); }
    void bind(int parameter, double value);
    void bind(int parameter, std::string_view text);
    void bind(int parameter, const std::string& text) { bind(parameter, std::string_view(text)); }
    void bind(int parameter, const char* text) { bind(parameter, std::string_view(text)); }
    void bind(int parameter, const Guid& id);
    void bind(int parameter, Instant instant);
    void bind(int parameter, std::nullptr_t);
    template <class T>
    void bind(int parameter, const std::optional<T>& value)
    {
        if (value)
            bind(parameter, *value);
        else
            bind(parameter, nullptr);
    }
    /// Not copied: must stay until the next reset.
    void bind_borrowed(int parameter, std::string_view text);
    void bind_borrowed(int parameter, const Guid& id);

    template <class... Values>
    Statement& with(const Values&... values)
    {
        int parameter = 0;
        (bind(++parameter, values), ...);
        return *this;
    }

    bool step(); ///< Whether there is a row.
    void run();  ///< Steps to the end and resets, for the next binding.
    void reset();

    bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
    std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    std::string_view text(int column) const; ///< Valid until the next step.
    std::string string(int column) const { return std::string(text(column)); }
    Guid guid(int column) const; ///< Throws a Failure when it is none.
    Instant instant(int column) const { return Instant{std::chrono::seconds{integer(column)}}; }
    std::optional<Instant> optional_instant(int column) const;

    sqlite3_stmt* handle() const { return statement_; }

private:
    friend class Database;
    Statement(sqlite3_stmt* statement, std::vector<sqlite3_stmt*>* home) : statement_(statement), home_(home)
    {
    }
    void check(int result) const;

    sqlite3_stmt* statement_;
    std::vector<sqlite3_stmt*>* home_; ///< None: finalized after use.
};

enum class Access {
    read_write,
    read_only,
    alone,  ///< Reads, and keeps every other connection out: needs no shared memory beside the file.
    frozen, ///< Reads a file that nobody writes and that has no log: needs nothing beside it.
};

struct DatabaseOptions {
    std::filesystem::path path;
    std::string vfs{};
    Access access = Access::read_write;
    std::chrono::milliseconds busy_timeout{5000};
    int cache_kilobytes = 2048;
    std::int64_t max_pages = 0;
};

/// One SQLite connection with the settings of architecture section 10, and its prepared statements.
/// For one thread at a time. The file must exist.
class Database {
public:
    explicit Database(const DatabaseOptions& options);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Statement prepare(Literal sql);
    /// The same for a text that is put together out of a few parts; the first of them are kept, too.
    Statement prepare_built(const std::string& sql);
    Statement prepare_once(const std::string& sql);
    Statement adopt(sqlite3_stmt* statement) { return {statement, nullptr}; } ///< Finalizes it.
    void execute(const std::string& sql);

    std::int64_t changes() const { return sqlite3_changes64(handle()); }
    std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle()); }
    sqlite3* handle() const { return database_.getHandle(); }
    const std::filesystem::path& path() const { return path_; }
    /// Whether another file has its name by now.
    bool was_replaced() const;
    bool in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

private:
    Statement take(const char* sql, std::vector<sqlite3_stmt*>& idle);
    sqlite3_stmt* compile(const char* text, unsigned flags);

    std::filesystem::path path_;
    SQLite::Database database_;
    std::map<const char*, std::vector<sqlite3_stmt*>> idle_;
    std::map<std::string, std::vector<sqlite3_stmt*>> idle_built_;
};

/// A read transaction: what is read within it is of one moment. Ends when it goes out of scope.
class ReadTransaction {
public:
    explicit ReadTransaction(Database& database);
    ~ReadTransaction();
    ReadTransaction(const ReadTransaction&) = delete;
    ReadTransaction& operator=(const ReadTransaction&) = delete;

private:
    Database& database_;
};

} // namespace hawser::localstore

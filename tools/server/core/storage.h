#pragma once

#include "hawser/clock.h"
#include "hawser/guid.h"
#include "tools/server/core/catalogue.h"
#include "tools/server/core/row.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::server {

/// A prepared statement that is out on loan; it goes back to its pool at the end.
class Loan {
public:
    using Pool = std::vector<std::unique_ptr<SQLite::Statement>>;
    Loan(Pool& pool, std::unique_ptr<SQLite::Statement> statement)
        : pool_(&pool), statement_(std::move(statement))
    {
    }
    Loan(Loan&&) = default;
    Loan& operator=(Loan&&) = delete;
    ~Loan();
    SQLite::Statement* operator->() { return statement_.get(); }
    SQLite::Statement& operator*() { return *statement_; }

private:
    Pool* pool_;
    std::unique_ptr<SQLite::Statement> statement_;
};

/// Steps over rows. `row` is valid until `next` is called again.
class Cursor {
public:
    explicit Cursor(Loan loan) : loan_(std::move(loan)) {}
    bool next() { return loan_->executeStep(); }
    Row row();

private:
    Loan loan_;
};

struct Deletion {
    std::int64_t version = 0;
    Guid id;
};

/// The organization's database. A row's version is its rowid, so that "what changed since" is a
/// range of neighbouring pages, and it is unique in the whole database. Throws SQLite::Exception.
class Storage {
public:
    Storage(const std::string& path, const std::string& vfs, const Catalogue& catalogue);

    void begin();
    void commit();
    void roll_back();
    bool in_transaction() const { return in_transaction_; }
    void savepoint(); ///< Savepoints nest; each ends with one of the next two.
    void release();
    void roll_back_to_savepoint();

    std::int64_t version() const { return version_; } ///< The highest one given out.

    std::optional<StoredRow> find(const Table& table, const Guid& id);
    bool exists(const Table& table, const Guid& id);
    /// The owner alone, without reading the body; nothing when there is no such row.
    std::optional<Guid> owner(const Table& table, const Guid& id);
    /// Gives the row the next version and stores it.
    void insert(const Table& table, StoredRow& row);
    void update(const Table& table, StoredRow& row);
    void erase(const Table& table, const Row& row, Instant now);

    Cursor by_id(const Table& table, const Guid& after);
    Cursor by_version(const Table& table, std::int64_t after, std::int64_t up_to);
    Cursor by_parent(const Table& table, const Guid& parent);
    std::vector<Deletion> deletions(const Table& table, std::int64_t after, std::int64_t up_to,
                                    std::size_t limit);
    std::size_t deletion_count(const Table& table, std::int64_t after, std::int64_t up_to);
    std::size_t count(const Table& table);
    std::size_t changed_count(const Table& table, std::int64_t after, std::int64_t up_to);

    std::optional<std::string> value(std::string_view name); ///< Small facts about the database.
    void put_value(std::string_view name, std::string_view value);

    SQLite::Database& database() { return database_; }

private:
    enum class Purpose { find, owner, insert, erase, by_id, by_version, by_parent, count, changed, end };
    Loan statement(const Table& table, Purpose purpose);
    Loan statement(const char* sql);
    std::string text_of(const Table& table, Purpose purpose) const;
    void create_tables();
    void check_layout();
    void write(const Table& table, const StoredRow& row);

    const Catalogue& catalogue_;
    SQLite::Database database_;
    std::vector<Loan::Pool> pools_;
    std::map<const char*, Loan::Pool> other_pools_;
    std::int64_t version_ = 0;
    bool in_transaction_ = false;
    int savepoints_ = 0;
};

} // namespace hawser::server

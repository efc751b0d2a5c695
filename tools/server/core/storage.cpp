#include "tools/server/core/storage.h"

#include <sqlite3.h>

#include <cstring>
#include <stdexcept>

namespace hawser::server {
namespace {

constexpr std::int64_t first_version = 1000000;
constexpr std::size_t kept_statements = 4;

Guid guid_in(const SQLite::Column& column)
{
    Guid id;
    if (column.getBytes() == 16) std::memcpy(id.bytes.data(), column.getBlob(), 16);
    return id;
}

void bind_guid(SQLite::Statement& statement, int at, const Guid& id)
{
    if (id.is_nil()) {
        statement.bind(at);
    } else {
        statement.bindNoCopy(at, id.bytes.data(), static_cast<int>(id.bytes.size()));
    }
}

StoredRow kept(const Row& row)
{
    return {row.version, row.id, row.parent, row.owner, std::string(row.body)};
}

} // namespace

Loan::~Loan()
{
    if (!statement_) return;
    statement_->tryReset();
    if (pool_->size() < kept_statements) pool_->push_back(std::move(statement_));
}

Row Cursor::row()
{
    Row row;
    row.version = loan_->getColumn(0).getInt64();
    row.id = guid_in(loan_->getColumn(1));
    row.parent = guid_in(loan_->getColumn(2));
    row.owner = guid_in(loan_->getColumn(3));
    const SQLite::Column body = loan_->getColumn(4);
    row.body = {static_cast<const char*>(body.getBlob()), static_cast<std::size_t>(body.getBytes())};
    return row;
}

Storage::Storage(const std::string& path, const std::string& vfs, const Catalogue& catalogue)
    : catalogue_(catalogue),
      database_(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5000, vfs),
      pools_(catalogue.tables().size() * static_cast<std::size_t>(Purpose::end))
{
    database_.exec("PRAGMA journal_mode = WAL");
    database_.exec("PRAGMA synchronous = NORMAL");
    database_.exec("PRAGMA cache_size = -131072");
    database_.exec("PRAGMA trusted_schema = OFF");
    begin();
    create_tables();
    check_layout();
    commit();
    version_ = first_version;
    SQLite::Statement newest(database_, "SELECT max(version) FROM deletion");
    if (newest.executeStep()) version_ = std::max(version_, newest.getColumn(0).getInt64());
    for (const Table& table : catalogue_.tables()) {
        SQLite::Statement highest(database_, "SELECT max(version) FROM \"row_" + table.name + "\"");
        if (highest.executeStep()) version_ = std::max(version_, highest.getColumn(0).getInt64());
    }
}

void Storage::create_tables()
{
    database_.exec("CREATE TABLE IF NOT EXISTS fact(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID");
    database_.exec("CREATE TABLE IF NOT EXISTS deletion(version INTEGER PRIMARY KEY, code INTEGER NOT NULL,"
                   " id BLOB NOT NULL, at INTEGER NOT NULL)");
    database_.exec("CREATE INDEX IF NOT EXISTS deletion_by_code ON deletion(code, version)");
    for (const Table& table : catalogue_.tables()) {
        const std::string name = "\"row_" + table.name + "\"";
        database_.exec("CREATE TABLE IF NOT EXISTS " + name +
                       "(version INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, parent BLOB, owner BLOB,"
                       " body BLOB NOT NULL)");
        database_.exec("CREATE INDEX IF NOT EXISTS \"parent_" + table.name + "\" ON " + name +
                       "(parent) WHERE parent IS NOT NULL");
    }
}

/// Stored bodies refer to columns by position, so a database whose columns are not a beginning of
/// ours was made by another program.
void Storage::check_layout()
{
    for (const Table& table : catalogue_.tables()) {
        std::string names;
        for (const Column& column : table.columns) names += column.name + ' ';
        const std::string fact = "layout." + table.name;
        const std::optional<std::string> stored = value(fact);
        if (stored && names.rfind(*stored, 0) != 0)
            throw std::runtime_error("its table " + table.name +
                                     " has other columns than this program knows");
        if (stored != names) put_value(fact, names);
    }
}

void Storage::begin()
{
    statement("BEGIN IMMEDIATE")->exec();
    in_transaction_ = true;
    savepoints_ = 0;
}

void Storage::commit()
{
    statement("COMMIT")->exec();
    in_transaction_ = false;
}

void Storage::roll_back()
{
    if (in_transaction_) database_.tryExec("ROLLBACK");
    in_transaction_ = false;
}

void Storage::savepoint()
{
    statement("SAVEPOINT step")->exec();
    ++savepoints_;
}

void Storage::release()
{
    statement("RELEASE step")->exec();
    --savepoints_;
}

void Storage::roll_back_to_savepoint()
{
    statement("ROLLBACK TO step")->exec();
    release();
}

std::string Storage::text_of(const Table& table, Purpose purpose) const
{
    const std::string name = "\"row_" + table.name + "\"";
    const std::string rows = "SELECT version, id, parent, owner, body FROM " + name;
    switch (purpose) {
    case Purpose::find:
        return rows + " WHERE id = ?1";
    case Purpose::owner:
        return "SELECT owner FROM " + name + " WHERE id = ?1";
    case Purpose::insert:
        return "INSERT INTO " + name + "(version, id, parent, owner, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    case Purpose::erase:
        return "DELETE FROM " + name + " WHERE version = ?1";
    case Purpose::by_id:
        return rows + " WHERE id > ?1 ORDER BY id";
    case Purpose::by_version:
        return rows + " WHERE version > ?1 AND version <= ?2 ORDER BY version";
    case Purpose::by_parent:
        return rows + " WHERE parent = ?1 ORDER BY version";
    case Purpose::count:
        return "SELECT count(*) FROM " + name;
    case Purpose::changed:
        return "SELECT count(*) FROM " + name + " WHERE version > ?1 AND version <= ?2";
    case Purpose::end:
        break;
    }
    return {};
}

Loan Storage::statement(const Table& table, Purpose purpose)
{
    Loan::Pool& pool = pools_[catalogue_.index(table) * static_cast<std::size_t>(Purpose::end) +
                              static_cast<std::size_t>(purpose)];
    if (pool.empty()) return {pool, std::make_unique<SQLite::Statement>(database_, text_of(table, purpose))};
    Loan loan(pool, std::move(pool.back()));
    pool.pop_back();
    return loan;
}

Loan Storage::statement(const char* sql)
{
    Loan::Pool& pool = other_pools_[sql];
    if (pool.empty()) return {pool, std::make_unique<SQLite::Statement>(database_, sql)};
    Loan loan(pool, std::move(pool.back()));
    pool.pop_back();
    return loan;
}

std::optional<StoredRow> Storage::find(const Table& table, const Guid& id)
{
    Loan loan = statement(table, Purpose::find);
    bind_guid(*loan, 1, id);
    Cursor cursor(std::move(loan));
    if (!cursor.next()) return std::nullopt;
    return kept(cursor.row());
}

bool Storage::exists(const Table& table, const Guid& id)
{
    return owner(table, id).has_value();
}

std::optional<Guid> Storage::owner(const Table& table, const Guid& id)
{
    Loan loan = statement(table, Purpose::owner);
    bind_guid(*loan, 1, id);
    if (!loan->executeStep()) return std::nullopt;
    return guid_in(loan->getColumn(0));
}

void Storage::write(const Table& table, const StoredRow& row)
{
    Loan loan = statement(table, Purpose::insert);
    loan->bind(1, row.version);
    bind_guid(*loan, 2, row.id);
    bind_guid(*loan, 3, row.parent);
    bind_guid(*loan, 4, row.owner);
    loan->bindNoCopy(5, row.body.data(), static_cast<int>(row.body.size()));
    loan->exec();
}

void Storage::insert(const Table& table, StoredRow& row)
{
    row.version = ++version_;
    write(table, row);
}

void Storage::update(const Table& table, StoredRow& row)
{
    Loan loan = statement(table, Purpose::erase);
    loan->bind(1, row.version);
    loan->exec();
    insert(table, row);
}

void Storage::erase(const Table& table, const Row& row, Instant now)
{
    {
        Loan loan = statement(table, Purpose::erase);
        loan->bind(1, row.version);
        loan->exec();
    }
    Loan loan = statement("INSERT INTO deletion(version, code, id, at) VALUES (?1, ?2, ?3, ?4)");
    loan->bind(1, ++version_);
    loan->bind(2, static_cast<std::int64_t>(table.code));
    bind_guid(*loan, 3, row.id);
    loan->bind(4, static_cast<std::int64_t>(now.time_since_epoch().count()));
    loan->exec();
}

Cursor Storage::by_id(const Table& table, const Guid& after)
{
    Loan loan = statement(table, Purpose::by_id);
    loan->bind(1, after.bytes.data(), static_cast<int>(after.bytes.size()));
    return Cursor(std::move(loan));
}

Cursor Storage::by_version(const Table& table, std::int64_t after, std::int64_t up_to)
{
    Loan loan = statement(table, Purpose::by_version);
    loan->bind(1, after);
    loan->bind(2, up_to);
    return Cursor(std::move(loan));
}

Cursor Storage::by_parent(const Table& table, const Guid& parent)
{
    Loan loan = statement(table, Purpose::by_parent);
    loan->bind(1, parent.bytes.data(), static_cast<int>(parent.bytes.size()));
    return Cursor(std::move(loan));
}

std::vector<Deletion> Storage::deletions(const Table& table, std::int64_t after, std::int64_t up_to,
                                         std::size_t limit)
{
    Loan loan =
        statement("SELECT version, id FROM deletion WHERE code = ?1 AND version > ?2 AND version <= ?3"
                  " ORDER BY version LIMIT ?4");
    loan->bind(1, static_cast<std::int64_t>(table.code));
    loan->bind(2, after);
    loan->bind(3, up_to);
    loan->bind(4, static_cast<std::int64_t>(limit));
    std::vector<Deletion> found;
    while (loan->executeStep()) found.push_back({loan->getColumn(0).getInt64(), guid_in(loan->getColumn(1))});
    return found;
}

std::size_t Storage::deletion_count(const Table& table, std::int64_t after, std::int64_t up_to)
{
    Loan loan = statement("SELECT count(*) FROM deletion WHERE code = ?1 AND version > ?2 AND version <= ?3");
    loan->bind(1, static_cast<std::int64_t>(table.code));
    loan->bind(2, after);
    loan->bind(3, up_to);
    return loan->executeStep() ? static_cast<std::size_t>(loan->getColumn(0).getInt64()) : 0;
}

std::size_t Storage::count(const Table& table)
{
    Loan loan = statement(table, Purpose::count);
    return loan->executeStep() ? static_cast<std::size_t>(loan->getColumn(0).getInt64()) : 0;
}

std::size_t Storage::changed_count(const Table& table, std::int64_t after, std::int64_t up_to)
{
    Loan loan = statement(table, Purpose::changed);
    loan->bind(1, after);
    loan->bind(2, up_to);
    return loan->executeStep() ? static_cast<std::size_t>(loan->getColumn(0).getInt64()) : 0;
}

std::optional<std::string> Storage::value(std::string_view name)
{
    Loan loan = statement("SELECT value FROM fact WHERE name = ?1");
    loan->bind(1, std::string(name));
    if (!loan->executeStep()) return std::nullopt;
    return loan->getColumn(0).getString();
}

void Storage::put_value(std::string_view name, std::string_view value)
{
    Loan loan = statement("INSERT INTO fact(name, value) VALUES (?1, ?2)"
                          " ON CONFLICT(name) DO UPDATE SET value = excluded.value");
    loan->bind(1, std::string(name));
    loan->bind(2, std::string(value));
    loan->exec();
}

} // namespace hawser::server

#pragma once

#include "base/time_text.h"
#include "hawser/random.h"
#include "localstore/store.h"
#include "tests/folder.h"
#include "tests/outcome.h"

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hawser::localstore::test {

using tests::code_of;
using tests::Folder;
using tests::ok;

inline Guid id(int number)
{
    Guid guid;
    guid.bytes[0] = static_cast<std::uint8_t>(number * 37);
    guid.bytes[14] = static_cast<std::uint8_t>(number / 256);
    guid.bytes[15] = static_cast<std::uint8_t>(number);
    return guid;
}

inline Instant at(int seconds)
{
    return Instant{std::chrono::seconds{1'700'000'000 + seconds}};
}

inline Column column(std::string name, ColumnType type)
{
    Column made;
    made.name = std::move(name);
    made.type = type;
    made.label = made.name;
    return made;
}

inline Table contact_table()
{
    Table table;
    table.name = "contact";
    table.entity_set = "contacts";
    table.primary_id = "contactid";
    table.primary_name = "fullname";
    table.label = "Contact";
    table.columns = {
        column("fullname", ColumnType::text),          column("firstname", ColumnType::text),
        column("telephone1", ColumnType::text),        column("age", ColumnType::integer),
        column("donotemail", ColumnType::boolean),     column("creditlimit", ColumnType::decimal),
        column("birthdate", ColumnType::date),         column("modifiedon", ColumnType::date_time),
        column("parentcustomerid", ColumnType::lookup)};
    table.columns.back().targets = {{"account", "parentcustomerid_account"},
                                    {"contact", "parentcustomerid_contact"}};
    return table;
}

inline Table account_table()
{
    Table table;
    table.name = "account";
    table.entity_set = "accounts";
    table.primary_id = "accountid";
    table.primary_name = "name";
    table.label = "Account";
    table.columns = {column("name", ColumnType::text), column("primarycontactid", ColumnType::lookup)};
    table.columns.back().targets = {{"contact", "primarycontactid"}};
    return table;
}

inline Table appointment_table()
{
    Table table;
    table.name = "appointment";
    table.entity_set = "appointments";
    table.primary_id = "activityid";
    table.primary_name = "subject";
    table.label = "Appointment";
    table.is_activity = true;
    table.columns = {column("subject", ColumnType::text), column("scheduledstart", ColumnType::date_time),
                     column("requiredattendees", ColumnType::parties)};
    return table;
}

inline Binding binding()
{
    return {id(101), id(102), "ada@example.org", "https://organization.example", id(103), id(104)};
}

inline StoreOptions options_of(const std::filesystem::path& path)
{
    StoreOptions options;
    options.path = path;
    options.cache_kilobytes = 1024;
    return options;
}

inline WriteContext by(std::string actor, int seconds = 0)
{
    WriteContext context;
    context.now = at(seconds);
    context.actor = std::move(actor);
    return context;
}

inline Value text(const char* value)
{
    return Value{std::string(value)};
}

inline std::vector<Sequence> sequences_of(const std::vector<Change>& changes)
{
    std::vector<Sequence> sequences;
    for (const Change& change : changes) sequences.push_back(change.sequence);
    return sequences;
}

/// A replica with three tables, and short words for what tests do.
class Replica {
public:
    Replica() : Replica(std::make_unique<Folder>()) {}
    explicit Replica(std::unique_ptr<Folder> folder) : Replica(options_of(folder->path() / "replica.hawser"))
    {
        folder_ = std::move(folder);
    }
    explicit Replica(StoreOptions options) : options_(std::move(options))
    {
        store = ok(Store::create(options_, binding(), at(0)));
        ok(store->transact(Durability::full, [](Transaction& transaction) -> Result<void> {
            for (const Table& table : {contact_table(), account_table(), appointment_table()})
                if (auto done = transaction.define_table(table); !done) return done;
            return {};
        }));
    }
    void reopen()
    {
        store.reset();
        store = ok(Store::open(options_));
    }

    void pull(int number, const std::string& etag, const Fields& fields, const std::string& table = "contact")
    {
        ok(store->transact(Durability::relaxed, [&](Transaction& transaction) {
            return transaction.records.replace({table, id(number)}, etag, fields, CycleNumber{1});
        }));
    }
    Result<Sequence> try_edit(const Edit& edit)
    {
        const Edit edits[] = {edit};
        auto written = store->write(edits, by("ada", ++clock_));
        if (!written) return written.error();
        return written->front();
    }
    Sequence set(int number, const Fields& fields, const std::string& table = "contact")
    {
        return ok(try_edit({ChangeKind::update, {table, id(number)}, fields}));
    }
    Sequence create(int number, const Fields& fields, const std::string& table = "contact")
    {
        return ok(try_edit({ChangeKind::create, {table, id(number)}, fields}));
    }
    Sequence erase(int number, const std::string& table = "contact")
    {
        return ok(try_edit({ChangeKind::remove, {table, id(number)}, {}}));
    }
    Undone undo(Sequence sequence) { return ok(store->undo(sequence, by("ada", ++clock_))); }

    std::optional<RecordView> get(int number, const std::string& table = "contact")
    {
        return ok(store->get({table, id(number)}));
    }
    Fields fields(int number, const std::string& table = "contact")
    {
        const auto view = get(number, table);
        if (!view) throw std::runtime_error("the record is not there");
        return view->fields;
    }
    RecordState state(int number, const std::string& table = "contact")
    {
        return ok(store->state({table, id(number)}));
    }
    Result<void> transact(const std::function<Result<void>(Transaction&)>& body)
    {
        return store->transact(Durability::full, body);
    }

    /// One intent of one update step for these changes.
    Result<void> try_send(int intent, const std::vector<Sequence>& changes, int number,
                          const std::string& table = "contact")
    {
        NewIntent made;
        made.id = id(intent);
        for (const Sequence sequence : changes) made.changes.push_back({sequence, {}});
        IntentStep step;
        step.key = {table, id(number)};
        step.method = "PATCH";
        step.path = "/contacts(1)";
        step.condition = "If-Match: W/\"1\"";
        step.body = "{}";
        made.steps.push_back(step);
        made.made_at = at(++clock_);
        return transact([&](Transaction& transaction) -> Result<void> {
            if (auto opened = transaction.intents.open(made); !opened) return opened;
            auto attempt = transaction.intents.begin_attempt(made.id, id(intent + 1), at(clock_));
            if (!attempt) return attempt.error();
            return {};
        });
    }
    void send(int intent, const std::vector<Sequence>& changes, int number,
              const std::string& table = "contact")
    {
        ok(try_send(intent, changes, number, table));
    }
    void acknowledge(int intent, int number, const std::string& etag, const Copy& representation,
                     const std::string& table = "contact")
    {
        ok(transact([&](Transaction& transaction) {
            const Acknowledged answer[] = {
                {{table, id(number)}, etag, representation, Coverage::whole_record}};
            return transaction.intents.applied(id(intent), answer, "stored", CycleNumber{2}, at(++clock_));
        }));
    }
    ConflictNumber contest(int number, const std::vector<std::string>& columns)
    {
        ConflictNumber found;
        ok(transact([&](Transaction& transaction) -> Result<void> {
            NewConflict conflict;
            conflict.key = {"contact", id(number)};
            conflict.sentence = "two people changed it";
            conflict.now = at(++clock_);
            for (const std::string& name : columns) conflict.columns.push_back({name, {}, {}, {}});
            auto opened = transaction.conflicts.open(conflict);
            if (!opened) return opened.error();
            found = *opened;
            return {};
        }));
        return found;
    }
    Copy advance(int number, const std::string& etag, const Fields& remote)
    {
        Copy local;
        ok(transact([&](Transaction& transaction) -> Result<void> {
            auto moved = transaction.records.advance_shadow({"contact", id(number)}, etag, remote,
                                                            Coverage::whole_record, CycleNumber{3});
            if (!moved) return moved.error();
            local = *moved;
            return {};
        }));
        return local;
    }

    const StoreOptions& options() const { return options_; }
    std::unique_ptr<Store> store;

private:
    std::unique_ptr<Folder> folder_;
    StoreOptions options_;
    int clock_ = 0;
};

/// Stock SQLite: what another program sees of the file.
class Stock {
public:
    explicit Stock(const std::filesystem::path& path)
    {
        if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
            throw std::runtime_error("stock sqlite3 cannot open the file");
    }
    ~Stock() { sqlite3_close(handle_); }
    Stock(const Stock&) = delete;
    Stock& operator=(const Stock&) = delete;

    void run(const std::string& sql)
    {
        char* message = nullptr;
        if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return;
        const std::string what = message != nullptr ? message : "failed";
        sqlite3_free(message);
        throw std::runtime_error(sql + ": " + what);
    }
    /// Rows as text, columns joined by '|', nulls as "NULL".
    std::vector<std::string> rows(const std::string& sql)
    {
        std::vector<std::string> found;
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
            throw std::runtime_error(sql + ": " + sqlite3_errmsg(handle_));
        while (sqlite3_step(statement) == SQLITE_ROW) {
            std::string row;
            for (int i = 0; i < sqlite3_column_count(statement); ++i) {
                if (i > 0) row += '|';
                const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
                row += value != nullptr ? value : "NULL";
            }
            found.push_back(row);
        }
        sqlite3_finalize(statement);
        return found;
    }

private:
    sqlite3* handle_ = nullptr;
};

} // namespace hawser::localstore::test

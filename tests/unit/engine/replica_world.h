#pragma once

#include "base/time_text.h"
#include "engine/replica_implementation.h"
#include "hawser/hawser.h"
#include "localstore/transaction.h"
#include "tests/catch.h"
#include "tests/folder.h"
#include "tests/outcome.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hawser::tests {

inline Guid id_of(int number)
{
    char text[37];
    std::snprintf(text, sizeof text, "20000000-0000-4000-8000-%012d", number);
    return *Guid::parse(text);
}
inline RecordKey contact(int number)
{
    return {"contact", id_of(number)};
}
inline RecordKey account(int number)
{
    return {"account", id_of(number)};
}
inline Value text(const char* value)
{
    return Value{std::string(value)};
}
inline Value number(std::int64_t value)
{
    return Value{value};
}

inline Column column(std::string name, ColumnType type, std::int64_t max_length = 0)
{
    Column made;
    made.label = name;
    made.name = std::move(name);
    made.type = type;
    made.max_length = max_length;
    return made;
}
inline Column computed(std::string name, ColumnType type)
{
    Column made = column(std::move(name), type);
    made.creatable = made.updatable = false;
    return made;
}

/// A table with a column of every kind that the face treats in a way of its own.
inline Table contact_table()
{
    Table table;
    table.name = "contact";
    table.entity_set = "contacts";
    table.primary_id = "contactid";
    table.primary_name = "lastname";
    table.label = "Contact";
    Column last_name = column("lastname", ColumnType::text, 50);
    last_name.required = true;
    last_name.label = "Last Name";
    Column gender = column("gendercode", ColumnType::choice);
    gender.choices = {{1, "Male"}, {2, "Female"}};
    Column parent = column("parentcustomerid", ColumnType::lookup);
    parent.targets = {{"account", "parentcustomerid_account"}, {"contact", "parentcustomerid_contact"}};
    Column state = column("statecode", ColumnType::state);
    state.choices = {{0, "Active"}, {1, "Inactive"}};
    state.creatable = false;
    Column status = column("statuscode", ColumnType::status);
    status.choices = {{1, "Active", 0}, {2, "Inactive", 1}};
    status.creatable = false;
    table.columns = {last_name,
                     column("firstname", ColumnType::text, 20),
                     column("jobtitle", ColumnType::text, 100),
                     column("description", ColumnType::memo, 2000),
                     column("numberofchildren", ColumnType::integer),
                     column("creditlimit", ColumnType::decimal),
                     column("donotemail", ColumnType::boolean),
                     column("birthdate", ColumnType::date),
                     column("lastonholdtime", ColumnType::date_time),
                     gender,
                     parent,
                     state,
                     status,
                     computed("createdon", ColumnType::date_time)};
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
    table.columns = {column("name", ColumnType::text, 160)};
    table.columns.front().required = true;
    return table;
}

/// A table that can only be read (I3).
inline Table note_table()
{
    Table table;
    table.name = "annotation";
    table.entity_set = "annotations";
    table.primary_id = "annotationid";
    table.label = "Note";
    table.optimistic_concurrency = false;
    table.columns = {column("subject", ColumnType::text, 500)};
    return table;
}

inline Binding binding()
{
    Binding bound;
    bound.organization_url = "https://organization.example";
    bound.organization_id = id_of(101);
    bound.user_id = id_of(102);
    bound.mailbox = "ada@organization.example";
    return bound;
}

inline ReplicaOptions options_of(const std::filesystem::path& path)
{
    ReplicaOptions options;
    options.path = path;
    return options;
}

inline void define_tables(Replica& replica)
{
    ok(replica.impl()->store->transact(
        localstore::Durability::full, [](localstore::Transaction& transaction) -> Result<void> {
            for (const Table& table : {contact_table(), account_table(), note_table()})
                if (auto done = transaction.define_table(table); !done) return done;
            return {};
        }));
}

/// Records as a pull would leave them.
inline void pull(Replica& replica, const RecordKey& key, const Fields& columns, const std::string& etag = "1")
{
    ok(replica.impl()->store->transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) {
            return transaction.records.replace(key, etag, columns, localstore::CycleNumber{1});
        }));
}

inline Edit creation(const RecordKey& key, Fields columns)
{
    return {ChangeKind::create, key, std::move(columns)};
}
inline Edit update(const RecordKey& key, Fields columns)
{
    return {ChangeKind::update, key, std::move(columns)};
}
inline Edit erasure(const RecordKey& key)
{
    return {ChangeKind::erase, key, {}};
}

/// A replica in a file of its own, with three tables and two records on the server.
class Home {
public:
    explicit Home(std::function<void(std::function<void()>)> post = {})
    {
        ReplicaOptions options = options_of(path());
        options.post = std::move(post);
        replica = std::make_unique<Replica>(ok(Replica::create(options, binding())));
        define_tables(*replica);
        pull(*replica, contact(1), {{"lastname", text("Doe")}, {"jobtitle", text("Clerk")}});
        pull(*replica, contact(2), {{"lastname", text("Roe")}});
        pull(*replica, account(1), {{"name", text("Acme")}});
    }
    std::filesystem::path path() const { return folder / "replica.hawser"; }
    ReplicaOptions options() const { return options_of(path()); }

    std::vector<Change> queue() const
    {
        ChangeFilter all;
        all.limit = 100'000;
        return ok(replica->queue(all));
    }
    ChangeNumber write(const Edit& edit)
    {
        ok(replica->write({edit}));
        return queue().back().number;
    }
    Result<void> transact(const std::function<Result<void>(localstore::Transaction&)>& body)
    {
        return replica->impl()->store->transact(localstore::Durability::full, body);
    }
    /// Freezes the changes of one record in an intent that counts as sent.
    void send(int intent, const RecordKey& key, const std::vector<ChangeNumber>& changes)
    {
        localstore::NewIntent made;
        made.id = id_of(intent);
        for (const ChangeNumber change : changes) made.changes.push_back({localstore::Sequence{change}, {}});
        localstore::IntentStep step;
        step.key = key;
        step.method = "PATCH";
        step.path = "/contacts(1)";
        step.condition = "If-Match: W/\"1\"";
        step.body = "{}";
        made.steps.push_back(step);
        ok(transact([&](localstore::Transaction& transaction) -> Result<void> {
            if (auto opened = transaction.intents.open(made); !opened) return opened;
            auto attempt = transaction.intents.begin_attempt(made.id, id_of(intent + 1), Instant{});
            if (!attempt) return attempt.error();
            return {};
        }));
    }
    void acknowledge(int intent, const RecordKey& key, const std::string& etag, const Fields& representation)
    {
        ok(transact([&](localstore::Transaction& transaction) {
            const localstore::Acknowledged answer[] = {
                {key, etag, representation, localstore::Coverage::whole_record}};
            return transaction.intents.applied(id_of(intent), answer, "stored", localstore::CycleNumber{2},
                                               Instant{});
        }));
    }
    void park(ChangeNumber change, const std::string& words)
    {
        ok(transact([&](localstore::Transaction& transaction) {
            return transaction.queue.park(localstore::Sequence{change}, words, Instant{});
        }));
    }
    /// The server's copy of a dirty record as a pull brings it, and a conflict about these columns.
    ConflictNumber contest(const RecordKey& key, const Fields& theirs,
                           const std::vector<std::string>& columns)
    {
        ConflictNumber opened = 0;
        ok(transact([&](localstore::Transaction& transaction) -> Result<void> {
            auto moved = transaction.records.advance_shadow(
                key, "2", theirs, localstore::Coverage::whole_record, localstore::CycleNumber{2});
            if (!moved) return moved.error();
            localstore::NewConflict conflict;
            conflict.key = key;
            conflict.sentence = "you and Bob both changed it";
            for (const std::string& name : columns) conflict.columns.push_back({name, {}, {}, {}});
            auto number = transaction.conflicts.open(conflict);
            if (!number) return number.error();
            opened = number->value;
            return {};
        }));
        return opened;
    }
    std::string read(const RecordKey& key, const std::string& column) const
    {
        const auto record = replica->get(key);
        if (!record) return "(" + record.error().code + ")";
        const auto found = record->columns.find(column);
        if (found == record->columns.end()) return "";
        const auto* held = std::get_if<std::string>(&found->second);
        return held ? *held : to_json(found->second);
    }

    Folder folder;
    std::unique_ptr<Replica> replica;
};

/// Work in another process, which begins when it is told. Made before any replica is opened here: a
/// process must not inherit an open SQLite file.
class OtherProcess {
public:
    explicit OtherProcess(const std::function<bool()>& work)
    {
        int ends[2] = {-1, -1};
        REQUIRE(::pipe(ends) == 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::close(ends[1]);
            char word = 0;
            if (::read(ends[0], &word, 1) != 1) ::_exit(2);
            ::_exit(work() ? 0 : 1);
        }
        ::close(ends[0]);
        start_ = ends[1];
    }
    ~OtherProcess()
    {
        if (start_ >= 0) ::close(start_);
        if (child_ > 0) finished();
    }
    OtherProcess(const OtherProcess&) = delete;
    OtherProcess& operator=(const OtherProcess&) = delete;

    void begin()
    {
        REQUIRE(::write(start_, "!", 1) == 1);
        ::close(std::exchange(start_, -1));
    }
    void kill() const { ::kill(child_, SIGKILL); }
    /// Whether the work said yes. Waits for its end.
    bool finished()
    {
        int status = 0;
        const bool ended = ::waitpid(std::exchange(child_, -1), &status, 0) > 0;
        return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    bool run()
    {
        begin();
        return finished();
    }

private:
    pid_t child_ = -1;
    int start_ = -1;
};

/// Counts what observers are told; a test waits for the count instead of sleeping.
class Told {
public:
    Replica::Observer observer()
    {
        return [this](const Notice& notice) { add(notice); };
    }
    void add(const Notice& notice)
    {
        const std::lock_guard lock(mutex_);
        notices_.push_back(notice);
        changed_.notify_all();
    }
    bool wait(std::size_t count)
    {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return notices_.size() >= count; });
    }
    std::vector<Notice> notices() const
    {
        const std::lock_guard lock(mutex_);
        return notices_;
    }
    std::size_t count() const { return notices().size(); }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Notice> notices_;
};

} // namespace hawser::tests

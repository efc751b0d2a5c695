#pragma once

#include "localstore/database.h"
#include "localstore/fence.h"
#include "localstore/gate.h"
#include "localstore/platform/file_use.h"
#include "localstore/store.h"
#include "localstore/tables.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

namespace hawser::localstore {

/// What one write transaction works with. Lives from BEGIN to COMMIT, on one thread.
class TransactionState {
public:
    TransactionState(Database& open_database, const Fold& port, WriteGate& gate,
                     std::shared_ptr<const TableSet> known)
        : database(open_database), fold(port), tables(std::move(known)), gate_(gate)
    {
    }

    Database& database;
    const Fold& fold;
    std::shared_ptr<const TableSet> tables;
    CommitNotice notice;
    std::optional<Error> failure;       ///< Something broke in the middle: only a rollback is left.
    std::int64_t rows = 0;              ///< Pulled rows so far.
    std::int64_t rows_before_yield = 0; ///< Others write to the file too; 0 = nobody does.

    void touched(const RecordKey& key);
    bool should_yield() const
    {
        return gate_.someone_waits() || (rows_before_yield > 0 && rows >= rows_before_yield);
    }

private:
    WriteGate& gate_;
};

/// Runs one verb of a transaction. What throws in the middle of it dooms the transaction.
template <class Body>
auto verb(TransactionState& state, Body&& body) -> std::invoke_result_t<Body&>
{
    try {
        return body();
    } catch (const SQLite::Exception& failure) {
        state.failure = to_error(failure, state.database.path());
    } catch (const Failure& failure) {
        state.failure = failure.error;
    }
    return *state.failure;
}

class Store::Impl {
public:
    /// `reading` is how the file was found to be readable; `use` is held as long as it is open.
    Impl(StoreOptions options, Access reading, platform::FileUse use);

    /// A read connection for the time of one call.
    class Reader {
    public:
        Reader(const Impl& store, std::unique_ptr<Database> database)
            : store_(store), database_(std::move(database))
        {
        }
        Reader(Reader&&) noexcept = default;
        ~Reader();
        Database& database() { return *database_; }

    private:
        const Impl& store_;
        std::unique_ptr<Database> database_;
    };

    /// Opens the writer, through which `make_ready` checks the file. After a refusal the store is of no use.
    Result<void> start(const std::function<Result<void>(Database&, TableCache&)>& make_ready);

    /// `body(Database&, const TableSet&)` within one read transaction.
    template <class Body>
    auto read(Body&& body) const -> std::invoke_result_t<Body&, Database&, const TableSet&>
    {
        return fenced(options_.path, [&]() -> std::invoke_result_t<Body&, Database&, const TableSet&> {
            Reader reader = borrow();
            check_in_place(reader.database());
            ReadTransaction transaction(reader.database());
            const auto tables = cache_.current(reader.database());
            return body(reader.database(), *tables);
        });
    }

    /// `body(Database&)` for what one statement reads, which is of one moment by itself.
    template <class Body>
    auto read_one(Body&& body) const -> std::invoke_result_t<Body&, Database&>
    {
        return fenced(options_.path, [&]() -> std::invoke_result_t<Body&, Database&> {
            Reader reader = borrow();
            check_in_place(reader.database());
            return body(reader.database());
        });
    }

    /// `body(TransactionState&)` within one write transaction; commits when it succeeds. Afterwards
    /// observers and listeners are told.
    template <class Body>
    auto write(Turn turn, Durability durability, Body&& body)
        -> std::invoke_result_t<Body&, TransactionState&>
    {
        using Outcome = std::invoke_result_t<Body&, TransactionState&>;
        CommitNotice notice;
        auto outcome = fenced(options_.path, [&]() -> Outcome {
            if (auto allowed = writable(); !allowed) return allowed.error();
            const WriteGate::Pass pass = gate_.enter(turn);
            Rollback rollback(*this);
            begin(durability);
            TransactionState state(*writer_, *options_.fold, gate_, cache_.current(*writer_));
            state.rows_before_yield = rows_before_yield_;
            Outcome result = body(state);
            if (state.failure) return *state.failure;
            if (!result) return result;
            rollback.commit();
            notice = std::move(state.notice);
            tidy_log(durability, notice.cycles);
            return result;
        });
        if (outcome) tell(notice);
        return outcome;
    }

    Reader borrow() const;
    Result<void> writable() const;
    void tell(const CommitNotice& notice);
    Database& writer() { return *writer_; }
    WriteGate& gate() { return gate_; }
    const StoreOptions& options() const { return options_; }
    TableCache& tables() const { return cache_; }
    DatabaseOptions reader_options() const;

    std::uint64_t observe(Observer observer);
    void forget(std::uint64_t observer);
    Result<std::int64_t> data_version();
    void checkpoint_log(bool wait_for_readers);

private:
    /// Rolls back what was begun since, unless it was committed.
    class Rollback {
    public:
        explicit Rollback(Impl& store) : store_(store) {}
        ~Rollback();
        void commit();

    private:
        Impl& store_;
        bool open_ = true;
    };

    struct Observing {
        Observer observer;
        std::shared_mutex calling{}; ///< Shared by the calls under way: writers do not wait for one another.
        bool forgotten = false;
    };

    void begin(Durability durability);
    /// Throws when the file of this connection has lost its name: what is written to it would be lost.
    void check_in_place(const Database& database) const;
    void look_for_others();
    void tidy_log(Durability durability, bool cycle_ended);

    StoreOptions options_;
    Access reading_;
    platform::FileUse use_;
    mutable TableCache cache_;
    mutable std::mutex readers_mutex_;
    mutable std::vector<std::unique_ptr<Database>> idle_readers_;

    WriteGate gate_;
    std::unique_ptr<Database> writer_;
    std::optional<Durability> synchronous_;
    std::int64_t file_version_ = 0;  ///< data_version as of our last look.
    int contested_transactions_ = 0; ///< How many more stay short since another process wrote.
    std::int64_t rows_before_yield_ = 0;
    int log_frames_ = 0;
    bool bulk_in_log_ = false;

    std::unique_ptr<Database> watch_; ///< For data_version where there is no writer.
    std::mutex observers_mutex_;
    std::uint64_t last_observer_ = 0;
    std::map<std::uint64_t, std::shared_ptr<Observing>> observers_;
};

} // namespace hawser::localstore

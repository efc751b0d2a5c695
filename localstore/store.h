#pragma once

#include "hawser/clock.h"
#include "hawser/guid.h"
#include "hawser/random.h"
#include "hawser/result.h"
#include "localstore/change.h"
#include "localstore/conflict.h"
#include "localstore/fold.h"
#include "localstore/journal.h"
#include "localstore/query.h"
#include "localstore/record.h"
#include "localstore/round.h"
#include "localstore/transaction.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

class WaitingListener;
namespace platform {
class FileUse;
}

/// What a replica is bound to, for good, at `create` (I8).
struct Binding {
    Guid organization;
    Guid user;
    std::string mailbox;
    std::string url;
    Guid instance; ///< This installation; changes when a copy of the file is noticed.
    Guid nonce;    ///< A fresh random value; the first one the lock file gets.
    friend bool operator==(const Binding&, const Binding&) = default;
};

enum class OpenMode {
    normal,
    inspect, ///< Read-only, and also for a file with foreign parts or broken queue rules, one that may
             ///< not be written, or on a full disk: the queue can be listed and exported. A newer or
             ///< unreadable file is refused here too.
};

struct StoreOptions {
    std::filesystem::path path;
    OpenMode mode = OpenMode::normal;
    std::shared_ptr<const Fold> fold{};           ///< None = plain_fold().
    std::string vfs{};                            ///< SQLite's name of one; "" = the default.
    std::chrono::milliseconds busy_timeout{5000}; ///< For other processes' transactions.
    int cache_kilobytes = 4096;                   ///< A connection that writes; readers get half.
    int log_pages = 1000;        ///< The log is folded back beyond this, by a user's write …
    int bulk_log_pages = 16'000; ///< … and beyond this by bulk work.
    std::size_t readers = 8;     ///< Read connections kept; more are made when needed.
    int page_bytes = 8192;       ///< Of a file that is made, as SQLite takes it.
    std::int64_t max_pages = 0;  ///< A limit on the file; 0 = none. For tests and quotas.
};

/// How a transaction is committed. A full commit also syncs every relaxed one before it: they are
/// frames of the same log, and the log is synced whole.
enum class Durability {
    relaxed, ///< May be lost, whole and with all later ones, by a power loss. Never by a crash.
    full,
};

/// What one commit of this process touched. At most 100 records are named; then `many` is set.
struct CommitNotice {
    std::vector<RecordKey> records;
    bool many = false;
    bool queue = false;
    bool conflicts = false;
    bool cycles = false;
};

enum class Side { mine, theirs };

/// A resolution: a side for everything, or values for some columns (the others stay open).
struct Resolution {
    std::optional<Side> side{};
    Fields chosen{};
    Fields seen{}; ///< Their sides as the person saw them: one that moved since refuses the resolution.
};

/// One replica file: SQLite in WAL mode, owner-only.
///
/// Guarantees: a user's write that returned is on the disk (I1); a failed write leaves everything as
/// it was; nothing but SQLite ever opens the file. User writes go before bulk work in this process;
/// other processes are waited for up to `busy_timeout`.
/// Threads: every member may be called from any thread at any time. Reads never wait for writes.
/// Crash: the file is as of the last commit; nothing has to be cleaned up. No destructor writes.
class Store {
public:
    /// Makes the file (and its folder, owner-only) with these settings in it. Refused when it exists.
    static Result<std::unique_ptr<Store>> create(const StoreOptions& options, const Binding& binding,
                                                 Instant now,
                                                 const std::map<std::string, std::string>& settings = {});
    /// Migrates an older file, refuses a newer one, runs the cheap check, names foreign parts.
    static Result<std::unique_ptr<Store>> open(const StoreOptions& options);
    ~Store();

    const std::filesystem::path& path() const;
    Binding binding() const;
    std::string setting(std::string_view name) const; ///< "" when it was never set.
    Result<Connection> connection() const;

    // ---- what is known of the tables ------------------------------------------------------------
    /// Fails with store.unknown_table, naming the nearest.
    Result<std::shared_ptr<const KnownTable>> table(std::string_view name) const;
    Result<std::vector<std::string>> table_names() const;
    Result<std::vector<Scope>> scopes() const;
    Result<Checkpoint> checkpoint(ScopeNumber scope, Lane lane) const;

    // ---- reading --------------------------------------------------------------------------------
    /// Follows aliases. Empty when the record is not here, or is deleted here or there.
    Result<std::optional<RecordView>> get(const RecordKey& key) const;
    Result<Page> query(const Query& query) const;
    Result<std::int64_t> count(std::string_view table, const std::optional<Filter>& filter) const;
    /// Ids that begin with `prefix` (hexadecimal digits, dashes ignored), at most `limit`. Deleted
    /// records with live changes are found too.
    Result<std::vector<Guid>> find(std::string_view table, std::string_view prefix, std::size_t limit) const;
    Result<RecordState> state(const RecordKey& key) const;
    Result<Badge> badge(const RecordKey& key) const;
    Result<std::vector<HistoryEntry>> history(const RecordKey& key, std::size_t limit) const;
    /// One SELECT over the public views (and nothing else) on a read-only connection. `bound` are its
    /// parameters in order: text, numbers, lookups by their id; collections are refused.
    Result<SqlRows> sql(std::string_view statement, std::span<const Value> bound,
                        const SqlLimits& limits = {}) const;
    Result<SqlRows> sql(std::string_view statement, const SqlLimits& limits = {}) const
    {
        return sql(statement, std::span<const Value>{}, limits);
    }
    /// What a cycle moved, by table and id: "pulled" and "removed" are the records whose present copy
    /// or tombstone it brought, "sent" those with a receipt of it. What a cycle sent is not also
    /// pulled or removed by its own answer.
    Result<std::vector<Effect>> effects(CycleNumber cycle, std::size_t limit) const;

    // ---- the queue ------------------------------------------------------------------------------
    /// One transaction, on disk when it returns. One sequence an edit, in order; Sequence{0} for an
    /// edit that changes nothing. A create and its delete before anything was sent cancel out. Parked
    /// changes of the record that an edit mends (`mended_by`) are queued again with it.
    /// With Grouping::one_unit the edits are one group: undone, sent and refused together;
    /// refused at once (store.group_too_large, store.group_circle) when they could never be sent so.
    Result<std::vector<Sequence>> write(std::span<const Edit> edits, const WriteContext& context);

    // Each verb takes all of the changes or none, and each with its group. The error names the change that stands
    // in the way. The overloads for one change do not rehearse. What was done is told in the journal.

    /// Drops the changes (a create with all later changes of its record) and folds again: as if they had
    /// never been made. What is in an open intent cannot be taken back: a compensating change is made.
    /// Refused with store.referred_to when others need it. Rehearsed, nothing is written, and what would be
    /// made has no place in the queue.
    Result<Undone> undo(std::span<const Sequence> changes, const WriteContext& context, Act act);
    Result<Undone> undo(Sequence change, const WriteContext& context)
    {
        return undo(std::span(&change, 1), context, Act::done);
    }
    /// As undo, for changes that a person gives up on (parked, contested, held, queued).
    Result<Undone> discard(std::span<const Sequence> changes, const WriteContext& context, Act act);
    Result<Undone> discard(Sequence change, const WriteContext& context)
    {
        return discard(std::span(&change, 1), context, Act::done);
    }
    /// Takes back changes that were applied by new changes, latest first. Rehearsed, nothing is written.
    /// Refused with store.change_settled for one that never arrived or has not yet.
    Result<TakenBack> take_back(std::span<const Sequence> changes, const WriteContext& context, Act act);
    Result<TakenBack> take_back(Sequence change, const WriteContext& context, Act act)
    {
        return take_back(std::span(&change, 1), context, act);
    }
    /// Sets columns of a change that waits as if it had been made so; a parked one is queued again with its group. Refused
    /// with store.change_sent, store.conflict_open and store.change_settled, also when nothing would be left of it.
    Result<void> edit(Sequence change, const Fields& values, const WriteContext& context);
    /// Return the changes with their groups, as they were.
    Result<std::vector<Change>> hold(std::span<const Sequence> changes, std::string_view why,
                                     const WriteContext& context);
    Result<void> hold(Sequence change, std::string_view why, const WriteContext& context);
    Result<std::vector<Change>> release(std::span<const Sequence> changes, const WriteContext& context);
    Result<void> release(Sequence change, const WriteContext& context);
    /// Parked changes are queued again.
    Result<std::vector<Change>> retry(std::span<const Sequence> changes, const WriteContext& context);
    Result<void> retry(Sequence change, const WriteContext& context);

    Result<Change> change(Sequence sequence) const;
    Result<std::vector<Change>> changes(const ChangeFilter& filter) const;
    Result<Dependencies> dependencies_of(Sequence change) const;
    /// What each of the changes waits for, as of one moment.
    Result<std::vector<Dependency>> dependencies_of(std::span<const Sequence> changes) const;
    Result<QueueFigures> queue_figures() const;
    Result<std::vector<Intent>> open_intents() const;
    /// Returns the mark of what was told (`queue_mark`).
    Result<std::string> tell_waiting(WaitingListener& listener) const;
    Result<std::vector<Receipt>> receipts(const RecordKey& key, std::size_t limit) const;

    // ---- conflicts ------------------------------------------------------------------------------
    Result<std::vector<Conflict>> conflicts(const ConflictFilter& filter) const;
    Result<Conflict> conflict(ConflictNumber number) const;
    /// A new change whose before is theirs, unless theirs was chosen; the masked changes of those
    /// columns are superseded. Returns the change.
    Result<std::optional<Sequence>> resolve(ConflictNumber number, const Resolution& resolution,
                                            const WriteContext& context);

    // ---- the journal ----------------------------------------------------------------------------
    Result<std::vector<Cycle>> cycles(CycleNumber before,
                                      std::size_t limit) const;                  ///< Newest first; 0 = all.
    Result<std::vector<Decision>> decisions(const DecisionFilter& filter) const; ///< Oldest first.
    /// Removes what is older or more than the limits. Short transactions; may be stopped at any time.
    Result<void> trim(Instant now, const TrimLimits& limits);
    Result<Statistics> statistics() const;

    // ---- the engine's transactions --------------------------------------------------------------
    /// Commits when `body` succeeds, rolls back when it fails. Waits its turn behind user writes.
    Result<void> transact(Durability durability, const std::function<Result<void>(Transaction&)>& body);
    /// Makes the columns' indexes when they are missing (after a first pull; else on demand).
    Result<void> index(std::string_view table, std::span<const std::string> columns);

    // ---- observing ------------------------------------------------------------------------------
    using Observer = std::function<void(const CommitNotice&)>;
    /// Called on the writing thread after each commit of this Store, perhaps on several at once; must not
    /// write. After `forget` of its number no call begins and none is under way; not to be called in one.
    std::uint64_t observe(Observer observer);
    void forget(std::uint64_t observer);
    /// Changes when another process, or another Store on the file, has committed since the last call;
    /// never by this Store's own commits. Cheap, but waits for a transaction of this Store under way,
    /// so it must not be called within one.
    Result<std::int64_t> data_version() const;

    // ---- care -----------------------------------------------------------------------------------
    /// Everything: SQLite's own check, queue rules, checksums. Each line names one finding.
    Result<std::vector<std::string>> integrity_check() const;
    /// A consistent copy, owner-only, of a replica in use. Refused when the file exists.
    Result<void> backup(const std::filesystem::path& target) const;
    /// Folds the log back into the file as far as readers allow.
    Result<void> checkpoint_log();

    class Impl;

private:
    friend class EngineLock;
    explicit Store(std::unique_ptr<Impl> impl);
    static Result<std::unique_ptr<Store>> open_used(const StoreOptions& options, platform::FileUse&& use);
    std::unique_ptr<Impl> impl_;
};

} // namespace hawser::localstore

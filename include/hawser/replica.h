#pragma once

#include "hawser/change.h"
#include "hawser/clock.h"
#include "hawser/export.h"
#include "hawser/metadata.h"
#include "hawser/random.h"
#include "hawser/result.h"
#include "hawser/value.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser {

/// What one replica belongs to. It never sends anything to, or accepts anything from, another
/// organization, user or mailbox (I8).
struct Binding {
    std::string organization_url;
    Guid organization_id;
    Guid user_id;
    std::string mailbox;
    Guid instance_id;
    std::vector<std::string> token_command; ///< An argv; empty = the token comes from elsewhere.
};

/// What of a table belongs in the replica.
struct ScopeChoice {
    std::string table;
    std::string filter{};               ///< As `Query::where`; "" = every readable row.
    std::vector<std::string> columns{}; ///< Empty = every readable column.
};

struct Record {
    RecordKey key;
    std::string etag{}; ///< "" for a record the server does not know yet.
    Fields columns{};   ///< Null columns are absent.
    Badge badge = Badge::on_server;
    bool partial = false; ///< Large columns were left on the server; they cannot be edited here.
};

struct Query {
    struct Order {
        std::string column;
        bool descending = false;
    };
    std::string table;
    /// A condition in the organization's spelling: eq ne gt ge lt le, `in ('a', 'b')`, and or not,
    /// parentheses, contains startswith endswith; 'text' with quotes doubled, null, true, numbers, bare
    /// ids, times and days. Lookups compare by id; text without regard to case. "" = all.
    std::string where{};
    std::vector<std::string> columns{}; ///< Empty = all.
    std::vector<Order> sort{};          ///< Ties are broken by id.
    std::size_t limit = 100;
    std::size_t offset = 0;
};

/// What `Replica::observe_*` tells: which kind of watch it is for, and what to read again.
struct Notice {
    enum class What { record, query, queue, status };
    What what = What::record;
    std::vector<RecordKey> records{}; ///< Which, when known; empty = look again.
};

/// One sentence of why: a merge, refusal, conflict, deletion, unlink or retry (I10).
struct Decision {
    std::int64_t cycle = 0;
    Instant at{};
    RecordKey record{};
    std::string record_name{};
    std::string rule;
    std::string sentence;
};

struct CycleReport {
    std::int64_t number = 0;
    Instant started{};
    Instant finished{};
    std::int64_t idle_repeats = 0; ///< Later cycles that found nothing and share this row.
    std::uint64_t pulled = 0;
    std::uint64_t removed = 0;
    std::uint64_t merged = 0;
    std::uint64_t pushed = 0;
    std::uint64_t refused = 0;
    std::uint64_t conflicts = 0;       ///< Records in which a person has to choose, found by this cycle.
    std::uint64_t conflicts_moved = 0; ///< Open ones whose other side, or columns, changed.
    /// Records deleted here that stay, because the organization's side had changed them.
    std::uint64_t kept = 0;
    /// Changes that wait for a person since then, because of what the organization did meanwhile.
    std::uint64_t held = 0;
    std::string outcome; ///< "done", or the reason it stopped.
};

/// One record that a cycle touched, by name.
struct Effect {
    RecordKey record;
    std::string record_name;
    std::string what; ///< "pulled", "sent", "removed".
};

/// One line of a record's history, oldest first.
struct HistoryLine {
    Instant at{};
    std::string what; ///< "change", "receipt" (a change's answer), "decision" or "conflict".
    std::string sentence;
};

struct ReplicaOptions {
    std::filesystem::path path;
    std::string vfs{};                ///< SQLite VFS name; "" = the default one.
    std::shared_ptr<Clock> clock{};   ///< Null = the system's.
    std::shared_ptr<Random> random{}; ///< Null = the system's.
    /// Only to look: `open` then also takes a file with foreign parts, with a queue that breaks its
    /// rules, that may not be written, or on a full disk, and leaves it as it is. Everything that
    /// writes, a synchronizer too, fails with store.read_only. On a full disk other processes cannot
    /// open the replica meanwhile.
    bool inspect = false;
    /// Runs observers where the embedder wants them (a Qt, libuv or .NET loop); empty = on a
    /// thread of the replica's own. Called from threads of Hawser's; must not run what it is given
    /// before it returns, and must not throw.
    std::function<void(std::function<void()>)> post{};
};

/// A local replica: reads, writes and the queue, with no network.
///
/// Threads: every member may be called from any thread, and any number of processes may open the
/// same replica. Reads and writes never wait for a network: a read takes microseconds, a write one
/// sync of the disk. A write that returned is on the disk together with its place in the queue; a
/// crash at any moment loses none of them and leaves none half made. A member that fails has changed
/// nothing. Copies of a Replica share one open file, which closes with the last copy and Watch. A
/// Replica that was moved from may only be destroyed or assigned to. A process that has one open and
/// forks must not use it in the child.
///
/// Errors of all members: input.* for what is given, store.disk_full, store.input_output,
/// store.busy (another process kept the file for five seconds), store.corrupt: docs/ERRORS.md.
class HAWSER_API Replica {
public:
    /// Opens an existing replica. Fails with store.missing, store.not_a_database,
    /// store.not_a_replica, store.newer, store.corrupt, store.inconsistent, store.foreign,
    /// store.read_only, store.permission; the file is left as it is. After the last four of these, and
    /// after store.disk_full, it may still be looked at: `ReplicaOptions::inspect`.
    static Result<Replica> open(ReplicaOptions options);

    /// Makes a new, empty replica bound as given (mode 0600), with its folder. Fails with
    /// store.exists, or store.bound_elsewhere when the replica there belongs to somebody else: both
    /// are named. A crash leaves the whole file or none.
    static Result<Replica> create(ReplicaOptions options, const Binding& binding);

    Replica(const Replica&);
    Replica(Replica&&) noexcept;
    Replica& operator=(const Replica&);
    Replica& operator=(Replica&&) noexcept;
    ~Replica();

    Binding binding() const;
    std::filesystem::path path() const;

    // Metadata, there offline.

    /// The tables whose columns are known.
    std::vector<Table> tables() const;
    /// Fails with input.unknown_table, naming the nearest, and with input.no_metadata for a chosen
    /// table that the organization was not asked about yet.
    Result<Table> table(std::string_view name) const;

    /// Which tables are aboard: these and no others. Takes effect with the next cycle; records of a
    /// table that is left out go, except those with live changes, which stay until they are settled.
    /// Any name is taken for a table that is not known yet; the next cycle says when there is none.
    Result<void> choose(const std::vector<ScopeChoice>& scopes);
    Result<std::vector<ScopeChoice>> chosen() const;

    /// How edits of both sides are merged, as docs/MERGING.md describes it; "" = the defaults.
    std::string policy() const;
    /// Replaces it; "" = the defaults again. Counts for every program that opens the replica from now
    /// on, and keeps to what the organization's tables are like. Fails with input.bad_policy, which names
    /// the place; the policy in force stays.
    Result<void> set_policy(std::string_view json);

    // Reading: the local copies, with the edits of the queue in them.

    /// Fails with input.unknown_record, also for a record that is deleted here.
    Result<Record> get(const RecordKey& key) const;
    Result<std::vector<Record>> query(const Query& query) const;
    Result<std::uint64_t> count(std::string_view table, std::string_view where = {}) const;

    /// The ids of a table's records that begin with a prefix of a GUID's text, dashes ignored; at
    /// most `limit`. Records that are deleted here and whose deletion waits are among them.
    Result<std::vector<Guid>> find(std::string_view table, std::string_view id_prefix,
                                   std::size_t limit = 10) const;

    /// Read-only SQL over the public views (one a table, by its name), one JSON object a row, at
    /// most 100,000 rows. `bound` are its parameters in order. Fails with store.bad_query and
    /// store.query_limit.
    Result<std::vector<std::string>> sql(std::string_view statement,
                                         const std::vector<Value>& bound = {}) const;

    // Writing. Everything is checked against the metadata first; what is refused names table,
    // column and limit, and nothing of the call enters the queue.

    /// Makes the edits in order, each a change of its own, except those that change nothing. A later
    /// edit may build on an earlier one. Returns the records, ids filled in. An edit that sets anew
    /// what the organization refused of the record, completes its refused creation or deletes it,
    /// takes the refused changes out of their parking: they are sent again together with it. Deleting a
    /// record with an open conflict fails with store.conflict_open, naming the conflict and theirs: what
    /// nobody chose about is not destroyed. Resolve it first.
    Result<std::vector<RecordKey>> write(const std::vector<Edit>& edits, const Author& author = {});

    /// Makes the edits as one group: they happen together or not at all. Fails if it could never be sent so.
    /// When a record that the group deletes was changed there, the whole group is held until somebody
    /// releases or discards it.
    Result<std::vector<RecordKey>> write_group(const std::vector<Edit>& edits, const Author& author = {});

    // The queue. Each verb takes a change together with its whole group, and of several changes all or none.
    // They fail with store.no_change, store.change_settled when it is too late or in another state, and
    // store.change_sent while it is being sent; the message names the change. Rehearsed, a verb writes nothing and
    // tells what it would do; changes that it would make have no place in the queue yet.

    Result<std::vector<Change>> queue(const ChangeFilter& filter = {}) const; ///< Oldest first.
    /// One change, settled or not, with what it stands on, what would be sent of it and what became of it so far.
    /// Fails with store.no_change. Asks nobody; read in several steps, between which an engine may work.
    Result<ChangeExplanation> explain(ChangeNumber change) const;
    /// As if the changes had never been made; later edits stay, but a create takes all later edits of
    /// its record along. What may have been sent is taken back by a new change; for a deletion that
    /// arrived it creates the record again, without what the organization deleted along with it. Fails with
    /// store.referred_to, naming the changes that refer to a record that would vanish.
    Result<Undone> undo(const std::vector<ChangeNumber>& changes, Act act = Act::done);
    Result<void> undo(ChangeNumber change);
    /// As `undo`; the log says that they were given up.
    Result<Undone> discard(const std::vector<ChangeNumber>& changes, Act act = Act::done);
    Result<void> discard(ChangeNumber change);
    /// Takes back changes that were applied, latest first, by new changes that are sent like any other. A column that
    /// somebody made something else of since stays, but of participants, sums and joined lines its own part goes. Fails
    /// with store.change_settled for a change that never arrived or has not yet.
    Result<TakenBack> take_back(const std::vector<ChangeNumber>& changes, Act act = Act::done);
    Result<TakenBack> take_back(ChangeNumber change, Act act = Act::done);
    /// Sets columns of a change that waits, as if it had been made so; null clears. Later edits of the record stay and stand
    /// on it; a refused change is sent again. Values are checked as in `write`. Fails with store.change_settled also when
    /// nothing would be left of it, and with store.conflict_open while it waits for a conflict.
    Result<void> edit(ChangeNumber change, const Fields& columns);
    /// Not sent until `release`; a held one keeps its reason. This and the next two return the changes with their
    /// groups, as they were.
    Result<std::vector<Change>> hold(const std::vector<ChangeNumber>& changes);
    Result<std::vector<Change>> hold(const std::vector<ChangeNumber>& changes, const std::string& why);
    Result<void> hold(ChangeNumber change);
    Result<std::vector<Change>> release(const std::vector<ChangeNumber>& changes);
    Result<void> release(ChangeNumber change);
    Result<std::vector<Change>>
    retry(const std::vector<ChangeNumber>& changes); ///< Parked changes go back to the queue.
    Result<void> retry(ChangeNumber change);

    /// Writes the queue with all that it stands on, as of one moment, to a journal of mode 0600: changes, open conflicts and
    /// requests without an answer, but no token. The queue stays as it is, and the replica may be removed as long as it does.
    /// Also of a replica that is only inspected. Fails
    /// with journal.file_exists and journal.not_written; nothing is left of the file then.
    Result<Exported> export_queue(const std::filesystem::path& file,
                                  Contents contents = Contents::whole) const;

    /// Adds what waits in a journal to the queue, all of it or nothing; what this replica has, or had, is not added again.
    /// Nothing is sent before the next cycle compared with the whole organization. Fails with journal.redacted,
    /// journal.other_organization, journal.other_user, journal.newer, journal.damaged and the other codes of a file
    /// that is no whole journal (docs/JOURNAL.md), with input.wrong_type and store.unknown_column, and as an edit does.
    Result<Imported> import_queue(const std::filesystem::path& file, const ImportOptions& options = {});
    /// Queues the creation of what the changes of a journal stand on, for an organization that has none of it: for whoever
    /// has nothing but the file, and means to see what happens. Once, however often it is called. Choose the tables, let a
    /// cycle make the records, and put the changes on top: `import_queue` with `of_another_organization`. Fails as
    /// `import_queue` does.
    Result<Founded> found_journal(const std::filesystem::path& file);
    /// What the first line of a journal says; nothing more of it is read, so that it may be damaged further on.
    static Result<JournalAbout> about_journal(const std::filesystem::path& file);

    /// Conflicts, oldest first, at most 1,000.
    Result<std::vector<Conflict>> conflicts(bool include_resolved = false) const;
    /// Settles all contested columns of one conflict. Chosen values keep the rules of an update and
    /// must be for contested columns. Unless it is theirs throughout, a new change is queued. Fails
    /// with store.no_conflict when somebody was quicker, and with store.conflict_moved when a column
    /// of `seen` is not what it was.
    Result<void> resolve(ConflictNumber conflict, const Resolution& resolution, const Author& author = {});

    /// Base, mine and theirs of a record: the server's last known copy, and the local one.
    struct Comparison {
        std::optional<Fields> base; ///< Absent when the server has never had the record.
        std::optional<Fields> mine; ///< Absent when it is deleted here.
        std::string base_etag;
    };
    Result<Comparison> compare(const RecordKey& key) const;

    // Explanations.
    Result<std::vector<HistoryLine>> history(const RecordKey& key) const;
    Result<std::vector<CycleReport>> cycles(std::size_t limit = 20) const;
    Result<std::vector<Decision>> decisions(std::int64_t cycle) const;
    /// What a cycle moved, by table and name: the records whose present copy it brought, those whose
    /// changes it settled, those it removed. What a later cycle brought again counts for that one.
    Result<std::vector<Effect>> effects(std::int64_t cycle, std::size_t limit = 1000) const;
    Result<std::vector<Decision>> decisions_since(Instant since) const;
    Result<std::string> why(const RecordKey& key) const; ///< One sentence: why it is in its state.

    // Watching. An observer is told of every change made after observe_* returned, whoever made it:
    // this process, another one, the synchronizer. It is told after the change is durable and can be
    // read; several changes may come as one notice, and one more than needed may come. Observers of
    // one replica run one at a time, on the thread or loop of ReplicaOptions; they may read and
    // write, but not wait for the synchronizer, and must not throw. Another process's change is told
    // at once where the wake socket works (a lost wake within five seconds), else within 250 ms.

    /// Ends the watch when destroyed; afterwards no call begins, and none is under way unless it is
    /// destroyed within its own call, which is allowed (also when it holds the last reference to the
    /// replica). Do not destroy it while holding a lock that its observer takes.
    class Watch {
    public:
        Watch();
        Watch(Watch&&) noexcept;
        Watch& operator=(Watch&&) noexcept;
        ~Watch();

    private:
        friend class Replica;
        struct HAWSER_HIDDEN Impl;
        std::unique_ptr<Impl> impl_;
    };
    using Observer = std::function<void(const Notice&)>;
    Watch observe_record(const RecordKey& key, Observer observer) const;
    /// Told of every change in the query's table, whether or not it alters the answer.
    Watch observe_query(const Query& query, Observer observer) const;
    Watch observe_queue(Observer observer) const;

    // Care.

    /// Reads the whole file, which takes seconds; findings, empty = sound.
    Result<std::vector<std::string>> check() const;
    /// A consistent copy while others write, mode 0600. Fails with store.exists. A copy that is
    /// opened by a synchronizer becomes an installation of its own and compares before it sends.
    Result<void> backup(const std::filesystem::path& file) const;

    /// Rebuilds a damaged replica beside the old file, which is kept. The queue, intents, conflicts
    /// and shadows are carried over; records are pulled again. Returns what could not be read. Fails
    /// with store.busy while any process, this one too, has the replica open. Who opens it meanwhile
    /// waits a few seconds and gets the repaired one, or fails with store.busy.
    static Result<std::vector<std::string>> repair(const ReplicaOptions& options);

    /// What becomes of changes that were not sent, and of questions that nobody decided.
    enum class Unsent {
        keep, ///< They refuse the removal, unless all of them were exported as they are now.
        lose,
    };
    /// Removes a replica with all that lies beside it, but for what a repair kept. Nothing is asked of or told to the
    /// organization. Fails with store.changes_wait, saying how many; with store.missing; with store.busy while any
    /// process, this one too, has the replica open, and store.locked while it is synchronized. A damaged one goes only with
    /// `Unsent::lose`, what is no replica never. After a failure everything is as it was.
    static Result<void> remove(const ReplicaOptions& options, Unsent unsent = Unsent::keep);

    struct HAWSER_HIDDEN Impl;
    const std::shared_ptr<Impl>& impl() const { return impl_; }

private:
    HAWSER_HIDDEN explicit Replica(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

} // namespace hawser

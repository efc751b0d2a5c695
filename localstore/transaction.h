#pragma once

#include "hawser/metadata.h"
#include "hawser/result.h"
#include "localstore/carried.h"
#include "localstore/conflict.h"
#include "localstore/intent.h"
#include "localstore/journal.h"
#include "localstore/record.h"
#include "localstore/round.h"

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

class TransactionState;

/// Takes the pulled rows of one round, one by one. The fast path: a clean record costs one
/// statement. Rows of dirty records are left alone and reported. Lives inside its transaction.
class RowTaker {
public:
    RowTaker(RowTaker&&) noexcept;
    ~RowTaker();

    /// `body` is a finished body in the table's present layout (base/body.h, Store::table).
    /// A tombstone of the record, if there was one, is lifted. The record joins the scope.
    Result<Taken> take(const Guid& id, std::string_view etag, std::string_view body,
                       Quality quality = Quality::whole);

private:
    friend class Rounds;
    struct Impl;
    explicit RowTaker(std::unique_ptr<Impl>);
    std::unique_ptr<Impl> impl_;
};

/// Scopes, checkpoints, the rows and ids that rounds bring (I5, I9).
class Rounds {
public:
    /// Adds the scope or changes the one of that table and name. Its number is returned; a changed
    /// filter or column list resets both lanes (`Checkpoint::token` and watermark become "").
    Result<ScopeNumber> define_scope(const Scope& scope);
    Result<void> set_mode(ScopeNumber scope, std::string_view mode, std::string_view reason);
    /// Forgets the scope; records that are in no other scope are unlinked as `unlink` does.
    Result<void> drop_scope(ScopeNumber scope);

    /// Starts a round of its lane and forgets the resume link and the noted ids of an unfinished one.
    Result<Generation> begin_round(ScopeNumber scope, RoundKind kind, Instant now);

    /// Fails with store.stale_round when `generation` is not the one under way.
    Result<RowTaker> take_rows(ScopeNumber scope, Generation generation, CycleNumber cycle);

    /// Marks a record of the round as there without a row of it (a dirty row, an echo, a sweep).
    Result<Seen> note_seen(ScopeNumber scope, Generation generation, const Guid& id, std::string_view etag);

    /// Ids in the scope, and of records in no scope, that the round did not bring, ascending, after
    /// `after`, at most `limit`: candidates for a verified not-found, nothing more (I9). Records never
    /// sent are not among them.
    Result<std::vector<Guid>> unseen(ScopeNumber scope, Generation generation, const Guid& after,
                                     std::size_t limit);

    /// Notes, until the round ends, ids that it says are deleted; ids that are not here count for nothing.
    Result<void> note_gone(ScopeNumber scope, Generation generation, const std::vector<Guid>& ids);
    /// All of them that are not tombstones by now.
    Result<std::vector<Gone>> gone(ScopeNumber scope, Generation generation) const;

    /// Goes on disk with the rows of this transaction, never before them.
    Result<void> set_resume_link(ScopeNumber scope, Generation generation, std::string_view link,
                                 std::int64_t rows);
    /// Ends the round: the token or watermark replaces the one in force, the seen ids are forgotten.
    Result<void> finish_round(ScopeNumber scope, Generation generation, const Finish& finish);
    /// Gives up the round under way; the token in force stays.
    Result<void> abandon_round(ScopeNumber scope, Lane lane);
    /// Rebaseline: token, watermark and resume link become "". Step back: the previous token.
    Result<void> reset(ScopeNumber scope);
    Result<void> step_back(ScopeNumber scope);

    Result<Checkpoint> checkpoint(ScopeNumber scope, Lane lane) const;

private:
    friend class Transaction;
    explicit Rounds(TransactionState& state) : state_(state) {}
    TransactionState& state_;
};

/// One record at a time: what the engine reads to decide, and the verbs it decides among.
class RecordVerbs {
public:
    Result<RecordState> state(const RecordKey& key) const;
    /// Of the server's version that is held of the record of just that id; "" when there is none.
    Result<std::string> etag(const RecordKey& key) const;

    /// The local record of a `state` of this transaction as it is after the live changes up to and
    /// including `upto`: what a request that sends those changes has to leave on the server.
    Result<Copy> folded(const RecordState& state, Sequence upto) const;

    /// A whole clean record: inserts or replaces. Refused for a dirty one.
    Result<void> replace(const RecordKey& key, std::string_view etag, const Fields& fields, CycleNumber cycle,
                         Quality quality = Quality::whole);

    /// Keeps a version that came while an intent is open, in place of an earlier staged one.
    Result<void> stage(const RecordKey& key, std::string_view etag, const Copy& copy, CycleNumber cycle);
    Result<void> drop_staged(const RecordKey& key);
    /// Records with a staged version and no open intent: to be reconciled now.
    Result<std::vector<RecordKey>> staged_ready(std::size_t limit) const;

    /// The server's version becomes the shadow of a dirty record (Remote::present), the live changes
    /// are folded again, an open conflict's theirs follow. A clean record is replaced. Returns local.
    Result<Copy> advance_shadow(const RecordKey& key, std::string_view etag, const Fields& remote,
                                Coverage coverage, CycleNumber cycle);

    /// A confirmed deletion (I9). Clean: a tombstone. Dirty: the shadow becomes Remote::deleted, its
    /// last version and all live changes stay; deletes among them are settled as applied.
    Result<void> mark_deleted(const RecordKey& key, CycleNumber cycle, Instant now);

    /// The record left the scope, or access to it was lost. Out of its last scope a clean record
    /// leaves the replica, a dirty one stays until its changes are settled. Never a deletion.
    Result<void> unlink(const RecordKey& key, ScopeNumber scope);

    /// The same for a record of a table that has no scope: it was made here only to be sent.
    Result<void> unlink_homeless(const RecordKey& key);

    /// `former` leads to `present` from now on; reads follow it.
    Result<void> alias(const RecordKey& former, const RecordKey& present, std::string_view why, Instant now);

private:
    friend class Transaction;
    explicit RecordVerbs(TransactionState& state) : state_(state) {}
    TransactionState& state_;
};

/// The engine's hand on the queue. Users' verbs are on Store.
class QueueVerbs {
public:
    Result<std::vector<Change>> list(const ChangeFilter& filter) const;
    Result<Dependencies> dependencies_of(Sequence change) const;
    /// Whether live changes of other records are in the group.
    Result<bool> reaches_beyond(GroupNumber group, const RecordKey& record) const;
    /// What the given live changes wait for in other records, for planning a whole batch.
    Result<std::vector<Dependency>> waits_among(std::span<const Change> changes) const;

    /// Settles columns of a live change (none named = all): superseded by a merge that took theirs,
    /// or applied as an echo proves. When all are settled the change leaves the queue with the reason.
    /// Only a queued change can turn out to be applied, and only in columns that no open conflict masks.
    Result<void> settle(Sequence change, std::span<const std::string> columns, const Ending& ending);
    Result<void> park(Sequence change, std::string_view words, Instant now);
    /// The record's parked changes of which nobody could tell whether they were applied.
    Result<std::vector<Sequence>> unproven(const RecordKey& record) const;
    Result<void> hold(Sequence change, std::string_view why);
    /// Holds those of the queued changes whose content does not agree with its checksum, with their
    /// groups. Returns whether there were any. What a person releases then goes as it stands.
    Result<bool> hold_damaged(std::span<const Sequence> changes);
    /// What a queued change waits for, in words, and when it is tried next.
    Result<void> wait(Sequence change, std::string_view waits_for, std::optional<Instant> next_attempt);
    /// What was applied of the record, and what the organization was seen to hold of it, the newest first; without
    /// what was lost with a restored organization since.
    Result<std::vector<Receipt>> arrivals(const RecordKey& key) const;
    /// A server that was restored no longer knows these changes of the record: a copy of each is live, as held,
    /// without the columns that were edited since, on the base that the first of them was made on. Of one that was
    /// applied in part, that part as far as the server's copy here shows it. What was taken back, or of which no
    /// column is left, stays as it is. A receipt says that all of them are lost: they are no arrivals any more, and
    /// nothing is queued again twice.
    /// What an edit that waits says as well is covered by it: it is queued again, likewise held, when that edit is
    /// undone or discarded. Of a record that the server lacks and an edit makes again, everything is.
    Result<Requeued> requeue_held(const RecordKey& key, const std::set<Sequence>& lost, const Loss& loss);
    /// For a record that is there again, made by somebody else: what edits were to make again with it, and what the
    /// server's copy does not say, is queued again as held.
    Result<void> requeue_covered(const RecordKey& key, Instant now);

private:
    friend class Transaction;
    explicit QueueVerbs(TransactionState& state) : state_(state) {}
    TransactionState& state_;
};

/// Intents: on disk before the first byte, settled by exactly one verb.
class IntentVerbs {
public:
    /// Freezes the changes (queued ones only) and the steps. A record is in at most one open intent.
    /// Commit with Durability::full before a byte leaves.
    Result<void> open(const NewIntent& intent);
    /// One more attempt: all steps without an answer count as sent from here on. Commit with
    /// Durability::full before a byte leaves. Returns the attempt's number.
    Result<int> begin_attempt(const Guid& intent, const Guid& client_request_id, Instant now);
    /// One step's answer, or that none came. Later answers of the same step replace an unknown.
    Result<void> store_answer(const Guid& intent, const StepAnswer& answer);

    Result<Intent> get(const Guid& intent) const;
    /// In the order they were made.
    Result<std::vector<Intent>> open_intents() const;

    /// The representation becomes the shadow, the covered columns are settled as applied, newer
    /// changes are untouched and folded on top. One receipt a record. Records of the intent that are
    /// not among `acknowledged` keep their shadow.
    Result<void> applied(const Guid& intent, std::span<const Acknowledged> acknowledged,
                         std::string_view words, CycleNumber cycle, Instant now);
    /// A 412 or its like: nothing happened on the server; the changes are queued again.
    Result<void> conflict(const Guid& intent, std::string_view words, CycleNumber cycle, Instant now);
    /// Refused for good: the changes are parked with the server's words.
    Result<void> refused(const Guid& intent, std::string_view words, CycleNumber cycle, Instant now);
    /// Nobody can tell whether it was applied: the changes are parked with the words.
    Result<void> unprovable(const Guid& intent, std::string_view words, CycleNumber cycle, Instant now);
    /// Known not to have happened; the changes are queued again for `next_attempt`.
    Result<void> later(const Guid& intent, std::string_view words, std::optional<Instant> next_attempt,
                       CycleNumber cycle, Instant now);
    /// Unknown for good: each named column becomes contested, "may already have been applied".
    Result<void> indeterminate(const Guid& intent, std::span<const Indeterminate> records,
                               std::string_view sentence, CycleNumber cycle, Instant now);

private:
    friend class Transaction;
    explicit IntentVerbs(TransactionState& state) : state_(state) {}
    TransactionState& state_;
};

/// What waited in another installation of the same user becomes work of this one (docs/JOURNAL.md).
class CarryVerbs {
public:
    /// The number that the change has here: it was taken over before, or made here. Told apart from another change that
    /// got the same number, as after a restored copy, by its record and the time that it was made.
    Result<std::optional<Sequence>> find(const ChangeIdentity& identity, const Change& change) const;

    /// The change with a new number. A record without edits here goes back to the base that the change stands on, so that
    /// the next round meets its edits like any others; so the caller sees to it that a whole round comes before anything is
    /// sent. Where the record has edits that were made here, or stands on another base by now, the change is put behind
    /// them: for the caller to hold, as soon as its group is whole. Fails with store.unknown_column, with hawser::canonical's codes for a value of another kind than its
    /// column, and as an edit does there.
    Result<TakenOver> take_over(const Carried& carried, const WriteContext& context);

    /// A table as the other installation knows it, when it is not known here.
    Result<void> know(const Table& table);

private:
    friend class Transaction;
    explicit CarryVerbs(TransactionState& state) : state_(state) {}
    TransactionState& state_;
};

class ConflictVerbs {
public:
    Result<ConflictNumber> open(const NewConflict& conflict);
    /// The engine withdraws columns (none named = all) that are no longer contested; changes masked
    /// by nothing else are queued again.
    Result<void> close(ConflictNumber conflict, std::span<const std::string> columns,
                       std::string_view resolution, Instant now);
    Result<std::optional<Conflict>> open_of(const RecordKey& key) const;

private:
    friend class Transaction;
    explicit ConflictVerbs(TransactionState& state) : state_(state) {}
    TransactionState& state_;
};

class JournalVerbs {
public:
    Result<CycleNumber> begin_cycle(std::string_view trigger, Instant now);
    /// An idle cycle after an idle one is counted there and leaves no row of its own.
    Result<void> finish_cycle(CycleNumber cycle, CycleOutcome outcome, std::string_view figures,
                              std::string_view message, Instant now);
    Result<void> decide(CycleNumber cycle, const RecordKey& key, std::string_view rule,
                        std::string_view sentence, Instant now);
    /// The same, unless it is what the record's newest decision says: a trouble that lasts for days
    /// is explained once.
    Result<void> decide_once(CycleNumber cycle, const RecordKey& key, std::string_view rule,
                             std::string_view sentence, Instant now);

    Result<void> set_setting(std::string_view name, std::string_view value);
    Result<void> set_connection(const Connection& connection);
    /// After a copied or restored file was noticed: this replica is another installation now. The last numbers that
    /// the former one gave to a cycle and to a change are kept as settings.
    Result<void> set_instance(const Guid& instance);

private:
    friend class Transaction;
    explicit JournalVerbs(TransactionState& state) : state_(state) {}
    TransactionState& state_;
};

/// The verbs of one write transaction. Made by Store::transact and valid inside its body only, on
/// that thread. A verb that fails leaves the transaction to be rolled back: return its error.
class Transaction {
public:
    explicit Transaction(TransactionState& state);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    Rounds rounds;
    RecordVerbs records;
    QueueVerbs queue;
    IntentVerbs intents;
    ConflictVerbs conflicts;
    CarryVerbs carry;
    JournalVerbs journal;

    /// Adds the table or takes over what the organization says of it now: new columns are appended
    /// to the layout, the views are made again. A column that would change its type is refused.
    Result<void> define_table(const Table& table);

    /// Whether a user's write waits for this transaction: commit soon and go on in the next.
    bool should_yield() const;

private:
    TransactionState& state_;
};

} // namespace hawser::localstore

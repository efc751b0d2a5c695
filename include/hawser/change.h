#pragma once

#include "hawser/clock.h"
#include "hawser/value.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hawser {

/// A change's place in the queue: later edits have higher numbers. Never reused in one replica.
using ChangeNumber = std::int64_t;

enum class ChangeKind { create, update, erase };

/// Where a change stands. `queued` … `contested` are live: the change still waits, with its whole
/// content readable. The rest are ends (I1).
enum class ChangeState {
    queued,
    held,      ///< Kept back by a person or by a rule; not sent until released.
    in_flight, ///< Part of an intent whose answer is not settled.
    parked,    ///< The server refused it for good; a person must decide.
    contested, ///< Waits for the resolution of a conflict.
    applied,
    superseded, ///< A later change of the same user made it unnecessary.
    undone,
    discarded,
};

enum class Origin { user, mailbox };

/// One column of a change: what it held before the edit and what the edit made of it.
struct ColumnEdit {
    std::string column;
    Value before;
    Value after;
};

/// One user edit in the queue, as people see it.
struct Change {
    ChangeNumber number = 0;
    RecordKey record;
    std::string record_name; ///< What people call the record; may be "".
    ChangeKind kind = ChangeKind::update;
    ChangeState state = ChangeState::queued;
    std::vector<ColumnEdit> edits{};
    std::optional<Guid> group{};
    Origin origin = Origin::user;
    std::string actor{};
    std::string on_behalf_of{};
    Instant made_at{};
    std::int32_t attempts = 0;
    std::optional<Instant> next_attempt{};
    std::string reason{};                  ///< Why it is in its state, in plain words.
    std::vector<ChangeNumber> waits_for{}; ///< Changes that must be applied first.
};

/// One edit handed to `Replica::write`. Absent columns stay as they are; null clears.
struct Edit {
    ChangeKind kind = ChangeKind::update;
    RecordKey record; ///< For a create with a nil id the replica makes the id.
    Fields columns{};
};

/// Who makes an edit, for the queue and the audit.
struct Author {
    std::string actor{};        ///< "" = the user the replica is bound to.
    std::string on_behalf_of{}; ///< "" = nobody else.
};

struct ChangeFilter {
    std::string table{}; ///< "" = all.
    std::optional<RecordKey> record{};
    std::vector<ChangeState> states{};    ///< Empty = all live ones.
    std::optional<Instant> made_from{};   ///< Only those made at this moment or later …
    std::optional<Instant> made_before{}; ///< … and before this one.
    std::int64_t after = 0;               ///< Only numbers above this: for paging.
    std::size_t limit = 1000;
};

/// A column that both sides changed, differently, or whose fate is unknown.
struct ContestedColumn {
    std::string column;
    Value base;
    Value mine;
    Value theirs;
};

using ConflictNumber = std::int64_t;

/// A durable question for a person. It keeps mine locally and theirs on the server until somebody
/// chooses; the record's other columns and everything else keep syncing.
struct Conflict {
    ConflictNumber number = 0;
    /// 1, and one more whenever a theirs or the set of columns changes.
    std::int64_t revision = 1;
    std::string label{}; ///< What people call this very question: "3"; "3.2" at revision 2.
    RecordKey record;
    std::string record_name;
    std::vector<ContestedColumn> columns;
    std::string reason;
    Instant opened_at{};
    bool open = true;
    std::string resolution{}; ///< How it was settled; "" while open.
};

/// How to settle a conflict: every contested column takes mine or theirs, except those in `chosen`.
struct Resolution {
    enum class Side { mine, theirs };
    Side side = Side::theirs;
    Fields chosen{};
    /// Their sides as the person saw them, out of the Conflict. One that moved since refuses the whole
    /// resolution with store.conflict_moved; a column that is not here is not compared.
    Fields seen{};
};

/// A live change that has to reach the organization before another one.
struct Dependency {
    ChangeNumber change = 0; ///< The other one.
    RecordKey record{};      ///< Of the other one.
    std::string record_name{};
    ChangeState state = ChangeState::queued;
    std::string why{}; ///< What the other one is to this one: "makes the record that this one refers to".
};

/// Requests that a change travelled in, and what came of them.
struct Attempt {
    Instant at{};                 ///< When they were settled; while none is, when the last one left.
    std::vector<Guid> requests{}; ///< The x-ms-client-request-id of each time it was sent, in order.
    /// "applied", "conflict", "refused", "later" (nothing happened there), "indeterminate" (nobody can tell), "shown" (the
    /// organization has it without an answer), "lost" (a restored organization lacks it), "covered" (a later edit says
    /// more than what was lost); "open" while no answer is settled.
    std::string outcome{};
    std::int32_t status = 0; ///< HTTP; 0 = none was told.
    std::string words{};     ///< The organization's, or why.
};

/// What one request says about a record: the edits of the changes that travel in it, as one.
struct NetEffect {
    ChangeKind kind = ChangeKind::update;
    std::vector<ChangeNumber> changes{}; ///< In order.
    std::vector<ColumnEdit>
        edits{}; ///< `before` is what the organization is known to have; of a deletion none.
};

/// All that is known of one change.
struct ChangeExplanation {
    Change change{};
    std::optional<Fields>
        base{}; ///< The organization's last known copy; absent when it never had the record.
    std::string base_etag{};
    std::optional<Conflict> conflict{}; ///< The open question about its record.
    /// What is sent of the record once nothing holds this change back, or, while it is in flight, what was. Absent
    /// for a settled change, while an earlier one of the record is in the way, and when nothing of it is left to send.
    std::optional<NetEffect> effect{};
    std::vector<ChangeNumber>
        group{}; ///< Everything that goes with it, itself too; empty when it goes alone.
    std::vector<Dependency> waits_for{};
    std::vector<Dependency> waited_for_by{};
    std::vector<Attempt> attempts{}; ///< Oldest first.
};

/// Whether something is done, or only said as it would be: then nothing is written.
enum class Act { done, rehearsed };

/// What a journal says of the records that it is about (docs/JOURNAL.md).
enum class Contents {
    whole,
    redacted, ///< To be shared: no text, date, address or name, but how long each is. It cannot be imported.
};

/// What was written to a journal.
struct Exported {
    std::uint64_t changes = 0;
    std::uint64_t records = 0;
    std::uint64_t conflicts = 0; ///< Open ones.
    std::uint64_t unknown = 0;   ///< Requests that were sent, and of which no answer says what became.
};

/// What a journal says of itself.
struct JournalAbout {
    Guid organization_id;
    Guid user_id;
    Guid instance_id;               ///< The installation that wrote it.
    std::string organization_url{}; ///< "" in a redacted one, as is the mailbox.
    std::string mailbox{};
    Instant written_at{};
    bool redacted = false;
};

struct ImportOptions {
    /// Also the journal of another user of the organization: its edits are made under this replica's user then.
    bool of_another_user = false;
    /// Before anything is sent the next cycle compares with the whole organization, since the replica that wrote the
    /// journal may have sent the same. Without it every request is conditional all the same.
    bool compare_first = true;
    /// Into an organization that was made for the journal (`Replica::found_journal`) and is another one than it is of: the
    /// changes stand on what this replica holds of their records, what was being sent counts as queued, and questions
    /// are not opened, as what they are about is not there.
    bool of_another_organization = false;
};

/// What `Replica::found_journal` queued, now or before.
struct Founded {
    std::uint64_t records = 0;         ///< Queued now.
    std::uint64_t waiting = 0;         ///< Of all of them, those that are not made yet.
    std::vector<std::string> tables{}; ///< That the journal is about.
};

/// A change of a journal, and what it became.
struct ImportedChange {
    ChangeNumber there = 0; ///< Its number in the journal.
    ChangeNumber here = 0;  ///< 0: the record says the same already.
    bool known = false;     ///< It was here before.
};

/// What was taken over from a journal.
struct Imported {
    std::vector<ImportedChange> all{}; ///< In the journal's order.
    std::uint64_t changes = 0;         ///< Added to the queue.
    std::uint64_t records = 0;         ///< That those are about.
    std::uint64_t known = 0;     ///< Not added: this replica has them, or did, or its record says the same.
    std::uint64_t held = 0;      ///< Of the added ones: put behind edits that were made here, and held.
    std::uint64_t conflicts = 0; ///< Opened.
    std::uint64_t unknown = 0;   ///< Requests without an answer, which the next cycle settles by reading.
};

/// What undoing or discarding does.
struct Undone {
    /// Out of the queue, as they were: the changes, their groups, and the later edits of a record that is not made.
    std::vector<Change> dropped;
    std::vector<Change> compensating; ///< New ones, which take back what may have been sent.
    /// Queued anew: what the dropped ones had said as well, and an organization restored from a backup lacks.
    std::vector<Change> requeued;
};

/// What taking back applied changes does.
struct TakenBack {
    struct Kept {
        RecordKey record;
        std::string record_name;
        std::string column; ///< "" = the whole record: it is gone, or there again, since.
    };
    std::vector<Change> changes; ///< New ones; what arrived as one group is one again.
    std::vector<Kept> kept;      ///< What somebody made something else of since: it stays.
};

/// How a record stands, for a mark beside it.
enum class Badge { on_server, saved_here, sending, needs_you };

} // namespace hawser

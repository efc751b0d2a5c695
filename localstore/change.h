#pragma once

#include "hawser/clock.h"
#include "hawser/value.h"
#include "localstore/ids.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

/// What a person did. Stored as its text; later issues add attach, track, link and more.
enum class ChangeKind { create, update, remove };

/// Where a change stands. The first five are live: they are part of the fold.
enum class ChangeState {
    queued,     ///< May be sent.
    held,       ///< Waits until the user releases it.
    in_flight,  ///< Frozen in an open intent; it may have reached the server.
    parked,     ///< The server refused it for good; waits for a person.
    contested,  ///< Every column of it that is not settled is masked by an open conflict.
    applied,    ///< On the server, with a receipt.
    superseded, ///< A later change or decision took its place; the reason says which.
    undone,
    discarded,
};

enum class Origin { user, mailbox };

constexpr bool is_live(ChangeState state)
{
    return state <= ChangeState::contested;
}

std::string_view to_text(ChangeKind);  ///< "create", "update", "delete".
std::string_view to_text(ChangeState); ///< "queued", "held", "in flight", "parked", …
std::string_view to_text(Origin);
std::optional<ChangeKind> parse_change_kind(std::string_view);
std::optional<ChangeState> parse_change_state(std::string_view);
std::optional<Origin> parse_origin(std::string_view);

/// One user edit in the queue, as kept: never rewritten except for `before`/`after` of columns that
/// an undone earlier change of the same record had touched.
struct Change {
    Sequence sequence;
    RecordKey key;
    ChangeKind kind = ChangeKind::update;
    ChangeState state = ChangeState::queued;
    /// One entry a column of the change; null is an explicit Null. For a delete `before` is the
    /// whole local record and `after` is empty; for a create `before` is empty.
    Fields before;
    Fields after;
    /// Columns that are done with: acknowledged, or decided by a resolution. No part of the fold.
    std::vector<std::string> settled;
    GroupNumber group;
    Origin origin = Origin::user;
    std::string actor;
    std::string on_behalf_of;
    Instant made_at{};
    int attempts = 0;
    std::string last_error; ///< The server's words, or ours.
    std::string waits_for;  ///< A sentence; "" when nothing in particular.
    std::optional<Instant> next_attempt;
    std::optional<Instant> settled_at;
    std::string reason; ///< Why it left the queue.

    bool is_settled(std::string_view column) const
    {
        return std::find(settled.begin(), settled.end(), column) != settled.end();
    }
};

/// Whether an open column of the change is `column`.
inline bool claims(const Change& change, std::string_view column)
{
    return change.after.find(column) != change.after.end() && !change.is_settled(column);
}

/// One thing a person does to one record. All values canonical (hawser::canonical).
struct Edit {
    ChangeKind kind = ChangeKind::update;
    RecordKey key;
    Fields after{}; ///< Create: the record. Update: the columns set (Null clears). Delete: unused.
};

enum class Grouping { separate, one_unit };

struct WriteContext {
    Instant now{};
    std::string actor{};
    std::string on_behalf_of{};
    Origin origin = Origin::user;
    Grouping grouping = Grouping::separate;
};

/// Why one live change must reach the server after another.
enum class DependencyReason {
    same_record, ///< An earlier live change of the same record.
    refers_to_created, ///< It refers, by lookup or party, to a record that `on` creates, or edits after its deletion
                       ///< there, which makes it again.
    removes_reference, ///< It deletes a record that `on` stops referring to.
};

/// How a live change, or columns of it, end without an answer to a request of its own.
struct Ending {
    ChangeState outcome = ChangeState::superseded; ///< Or applied.
    std::string_view reason;
    Instant now{};
    /// Of the version of the record in which the organization was seen to hold what the change says, kept as a
    /// receipt: an organization that is restored to before it no longer does. Empty when it was not seen to.
    std::string_view shown_by{};
    CycleNumber cycle{};
};

/// What a server that was restored no longer has: what was written into a record, or all of it.
enum class Lacking { values, record };
struct Loss {
    std::string_view why; ///< What its changes wait for, in words; the same for all of one record.
    Lacking lacking = Lacking::values;
    CycleNumber cycle{};
    Instant now{};
};

/// What became of lost changes: how many are queued again, and of how many, in part or whole, edits that wait say more.
struct Requeued {
    std::size_t queued = 0;
    std::size_t covered = 0;
};

struct Dependency {
    Sequence change; ///< waits for …
    Sequence on;     ///< … this one.
    DependencyReason reason = DependencyReason::same_record;
    friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// The two directions of the edges at one change; live changes only.
struct Dependencies {
    std::vector<Dependency> waits_for;
    std::vector<Dependency> waited_for_by;
};

struct ChangeFilter {
    std::string table{}; ///< "" = any.
    std::optional<Guid> id{};
    std::vector<ChangeState> states{};  ///< Empty = every live state.
    GroupNumber group{};                ///< 0 = any.
    std::optional<Instant> made_from{}; ///< At this moment or later.
    std::optional<Instant> made_before{};
    Sequence after{}; ///< For paging: only later ones.
    std::size_t limit = 1000;
};

/// The queue in figures, as of one moment.
struct QueueFigures {
    std::int64_t queued = 0, held = 0, in_flight = 0, parked = 0, contested = 0;
    std::int64_t records = 0; ///< Records with queued changes or ones in flight.
    std::int64_t open_conflicts = 0;
    std::int64_t unknown_intents = 0;    ///< Open intents that were sent and have no usable answer.
    std::optional<Instant> oldest;       ///< Of the queued ones and those in flight.
    std::optional<Instant> next_attempt; ///< The earliest of them that has one.

    std::int64_t live() const { return queued + held + in_flight + parked + contested; }
};

/// Whether something is done, or only said as it would be.
enum class Act { done, rehearsed };

/// What taking back an applied change does.
struct TakenBack {
    struct Kept {
        RecordKey key;
        std::string column; ///< "" = the whole record: it is gone, or there again, since.
    };
    std::vector<Change> compensating; ///< New changes, in one group where there are several.
    std::vector<Kept> kept;           ///< What somebody made something else of since: it stays.
};

/// What undoing or discarding did.
struct Undone {
    std::vector<Change>
        dropped; ///< Gone from the fold, as they were: the changes, their groups, what needed them.
    std::vector<Change> compensating; ///< New changes, for those that may be on the server already.
    std::vector<Change>
        requeued; ///< What a restored organization lacks and the dropped ones had said as well.
};

} // namespace hawser::localstore

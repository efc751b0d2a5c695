#pragma once

#include "hawser/clock.h"
#include "hawser/value.h"
#include "localstore/change.h"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hawser::engine {

/// What the plan needs to know of one live change.
struct PlannedChange {
    localstore::Sequence sequence;
    RecordKey key;
    localstore::ChangeKind kind = localstore::ChangeKind::update;
    localstore::ChangeState state = localstore::ChangeState::queued;
    localstore::GroupNumber group{};
    std::optional<Instant> next_attempt{};
    bool masked = false; ///< An open conflict masks one of its columns.
};

/// What is sent as one: the separate changes of one record up to the next barrier, or one group.
struct PushUnit {
    std::vector<localstore::Sequence> changes; ///< Ascending.
    std::vector<RecordKey> records;            ///< In the order in which they are written.
    localstore::GroupNumber group{};
    /// References to these are left for a later intent: the records are still to be created, and wait
    /// for this unit themselves. Never of a group.
    std::set<RecordKey> later_references{};
    /// Inside a group, new records that refer to one another in a circle: the record's references to
    /// these are a second step of the same change set.
    std::map<RecordKey, std::set<RecordKey>> second_step{};
    friend bool operator==(const PushUnit&, const PushUnit&) = default;
};

struct HeldBack {
    localstore::Sequence change;
    std::string why; ///< A sentence's end: "waits for change 12, which …".
};

struct PushPlan {
    std::vector<PushUnit> ready;   ///< May go now, in any order and in one batch.
    std::vector<HeldBack> waiting; ///< Everything else that is queued, each with its reason.
    std::optional<Instant> next{}; ///< The earliest moment that a waiting change has of its own.
    /// Nothing is ready, since groups wait for one another in a circle that nothing in the plan can open: a change
    /// of the youngest of them, for a person to decide about, and one that it waits for.
    std::optional<std::pair<localstore::Sequence, localstore::Sequence>> stuck{};
};

/// What may be sent now (I6): a record's changes in order, a record before what refers to it, a
/// deletion after the last reference is gone, a group whole or not at all (so that a column of it that
/// a conflict masks keeps all of it back). What a parked, held or
/// unanswered change blocks waits and says so; nothing else does. Changes that wait for one another
/// in a circle of new records are freed by leaving one of them its references for later, and a deletion that waits
/// for what waits for an edit before it by letting that edit go first. Groups can come to wait for
/// one another after they were written, when a record is deleted there that one makes again and another refers to: no
/// group may travel in two (`stuck`).
///
/// `live` are all live changes, ascending; `edges` the dependencies among them. Pure.
PushPlan plan_push(std::span<const PlannedChange> live, std::span<const localstore::Dependency> edges,
                   Instant now);

} // namespace hawser::engine

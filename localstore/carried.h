#pragma once

#include "localstore/change.h"
#include "localstore/record.h"

#include <span>

namespace hawser::localstore {

/// The installation that made a change and the number that it got there: in whatever replica it is carried on to, that
/// is this change.
struct ChangeIdentity {
    Guid instance;
    Sequence number;
    friend auto operator<=>(const ChangeIdentity&, const ChangeIdentity&) = default;
};

/// A change as it waited in another installation of the same user, with what it stands on there.
struct Carried {
    ChangeIdentity identity;
    /// As it was there: its sequence and group count for nothing here. One that was in flight is taken over as queued.
    Change change;
    GroupNumber group;         ///< The group here that it joins; 0 = none, or the one that it founds …
    bool founds_group = false; ///< … when this is set.
    Shadow base;
    bool partial = false; ///< The base was pulled without its large columns.
    /// The numbers here of the changes of the record that stand before it there.
    std::span<const Sequence> behind{};
};

struct TakenOver {
    Sequence sequence;             ///< 0: the record says the same here already.
    bool behind_own_edits = false; ///< The record has edits of its own here, and nobody saw both.
};

} // namespace hawser::localstore

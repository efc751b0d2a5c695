#pragma once

#include "conflict/policy.h"
#include "conflict/reconcile.h"
#include "localstore/transaction.h"

#include <string_view>
#include <vector>

namespace hawser::engine {

/// What the organization was seen to hold of a record. The fields are the caller's.
struct Showing {
    std::string_view etag;
    const Fields& fields;
    localstore::CycleNumber cycle;
};

/// Settles these columns, as far as they are open, in each of the changes: as `ending` says in what was to go out,
/// else as superseded.
Result<void> settle_columns(localstore::Transaction& transaction,
                            const std::vector<localstore::Change>& changes, const conflict::Names& columns,
                            localstore::Ending ending);

/// Settles a live change whole, in the same way.
Result<void> settle_whole(localstore::Transaction& transaction, const localstore::Change& change,
                          localstore::Ending ending);

/// What the changes themselves say was there before them. Edits of what is put together only say what they add and take
/// away: of a record that was deleted, what was there of it last.
Fields stood_on(const localstore::RecordState& state, const conflict::Policy& policy);
/// Whether that is what was there last.
bool stands_on_last(const localstore::RecordState& state, const localstore::Change& change,
                    std::string_view column, const conflict::Policy& policy);

/// Of what was sent of the record and got no answer, what the organization shows was applied as far as anybody can
/// tell: the shadow holds it, and these changes are done with it. Whoever undid it meanwhile wants it back. The
/// version stays, or is none of a record that was deleted meanwhile, as what else is there is still to be met. Returns
/// whether there was any.
Result<bool> settle_shown(localstore::Transaction& transaction, const localstore::RecordState& state,
                          const std::vector<localstore::Change>& changes, const Fields& sent,
                          const Showing& there, const conflict::Policy& policy, Instant now);

/// The same of edits that were parked because nobody could tell whether they had been applied. A sum and joined lines
/// show nothing of the kind.
Result<bool> settle_unproven(localstore::Transaction& transaction, const localstore::RecordState& state,
                             const Showing& there, const conflict::Policy& policy, Instant now);

/// The columns in which the edits, put one after the other on what the organization holds now, come to something else
/// than what they come to together: the first met what others wrote, and a later one takes it back. Their value would
/// go on top of what others wrote, unseen. What together changes nothing is none of these (`drop_idle`).
conflict::Names at_odds(const localstore::RecordState& state, const conflict::Situation& situation,
                        const conflict::Policy& policy);

/// The columns that are put together with what others write, and in which an edit meets what they wrote: the same guest with
/// another role. Put on top of theirs, the edit's whole value would go over it, unseen.
std::vector<conflict::Contested> met(const localstore::RecordState& state, const Fields& theirs,
                                     const conflict::Policy& policy);

/// Edits that together leave a column as it was, or that the organization says already, have nothing at
/// stake there: what the organization makes of it from now on stands. Folded one after the other, they would
/// put their value on top of it.
///
/// Call after the shadow moved to `theirs`; `before` and `situation` are from before that. `agreed` are the
/// columns of questions that ended with it: an edit in between, perhaps applied, must not go out (again).
Result<void> drop_idle(localstore::Transaction& transaction, const conflict::Policy& policy,
                       const localstore::RecordState& before, const conflict::Situation& situation,
                       const conflict::Names& agreed, const Showing& theirs, Instant now);

} // namespace hawser::engine

#pragma once

#include "conflict/policy.h"
#include "conflict/reconcile.h"
#include "localstore/transaction.h"

#include <string_view>
#include <vector>

namespace hawser::engine {

/// Settles these columns, as far as they are open, in each of the changes: as `outcome` in what was to go out, else
/// as superseded.
Result<void> settle_columns(localstore::Transaction& transaction,
                            const std::vector<localstore::Change>& changes, const conflict::Names& columns,
                            localstore::ChangeState outcome, std::string_view why, Instant now);

/// Edits that together leave a column as it was, or that the organization says already, have nothing at
/// stake there: what the organization makes of it from now on stands. Folded one after the other, they would
/// put their value on top of it.
///
/// Call after the shadow moved to `theirs`; `before` and `situation` are from before that. `agreed` are the
/// columns of questions that ended with it: an edit in between, perhaps applied, must not go out (again).
Result<void> drop_idle(localstore::Transaction& transaction, const conflict::Policy& policy,
                       const localstore::RecordState& before, const conflict::Situation& situation,
                       const conflict::Names& agreed, const Fields& theirs, Instant now);

} // namespace hawser::engine

#pragma once

#include "localstore/change.h"
#include "localstore/fold.h"
#include "localstore/record.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hawser::localstore {

/// Changes of one record that may be sent as one: all separate ones in a row, or one group.
struct Run {
    GroupNumber group; ///< 0: separate changes.
    std::vector<Sequence> changes;
    ChangeKind kind = ChangeKind::update;
    /// First before and last after a column; masked and settled columns are left out, and so are
    /// columns that end where they began. A create has no before.
    Fields before;
    Fields after;
};

/// The queued changes of one record as runs, in order: a group is a barrier, and so is a change that
/// is held, parked or in flight (nothing after it is in a run, I6). Contested changes are skipped.
/// A record with an open intent has no runs. Pure; the values to send are those of
/// RecordVerbs::folded up to the run's last change.
std::vector<Run> runs(std::span<const Change> live, const ColumnSet& masked);

/// The columns of a change that may travel: neither settled nor masked.
std::vector<std::string> free_columns(const Change& change, const ColumnSet& masked);

/// Whether any column of the change that is not settled is masked.
bool is_masked(const Change& change, const ColumnSet& masked);

} // namespace hawser::localstore

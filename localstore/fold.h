#pragma once

#include "hawser/metadata.h"
#include "hawser/result.h"
#include "hawser/value.h"
#include "localstore/change.h"
#include "localstore/conflict.h"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace hawser::localstore {

/// One side's copy of a record; empty when that side has deleted it or never had it.
using Copy = std::optional<Fields>;

/// Whether given columns are the whole record, or only these and the others stay.
enum class Coverage { whole_record, given_columns };

using ColumnSet = std::set<std::string, std::less<>>;

/// The seam to the merge: what one edit makes of a record that may have moved since.
///
/// `apply` is merge(before, x, after) for the columns of `before`/`after` and leaves every other
/// column of `x` alone. Columns that are null are absent from `x` and from the result. Where the
/// merge is contested the result holds `after`. For every b, x, a over the same columns:
///   apply(b, b, a) == a   apply(b, x, b) == x   deterministic
/// Threads: called from any thread, under the write lock; must not call the store.
class Fold {
public:
    virtual ~Fold() = default;
    virtual Result<Fields> apply(const Table& table, const Fields& before, const Fields& x,
                                 const Fields& after) const = 0;

    /// One column's `value` as it would be had `after` not been made of `before`; what others made of it stays.
    ///   take_back(b, a, a) == b   take_back(b, b, x) == x   deterministic
    /// What cannot be taken apart is `before`.
    virtual Result<Value> take_back(const Table& table, const std::string& column, const Value& before,
                                    const Value& after, const Value& value) const;

    /// The columns and every column that is decided together with one of them.
    virtual ColumnSet together(const Table& table, ColumnSet columns) const;

    /// Whether an edit of the column says only what it adds and takes away, and what several people make of it is
    /// put together: counters, lists, lines.
    virtual bool is_put_together(const Table& table, std::string_view column) const;
};

/// The edit always wins in its columns. What a store uses that was given no other fold.
std::shared_ptr<const Fold> plain_fold();

/// What an open conflict masks: its columns and all that are decided together with them. A claim of
/// one of these is neither sent nor settled until the conflict is resolved, closed or withdrawn.
ColumnSet masked_columns(const Fold& port, const Table& table, const std::optional<Conflict>& open);

/// The live changes of one record put on top of `shadow`, in order:
///   create: absent → after; present → apply({}, x, after)    update: apply(before, x, after)
///   delete: absent    update of an absent record: absent
/// Settled columns take no part. Pure.
Result<Copy> fold(const Fold& port, const Table& table, Copy shadow, std::span<const Change> live);

} // namespace hawser::localstore

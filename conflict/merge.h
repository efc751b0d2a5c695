#pragma once

#include "conflict/policy.h"
#include "hawser/value.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::conflict {

inline constexpr std::string_view both_changed = "both sides changed it";
inline constexpr std::string_view may_be_applied = "may already have been applied";

/// A column that waits for a person. `merged` holds mine of it; the server keeps theirs.
struct Contested {
    std::string column;
    Value base{};
    Value mine{};
    Value theirs{};
    std::string reason{};
    std::string group{}; ///< The atomic group it is contested with; "" when alone.
    friend bool operator==(const Contested&, const Contested&) = default;
};

/// Why something is as it is, in plain words (I10).
struct Decision {
    std::string rule;     ///< Stable: "merge.union", "reconcile.edit_beats_deletion".
    std::string sentence; ///< "Both sides changed requiredattendees; both sides' changes were kept."
    friend bool operator==(const Decision&, const Decision&) = default;
};

struct Merge {
    Fields merged{};                        ///< Without nulls.
    std::vector<Contested> contested{};     ///< By column, ascending.
    std::vector<std::string> from_mine{};   ///< Columns that only this side changed.
    std::vector<std::string> from_theirs{}; ///< Columns that only the other side changed.
    std::vector<std::string> from_both{};   ///< Columns that both changed and a rule, or agreement, settled.
    std::vector<Decision> decisions{};      ///< One for each rule that settled or contested something.
    friend bool operator==(const Merge&, const Merge&) = default;
};

/// Columns that are never merged, each with the reason: its last write may or may not have arrived
/// (`may_be_applied`), or its conflict is still open. Where mine and theirs differ they are
/// contested with that reason, and their groups with them.
using Reserved = std::map<std::string, std::string, std::less<>>;

/// Merges two versions of one record, column by column and atomic group by atomic group. A null
/// and an absent column are the same. Pure: equal arguments give equal results.
///
/// Laws. With m(b, l, r) the merged fields and nothing reserved, for every policy:
///
///   m(b, b, r) = r                     what only they changed is taken
///   m(b, l, b) = l                     what only I changed is kept
///   x = m(b, l, r)  ⇒  m(r, x, r) = x  a merge is stable once the server's copy is the base
///   a contested column holds mine, and so does every column of its group
///   in what is contested together there is an edit of mine, and one of theirs, that the other lacks
///   an atomic group is whole: all its columns are mine or all are theirs
///
/// for every policy without `add`:
///
///   m(b, x, x) = x                     two equal edits are one
///
/// for every policy without `add` and `text`:
///
///   every value, or element of a collection, of m(b, l, r) is in b, l or r
Merge merge(const Fields& base, const Fields& local, const Fields& remote, const Policy& policy,
            const Reserved& reserved = {});

/// One queued change on top of a copy of its record: the step of the store's fold.
///
///   apply(before, x, after)[column] = m(before, after, x)[column]   for the columns in before or after
///   apply(before, x, after)[column] = x[column]                     for all others
///
/// The change is the local side and `x` the remote one, so that a contested column keeps the
/// change's value. `before` and `after` hold the columns that the change touched (a null says
/// "empty"), with their whole groups (`with_groups`).
Fields apply(const Fields& before, const Fields& x, const Fields& after, const Policy& policy);

/// What has to be sent so that a server that holds `shadow` comes to hold `folded`: the columns
/// that differ, null for those that are cleared. Volatile columns are left out; so are masked
/// columns (open conflicts) with their groups. A group of which one column differs is sent whole.
Fields net_effect(const Fields& shadow, const Fields& folded,
                  const std::set<std::string, std::less<>>& masked, const Policy& policy);

/// Whether two copies say the same, apart from volatile columns.
bool same_record(const Fields& left, const Fields& right, const Policy& policy);

/// The fields without nulls.
Fields without_nulls(Fields fields);

} // namespace hawser::conflict

#pragma once

#include "hawser/clock.h"
#include "hawser/value.h"
#include "localstore/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

enum class ConflictReason {
    both_changed,  ///< Both sides changed the column, differently.
    indeterminate, ///< "may already have been applied": an answer was lost and nothing proves it.
    invalid_merge, ///< The merged record broke a rule of the table.
    other,         ///< The sentence says what.
};
std::string_view to_text(ConflictReason); ///< "both changed", "may already have been applied", …
std::optional<ConflictReason> parse_conflict_reason(std::string_view);

struct ConflictColumn {
    std::string column;
    Value base;
    Value mine;   ///< Follows later local edits of the column.
    Value theirs; ///< Follows each pull.
    friend bool operator==(const ConflictColumn&, const ConflictColumn&) = default;
};

/// A durable row: a record has at most one open. While it is open its columns are masked from every
/// net effect, keep mine locally, and the record's other columns keep syncing.
struct Conflict {
    ConflictNumber number;
    std::int64_t revision = 1; ///< One more whenever a theirs or the set of open columns changes.
    RecordKey key;
    ConflictReason reason = ConflictReason::both_changed;
    std::string sentence; ///< For people.
    std::vector<ConflictColumn> columns;
    CycleNumber cycle;
    Instant opened_at{};
    std::optional<Instant> closed_at;
    std::string resolution; ///< "" while open; then "mine", "theirs", "chosen", "withdrawn", …
    std::string closed_by;
    std::optional<Sequence> resolution_change;

    bool open() const { return !closed_at.has_value(); }
    std::string label() const; ///< What people call this very question: "3"; "3.2" at revision 2.
};

/// A contest to be recorded: opens the record's conflict, or adds columns to the open one.
struct NewConflict {
    RecordKey key;
    ConflictReason reason = ConflictReason::both_changed;
    std::string sentence;
    std::vector<ConflictColumn> columns; ///< At least one.
    CycleNumber cycle{};
    Instant now{};
};

struct ConflictFilter {
    std::string table{};
    std::optional<Guid> id{};
    bool closed_too = false;
    ConflictNumber after{};
    std::size_t limit = 1000;
};

} // namespace hawser::localstore

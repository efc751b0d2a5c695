#pragma once

#include "hawser/clock.h"
#include "hawser/guid.h"
#include "localstore/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

/// What of a table belongs in the replica. `mode` and `reason` are what the engine probed: "delta",
/// "filter" or "off", and why.
struct Scope {
    ScopeNumber number;
    std::string table;
    std::string name;                 ///< Unique in its table; "all" for the usual one.
    std::string filter;               ///< OData text; "" = every row.
    std::vector<std::string> columns; ///< Logical names; empty = every column of the table.
    std::string mode;
    std::string reason;
    bool aboard = true; ///< Whether rounds of it run.
};

/// A scope has two independent places to be in: the pull (full, delta or filter rounds) and the
/// sweep, which reads (id, etag) only and may be spread over many cycles.
enum class Lane { pull, sweep };

enum class RoundKind {
    full,   ///< Every row of the scope; what it does not bring is unseen.
    delta,  ///< What changed since the token.
    filter, ///< What changed since the watermark.
    sweep,  ///< Every (id, etag).
};
std::string_view to_text(RoundKind);
std::optional<RoundKind> parse_round_kind(std::string_view);
constexpr Lane lane_of(RoundKind kind)
{
    return kind == RoundKind::sweep ? Lane::sweep : Lane::pull;
}

/// Where a lane of a scope stands. A token is replaced only by `finish_round`.
struct Checkpoint {
    std::string token;          ///< In force; "" = none yet.
    std::string previous_token; ///< The one before, to step back to once.
    std::string watermark;
    std::string resume_link; ///< Of the round under way; "" at its start or between rounds.
    bool under_way = false;
    RoundKind kind = RoundKind::full; ///< Of the round under way, or of the last.
    Generation generation;            ///< Of the round under way, or of the last.
    std::optional<Instant> begun_at;
    std::optional<Instant> finished_at;      ///< The last round that finished.
    std::optional<Instant> full_finished_at; ///< The last full round (pull) or sweep that finished.
    std::int64_t rows = 0;                   ///< Rows or ids brought by the round so far.
};

enum class Quality { whole, partial };

/// What became of one pulled row.
enum class Taken {
    inserted,
    updated,
    unchanged, ///< The same etag and body were here.
    dirty,     ///< Live changes or an open conflict: nothing was written, the engine reconciles.
    in_flight, ///< An open intent: nothing was written, the engine stages it.
};

/// How an (id, etag) of a sweep compares with what is here.
enum class Seen { same, differs, unknown };

/// A record that a round says is deleted.
struct Gone {
    Guid id;
    bool brought = false; ///< The round brought the record as well: it may live again.
};

struct Finish {
    std::optional<std::string> token{}; ///< Replaces the token in force.
    std::optional<std::string> watermark{};
    Instant now{};
};

} // namespace hawser::localstore

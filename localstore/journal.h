#pragma once

#include "hawser/clock.h"
#include "hawser/value.h"
#include "localstore/ids.h"
#include "localstore/intent.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hawser::localstore {

/// Why something happened to one record (I10). `rule` is a stable word ("merged", "refused",
/// "deleted remotely", "unlinked", "retry"); `sentence` is for people. A key without a table is a
/// decision about the replica as a whole.
struct Decision {
    std::int64_t number = 0;
    CycleNumber cycle;
    RecordKey key;
    std::string rule;
    std::string sentence;
    Instant at{};
};

enum class CycleOutcome { under_way, idle, done, failed, stopped };
std::string_view to_text(CycleOutcome);
std::optional<CycleOutcome> parse_cycle_outcome(std::string_view);

/// One pull, reconcile, push. Idle cycles in a row share one row, whose `repeats` counts them.
struct Cycle {
    CycleNumber number;
    Instant begun_at{};
    std::optional<Instant> finished_at;
    CycleOutcome outcome = CycleOutcome::under_way; ///< Still under_way after a crash.
    std::string trigger;                            ///< Why it ran: "timer", "nudge", "asked", …
    std::string figures;                            ///< JSON, the engine's.
    std::string message;                            ///< The failure, or "".
    std::int64_t repeats = 1;
    Instant last_at{}; ///< When the last of the idle ones ran.
};

struct DecisionFilter {
    RecordKey key{};     ///< A table without an id (nil) = all of the table.
    CycleNumber cycle{}; ///< 0 = any.
    std::optional<Instant> since{};
    std::int64_t after = 0;
    std::size_t limit = 1000;
};

/// One line of a record's history, oldest first: a change made, an intent settled, a decision, a
/// conflict opened or closed.
struct HistoryEntry {
    Instant at{};
    std::string what; ///< "change", "receipt", "decision", "conflict".
    std::string sentence;
    CycleNumber cycle;
    std::optional<Sequence> change;
};

/// One record that a cycle touched.
struct Effect {
    RecordKey key;
    std::string what; ///< "pulled", "removed", "sent".
};

/// What `trim` keeps. Live changes, open intents and open conflicts are never trimmed.
struct TrimLimits {
    std::chrono::hours receipts{24 * 90}; ///< Also settled changes and closed conflicts.
    std::chrono::hours decisions{24 * 90};
    std::chrono::hours cycles{24 * 90};
    std::chrono::hours tombstones{24 * 90};
    std::int64_t rows_a_kind = 100'000; ///< The newest so many of each stay, whatever their age allows.
};

/// The user's and the network's word on the connection, kept so that a crash in any resumes there.
enum class ConnectionState { online, going_offline, offline_by_choice, disconnected, going_online };
std::string_view to_text(ConnectionState);
std::optional<ConnectionState> parse_connection_state(std::string_view);

struct Connection {
    ConnectionState state = ConnectionState::online;
    Instant since{};
    std::string reason;
};

} // namespace hawser::localstore

#include "localstore/change.h"
#include "localstore/conflict.h"
#include "localstore/intent.h"
#include "localstore/journal.h"
#include "localstore/record.h"
#include "localstore/round.h"

#include <array>
#include <cstddef>

namespace hawser::localstore {
namespace {

template <std::size_t size>
using Words = std::array<std::string_view, size>;

// Each list stands in the order of its enumeration.
constexpr Words<3> change_kinds{"create", "update", "delete"};
constexpr Words<9> change_states{"queued",  "held",       "in flight", "parked",   "contested",
                                 "applied", "superseded", "undone",    "discarded"};
constexpr Words<2> origins{"user", "mailbox"};
constexpr Words<4> badges{"saved here", "sending", "on the server", "needs you"};
constexpr Words<4> conflict_reasons{"both changed", "may already have been applied", "invalid merge",
                                    "other"};
constexpr Words<9> step_kinds{"create", "update", "delete",  "put collection", "link",
                              "unlink", "action", "receipt", "read back"};
constexpr Words<8> intent_outcomes{"applied",       "conflict", "refused", "later",
                                   "indeterminate", "shown",    "lost",    "covered"};
constexpr Words<4> round_kinds{"full", "delta", "filter", "sweep"};
constexpr Words<5> cycle_outcomes{"under way", "idle", "done", "failed", "stopped"};
constexpr Words<5> connection_states{"online", "going offline", "offline by choice", "disconnected",
                                     "going online"};

template <class Enumeration, std::size_t size>
std::string_view word(const Words<size>& words, Enumeration value)
{
    return words.at(static_cast<std::size_t>(value));
}

template <class Enumeration, std::size_t size>
std::optional<Enumeration> find(const Words<size>& words, std::string_view text)
{
    for (std::size_t i = 0; i < size; ++i)
        if (words[i] == text) return static_cast<Enumeration>(i);
    return std::nullopt;
}

} // namespace

std::string_view to_text(ChangeKind kind)
{
    return word(change_kinds, kind);
}
std::string_view to_text(ChangeState state)
{
    return word(change_states, state);
}
std::string_view to_text(Origin origin)
{
    return word(origins, origin);
}
std::string_view to_text(Badge badge)
{
    return word(badges, badge);
}
std::string_view to_text(ConflictReason reason)
{
    return word(conflict_reasons, reason);
}
std::string_view to_text(StepKind kind)
{
    return word(step_kinds, kind);
}
std::string_view to_text(IntentOutcome outcome)
{
    return word(intent_outcomes, outcome);
}
std::string_view to_text(RoundKind kind)
{
    return word(round_kinds, kind);
}
std::string_view to_text(CycleOutcome outcome)
{
    return word(cycle_outcomes, outcome);
}
std::string_view to_text(ConnectionState state)
{
    return word(connection_states, state);
}

std::optional<ChangeKind> parse_change_kind(std::string_view text)
{
    return find<ChangeKind>(change_kinds, text);
}
std::optional<ChangeState> parse_change_state(std::string_view text)
{
    return find<ChangeState>(change_states, text);
}
std::optional<Origin> parse_origin(std::string_view text)
{
    return find<Origin>(origins, text);
}
std::optional<ConflictReason> parse_conflict_reason(std::string_view text)
{
    return find<ConflictReason>(conflict_reasons, text);
}
std::optional<StepKind> parse_step_kind(std::string_view text)
{
    return find<StepKind>(step_kinds, text);
}
std::optional<IntentOutcome> parse_intent_outcome(std::string_view text)
{
    return find<IntentOutcome>(intent_outcomes, text);
}
std::optional<RoundKind> parse_round_kind(std::string_view text)
{
    return find<RoundKind>(round_kinds, text);
}
std::optional<CycleOutcome> parse_cycle_outcome(std::string_view text)
{
    return find<CycleOutcome>(cycle_outcomes, text);
}
std::optional<ConnectionState> parse_connection_state(std::string_view text)
{
    return find<ConnectionState>(connection_states, text);
}

} // namespace hawser::localstore

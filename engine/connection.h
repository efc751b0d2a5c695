#pragma once

#include "hawser/result.h"
#include "hawser/synchronizer.h"

#include <optional>

namespace hawser::engine {

/// What happens to the connection. The first five are somebody's word, the rest the network's.
enum class ConnectionEvent {
    asked_to_leave,     ///< go_offline: the pull before leaving begins.
    asked_to_leave_now, ///< go_offline without a pull.
    departed,           ///< The pull before leaving finished.
    departure_failed,   ///< Something is not aboard: it waits for the person's word.
    asked_to_return,    ///< go_online.
    reached,            ///< The organization answered and knows us.
    lost,               ///< It cannot be reached, or wants a sign-in.
};

/// The state after an event; the same state when the event means nothing there. Only the user's word
/// ends a stay offline that the user chose.
ConnectionState after(ConnectionState state, ConnectionEvent event);

/// Whether the engine may talk to the organization in this state.
constexpr bool may_talk(ConnectionState state)
{
    return state != ConnectionState::offline_by_choice;
}

/// What a failed cycle does to the connection; empty when it says nothing about it.
std::optional<ConnectionEvent> event_of(const Error& error);

} // namespace hawser::engine

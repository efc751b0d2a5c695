#include "engine/connection.h"

namespace hawser {

std::string_view to_text(ConnectionState state)
{
    switch (state) {
    case ConnectionState::online:
        return "online";
    case ConnectionState::going_offline:
        return "going offline";
    case ConnectionState::offline_by_choice:
        return "offline by choice";
    case ConnectionState::disconnected:
        return "disconnected";
    case ConnectionState::going_online:
        return "going online";
    }
    return "disconnected";
}

} // namespace hawser

namespace hawser::engine {

ConnectionState after(ConnectionState state, ConnectionEvent event)
{
    using State = ConnectionState;
    switch (event) {
    case ConnectionEvent::asked_to_leave:
        return state == State::offline_by_choice ? state : State::going_offline;
    case ConnectionEvent::asked_to_leave_now:
        return State::offline_by_choice;
    case ConnectionEvent::departed:
        return state == State::going_offline ? State::offline_by_choice : state;
    case ConnectionEvent::departure_failed:
        return state;
    case ConnectionEvent::asked_to_return:
        return state == State::online ? state : State::going_online;
    case ConnectionEvent::reached:
        return state == State::disconnected || state == State::going_online ? State::online : state;
    case ConnectionEvent::lost:
        return state == State::online || state == State::going_online ? State::disconnected : state;
    }
    return state;
}

std::optional<ConnectionEvent> event_of(const Error& error)
{
    if (error.kind == ErrorKind::offline || error.kind == ErrorKind::sign_in) return ConnectionEvent::lost;
    return std::nullopt;
}

} // namespace hawser::engine

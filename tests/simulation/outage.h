#pragma once

#include "hawser/clock.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hawser::simulation {

/// What strikes a client for a while.
enum class Outage {
    disconnect,    ///< No connection; what is under way breaks off.
    stop,          ///< The engine is ended in an orderly way, and started again afterwards.
    kill,          ///< The process ends where it stands, and starts again afterwards.
    pause,         ///< The machine is suspended, or time passes without the process getting to run.
    partition_in,  ///< What is sent arrives; the answers never come.
    partition_out, ///< What is sent never arrives, and nothing tells so.
};
inline constexpr Outage all_outages[] = {Outage::disconnect, Outage::stop,         Outage::kill,
                                         Outage::pause,      Outage::partition_in, Outage::partition_out};
std::string_view name(Outage outage);

/// One client's outage, in time since the load began.
struct Spell {
    std::size_t where = 0;
    Clock::Milliseconds from{};
    Clock::Milliseconds until{};
    bool foretold = false; ///< The process is told beforehand. Only with `pause`.
};

/// Outages of some of the clients, again and again until `end`, each from a millisecond to a minute
/// long. Those of one client do not overlap. The same for the same seed.
std::vector<Spell> draw_spells(std::size_t clients, Clock::Milliseconds end, std::uint64_t seed);

} // namespace hawser::simulation

#pragma once

#include "hawser/clock.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hawser::simulation {

/// Very many clients and an organization that goes through three troubles in turn. Times are counted
/// from the moment when everybody is in step.
struct StormPlan {
    using Seconds = std::chrono::seconds;
    std::size_t clients = 1'000;
    std::uint64_t seed = 1;
    /// Requests a second that the organization carries out; beyond it: 503. What a second leaves of it may
    /// be used within the next one.
    int limit = 60;
    Seconds an_edit_every{600}; ///< Each client, on average, all the time.
    Seconds down_at{300};       ///< 503 in HTML for everybody.
    Seconds down_for{300};
    /// The office's network had been away for a minute and comes back: everybody asks at once. 429 for
    /// everybody, and then for all that is beyond the limit.
    Seconds throttled_at{1'500};
    Seconds throttled_for{120};
    Seconds retry_after{30};   ///< The same for all.
    Seconds expired_at{2'700}; ///< Every change-tracking token is gone: 410.
    Seconds end{3'900};        ///< The last edit is made three minutes earlier.
};

/// What happened within one second.
struct StormSecond {
    std::uint32_t offered = 0; ///< Requests that arrived.
    std::uint32_t well = 0;    ///< Carried out.
    std::uint32_t throttled = 0;
    std::uint32_t unavailable = 0;
    std::uint32_t beyond = 0;  ///< Of these two: only because the limit was reached.
    std::uint32_t expired = 0; ///< Carried out, and some token in them was gone.
    std::uint32_t whole = 0;   ///< Clients whose last cycle ended well and who have nothing to send.
};

struct StormReport {
    std::vector<StormSecond> seconds{};
    std::uint64_t edits = 0;
    std::uint64_t requests = 0;
    std::uint64_t decided = 0;       ///< Conflicts that people had to decide.
    std::uint64_t sent_too_soon = 0; ///< Requests of a client that had been asked for quiet.
    /// From the end of each trouble until every client was whole once; -1 when that never was.
    std::int64_t whole_after_down = -1;
    std::int64_t whole_after_throttled = -1;
    std::int64_t whole_after_expired = -1;
    /// The most requests in one second: while nothing is carried out, and after each trouble's end.
    std::uint32_t peak_while_down = 0;
    std::uint32_t peak_after_down = 0;
    std::uint32_t peak_after_throttled = 0;
    std::uint32_t peak_after_expired = 0;
    std::uint64_t beyond_limit = 0;   ///< Requests of all the time that met the limit.
    std::uint64_t stuck = 0;          ///< Clients that are not whole at the end.
    std::uint64_t wrong_sums = 0;     ///< Counters that are not the sum of what was added: lost or twice.
    std::uint64_t bytes_a_client = 0; ///< Memory.
    std::uint64_t files_a_client = 0; ///< Open file descriptors.
};

/// Runs the plan in virtual time; `told` hears now and then how far it is. The same for the same seed.
StormReport run(const StormPlan& plan, const std::function<void(const std::string&)>& told);

} // namespace hawser::simulation

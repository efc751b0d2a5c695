#pragma once

#include "engine/backoff.h"
#include "hawser/clock.h"
#include "hawser/random.h"
#include "hawser/result.h"

#include <chrono>
#include <optional>
#include <set>
#include <string_view>

namespace hawser::engine {

/// A reason to run a cycle. Lower ones are named first in the journal.
enum class Reason { asked, edited, timer, reconnected, resumed, started };
std::string_view to_text(Reason reason);

/// *Whether* there is work: the reasons gathered since the last cycle began. Knows no time.
class WorkReasons {
public:
    void add(Reason reason) { reasons_.insert(reason); }
    bool any() const { return !reasons_.empty(); }
    bool has(Reason reason) const { return reasons_.contains(reason); }

    /// The foremost reason; the caller must then begin a cycle, which covers all of them.
    Reason take();

private:
    std::set<Reason> reasons_;
};

/// *When* to do it. All moments are those of `Clock::elapsed`, so that a jump of the wall clock
/// changes nothing. Knows no work.
///
/// With work waiting, an attempt comes at the latest after the longest backoff, counted from the end of
/// the server's own time where it named one: there is no state without a next moment. All waits after
/// failures are jittered, so that many replicas that failed together do not come back together.
class Timetable {
public:
    using Milliseconds = std::chrono::milliseconds;
    struct Options {
        Milliseconds interval{15 * 60 * 1000};
        Milliseconds nudge_delay{500};
        Milliseconds backoff_first{2'000};
        Milliseconds backoff_most{300'000};
    };

    Timetable(const Options& options, Milliseconds now)
        : options_(options), backoff_(options.backoff_first, options.backoff_most), next_(now)
    {
    }

    void nudged(Milliseconds now);    ///< A local edit: soon, but let edits gather.
    void hurried(Milliseconds now);   ///< Somebody asks, or the network came back: at once.
    void succeeded(Milliseconds now); ///< The next one after the interval.
    void failed(const Error& error, Milliseconds now, Random& random);

    /// Something waits for its own moment (a change's next attempt): not later than this.
    void not_later_than(Milliseconds moment) { next_ = std::min(next_, std::max(moment, retry_)); }

    /// The next moment to run a cycle.
    Milliseconds next() const { return std::max(next_, hold_); }
    /// Nothing may be sent before this, whoever asks: the server's Retry-After.
    Milliseconds held_until() const { return hold_; }
    int failures() const { return backoff_.failures(); }

private:
    Options options_;
    Backoff backoff_;
    Milliseconds next_;
    Milliseconds hold_{0};
    Milliseconds retry_{0}; ///< Nothing comes by itself before the backoff is over.
};

} // namespace hawser::engine

#pragma once

#include "hawser/export.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace hawser {

/// Whole seconds UTC: the one spelling of an instant in records, the queue and the journal.
using Instant = std::chrono::sys_seconds;

/// The only source of time in Hawser. Nothing else calls a system clock or sets a timer, so a
/// run under a virtual clock is a function of its seed.
///
/// Threads: every member may be called from any thread. `system_clock()` implements it.
class HAWSER_API Clock {
public:
    using Milliseconds = std::chrono::milliseconds;
    using Timer = std::uint64_t;

    virtual ~Clock() = default;

    /// Wall time. May jump either way; used for what people read and never for intervals.
    virtual Instant now() const = 0;

    /// Time since some fixed moment. Never runs backwards; used for every interval.
    virtual Milliseconds elapsed() const = 0;

    /// Calls `wake` once, on a thread of the clock's choosing, not before `after` has passed.
    /// `wake` must not block. Timers due at the same moment fire in the order they were set.
    virtual Timer call_after(Milliseconds after, std::function<void()> wake) = 0;

    /// After this returns, `wake` of that timer has either finished or will never run. Must not
    /// be called from within that `wake`. Unknown timers are ignored.
    virtual void cancel(Timer timer) = 0;
};

/// The machine's clock, with one thread for timers, started on first use.
HAWSER_API std::shared_ptr<Clock> system_clock();

} // namespace hawser

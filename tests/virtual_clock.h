#pragma once

#include "hawser/clock.h"

#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace hawser::tests {

/// A clock that stands still until a test moves it. Timers fire on the thread that moves it, in the
/// order of (due, number).
class VirtualClock : public Clock {
public:
    explicit VirtualClock(Instant start) : start_(start) {}

    Instant now() const override
    {
        const std::lock_guard lock(mutex_);
        return start_ + std::chrono::duration_cast<std::chrono::seconds>(elapsed_ + jump_);
    }

    Milliseconds elapsed() const override
    {
        const std::lock_guard lock(mutex_);
        return elapsed_;
    }

    Timer call_after(Milliseconds after, std::function<void()> wake) override
    {
        const std::lock_guard lock(mutex_);
        const Timer timer = ++last_;
        timers_.emplace(std::pair{elapsed_ + std::max(after, Milliseconds{0}), timer}, std::move(wake));
        return timer;
    }

    void cancel(Timer timer) override
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(timers_, [&](const auto& entry) { return entry.first.second == timer; });
    }

    bool has_timers() const
    {
        const std::lock_guard lock(mutex_);
        return !timers_.empty();
    }

    /// When the earliest timer is due; empty when there is none.
    std::optional<Milliseconds> next_due() const
    {
        const std::lock_guard lock(mutex_);
        if (timers_.empty()) return std::nullopt;
        return timers_.begin()->first.first;
    }

    /// Moves to the earliest timer and fires it; false when there is none.
    bool fire_next()
    {
        std::function<void()> wake;
        {
            const std::lock_guard lock(mutex_);
            if (timers_.empty()) return false;
            const auto first = timers_.begin();
            elapsed_ = std::max(elapsed_, first->first.first);
            wake = std::move(first->second);
            timers_.erase(first);
        }
        wake();
        return true;
    }

    /// Lets time pass; timers that come due fire.
    void pass(Milliseconds time)
    {
        const Milliseconds until = elapsed() + time;
        for (;;) {
            {
                const std::lock_guard lock(mutex_);
                if (timers_.empty() || timers_.begin()->first.first > until) break;
            }
            fire_next();
        }
        const std::lock_guard lock(mutex_);
        elapsed_ = until;
    }

    /// The wall clock is set, as people do.
    void jump(std::chrono::seconds by)
    {
        const std::lock_guard lock(mutex_);
        jump_ += by;
    }

private:
    mutable std::mutex mutex_;
    Instant start_;
    Milliseconds elapsed_{1'000};
    Milliseconds jump_{0};
    Timer last_ = 0;
    std::map<std::pair<Milliseconds, Timer>, std::function<void()>> timers_;
};

} // namespace hawser::tests

#pragma once

#include "tests/virtual_clock.h"

#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace hawser::simulation {

/// The clock on one machine: its wall time may be wrong, and while the process there gets no time to
/// run none of its timers fires. Must outlive them.
class OwnClock : public Clock {
public:
    explicit OwnClock(std::shared_ptr<tests::VirtualClock> time) : time_(std::move(time)) {}

    std::chrono::seconds wrong_by{0};

    Instant now() const override { return time_->now() + wrong_by; }
    Milliseconds elapsed() const override { return time_->elapsed(); }

    Timer call_after(Milliseconds after, std::function<void()> wake) override
    {
        const auto timer = std::make_shared<Timer>();
        *timer = time_->call_after(after, [this, timer, wake = std::move(wake)] {
            if (frozen_)
                late_.emplace(*timer, wake);
            else
                wake();
        });
        return *timer;
    }

    void cancel(Timer timer) override
    {
        time_->cancel(timer);
        late_.erase(timer);
    }

    bool frozen() const { return frozen_; }
    /// Time goes on, and the process does not.
    void freeze() { frozen_ = true; }
    /// What came due meanwhile fires now.
    void thaw()
    {
        frozen_ = false;
        for (const auto& [timer, wake] : std::exchange(late_, {})) wake();
    }

private:
    std::shared_ptr<tests::VirtualClock> time_;
    bool frozen_ = false;
    std::map<Timer, std::function<void()>> late_{};
};

} // namespace hawser::simulation

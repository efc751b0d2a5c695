#pragma once

#include "hawser/random.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace hawser::engine {

/// The wait after failures, as a value: doubles from `first` to `most`, jittered to between half of
/// it and all of it, and forgets everything at the first success.
class Backoff {
public:
    using Milliseconds = std::chrono::milliseconds;

    Backoff(Milliseconds first, Milliseconds most) : first_(first), most_(std::max(first, most)) {}

    /// The wait before the next attempt, after one more failure.
    Milliseconds failed(Random& random)
    {
        Milliseconds full = first_;
        for (int i = 0; i < failures_ && full < most_; ++i) full *= 2;
        full = std::min(full, most_);
        failures_ = std::min(failures_ + 1, 64);
        const auto half = full.count() / 2;
        return Milliseconds{full.count() - half +
                            static_cast<std::int64_t>(below(random, static_cast<std::uint64_t>(half) + 1))};
    }

    void succeeded() { failures_ = 0; }
    int failures() const { return failures_; }

private:
    Milliseconds first_;
    Milliseconds most_;
    int failures_ = 0;
};

} // namespace hawser::engine

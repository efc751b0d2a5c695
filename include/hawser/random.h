#pragma once

#include "hawser/export.h"

#include <cstdint>
#include <memory>

namespace hawser {

/// The only source of chance in Hawser: ids, nonces, jitter.
///
/// Threads: `next` may be called from any thread.
class HAWSER_API Random {
public:
    virtual ~Random() = default;

    /// 64 evenly distributed bits.
    virtual std::uint64_t next() = 0;
};

/// A number in [0, bound), evenly distributed, the same for the same draws on every platform.
/// `bound` must be greater than 0.
HAWSER_API std::uint64_t below(Random& random, std::uint64_t bound);

/// The operating system's generator; fit for nonces and ids.
HAWSER_API std::shared_ptr<Random> system_random();

/// A reproducible generator: the same seed gives the same draws everywhere. Never for nonces.
HAWSER_API std::shared_ptr<Random> seeded_random(std::uint64_t seed);

} // namespace hawser

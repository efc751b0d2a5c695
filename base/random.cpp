#include "hawser/random.h"

#include <atomic>
#include <cassert>
#include <cerrno>
#include <exception>
#include <sys/random.h>
#include <sys/types.h>

namespace hawser {
namespace {

class SystemRandom final : public Random {
public:
    std::uint64_t next() override
    {
        std::uint64_t bits = 0;
        for (;;) {
            const ssize_t got = ::getrandom(&bits, sizeof bits, 0);
            if (got == sizeof bits) return bits;
            // So small a request is only ever interrupted. Ids from a broken generator would
            // repeat, and going on with them could overwrite another record.
            if (got >= 0 || errno != EINTR) std::terminate();
        }
    }
};

/// splitmix64: its state is a counter, so that threads share it without a lock.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() override
    {
        constexpr std::uint64_t step = 0x9E3779B97F4A7C15ULL;
        std::uint64_t z = state_.fetch_add(step, std::memory_order_relaxed) + step;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31U);
    }

private:
    std::atomic<std::uint64_t> state_;
};

} // namespace

std::uint64_t below(Random& random, std::uint64_t bound)
{
    assert(bound > 0);
    // 2^64 modulo bound: draws under it would make the low numbers likelier.
    const std::uint64_t uneven = (0 - bound) % bound;
    for (;;) {
        const std::uint64_t drawn = random.next();
        if (drawn >= uneven) return drawn % bound;
    }
}

std::shared_ptr<Random> system_random()
{
    static const auto random = std::make_shared<SystemRandom>();
    return random;
}

std::shared_ptr<Random> seeded_random(std::uint64_t seed)
{
    return std::make_shared<SeededRandom>(seed);
}

} // namespace hawser

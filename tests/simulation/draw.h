#pragma once

#include "hawser/random.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace hawser::simulation {

/// Two numbers stirred into one, for a source of chance of its own.
constexpr std::uint64_t stirred(std::uint64_t a, std::uint64_t b)
{
    std::uint64_t x = a * 0x9e3779b97f4a7c15ULL + b + 0x632be59bd9b4e019ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/// A few chances in a row. What is drawn here changes nothing that is drawn elsewhere, so that a story
/// stays the same when a part of it is left out.
class Draw {
public:
    /// Two that are seeded by neighbouring draws of a third share nothing.
    explicit Draw(std::uint64_t seed) : state_(stirred(seed, 2)) {}

    std::uint64_t next() { return state_ = stirred(state_, 1); }
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    std::int64_t between(std::int64_t least, std::int64_t most)
    {
        return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)));
    }
    bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability; }
    template <class Container>
    const auto& pick(const Container& from)
    {
        return from[below(from.size())];
    }

private:
    std::uint64_t state_;
};

} // namespace hawser::simulation

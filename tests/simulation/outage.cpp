#include "tests/simulation/outage.h"

#include "tests/simulation/draw.h"

#include <algorithm>

namespace hawser::simulation {

namespace {

using Milliseconds = Clock::Milliseconds;

/// A millisecond as likely as a minute: short ones meet other moments than long ones.
Milliseconds drawn_length(Draw& draw)
{
    std::int64_t most = 1;
    for (std::uint64_t i = draw.below(6); i > 0; --i) most *= 10;
    return Milliseconds{std::min<std::int64_t>(draw.between(most, most * 9), 60'000)};
}

} // namespace

std::vector<Spell> draw_spells(std::size_t clients, Milliseconds end, std::uint64_t seed)
{
    Draw draw(stirred(seed, 31));
    std::vector<Spell> spells;
    std::vector<Milliseconds> free(clients, Milliseconds{0});
    Milliseconds now{draw.between(5'000, 20'000)};
    while (now < end) {
        // One of them, or about half of them, or all at once.
        const double share = draw.chance(0.2)   ? 1
                             : draw.chance(0.5) ? 0.5
                                                : 1.0 / static_cast<double>(clients);
        const Milliseconds common = drawn_length(draw);
        for (std::size_t where = 0; where < clients; ++where) {
            if (!draw.chance(share) || free[where] > now) continue;
            const Milliseconds from = now + Milliseconds{draw.between(0, 900)};
            const Milliseconds length = share < 1 ? drawn_length(draw) : common;
            spells.push_back({where, from, from + length, draw.chance(0.5)});
            free[where] = from + length + Milliseconds{1};
        }
        now += Milliseconds{draw.between(2'000, 20'000)};
    }
    return spells;
}

std::string_view name(Outage outage)
{
    constexpr std::string_view names[] = {"disconnect", "stop",         "kill",
                                          "pause",      "partition in", "partition out"};
    return names[static_cast<std::size_t>(outage)];
}

} // namespace hawser::simulation

#pragma once

#include "tests/simulation/crash_day.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hawser::tests {

/// The days that a round of crashes is made of: every k-th of all points, beginning where the seed says.
struct CrashRound {
    std::uint64_t seed = 1;
    std::uint64_t every = 1;
    std::string only{}; ///< One kind of point: "file", "before", "after", "full" or "busy"; "": all.
};

/// What there is to interrupt in a day, and what was.
struct CrashTally {
    std::uint64_t file_steps = 0;
    std::uint64_t requests = 0;
    std::uint64_t points = 0;      ///< Each of them with everything that can befall it.
    std::uint64_t interrupted = 0; ///< Days that were run, one a point.
    std::vector<std::string> failures{};
};

std::string text_of(const CrashTally& tally);

/// Runs a day that is interrupted at each of the points, and compares its end with that of a day which was
/// not. `failed` is told at once.
CrashTally crash_days(const CrashRound& round, const std::function<void(const std::string&)>& failed = {});

/// One such day; "" when it ended well.
std::string crash_day(const CrashPoint& point);

} // namespace hawser::tests

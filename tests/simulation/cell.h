#pragma once

#include "tests/simulation/oracle.h"
#include "tests/simulation/outage.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::simulation {

/// What each person does a minute.
struct Load {
    std::string_view name;
    int edits = 0;
    int cycles = 0; ///< Asked for, besides those that the engine runs by itself.
};
inline constexpr Load low_load{"low", 4, 1};
inline constexpr Load high_load{"high", 30, 6};

/// One cell of the fault matrix: so many clients under a load, struck by one kind of outage again and
/// again until the last quarter of the time.
struct Cell {
    Outage outage = Outage::disconnect;
    std::size_t clients = 5;
    Load load = low_load;
    std::chrono::minutes length{6};
};

/// What came of one run of a cell.
struct CellReport {
    std::uint64_t outages = 0;
    std::uint64_t edits = 0;
    std::uint64_t requests = 0;
    std::uint64_t conflicts = 0; ///< Those that a person had to decide.
    std::uint64_t held = 0;    ///< Changes that met others' edits; a person let them go on, or gave them up.
    std::uint64_t refused = 0; ///< Changes that the organization refused for good; a person gave them up.
    /// After the last outage and the last edit: until everything was sent, and until all replicas were
    /// equal to the organization as well. Empty when that did not come by itself.
    std::optional<std::chrono::seconds> sent_after{};
    std::optional<std::chrono::seconds> equal_after{};
    std::vector<std::string> waiting{}; ///< What still waited when nothing moved any more, and for what.
    std::optional<Violation> broken{};
    std::uint64_t trace = 0;
    std::vector<std::string> story{}; ///< When it was asked for.

    bool lost() const;  ///< I1 was broken.
    bool stuck() const; ///< It did not come to rest by itself, or did not end equal.
};

/// Lets the engines run by themselves, in virtual time; people answer conflicts and held changes as they
/// come, and give up what was refused. The same for the same seed.
CellReport run(const Cell& cell, std::uint64_t seed, bool tell);

} // namespace hawser::simulation

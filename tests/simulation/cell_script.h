#pragma once

#include "tests/simulation/cell.h"
#include "tests/simulation/outage.h"
#include "tests/simulation/script.h"

#include <cstdint>
#include <vector>

namespace hawser::simulation {

/// What everybody does in one run of a cell. Nobody types at a machine that is asleep.
Script write_script(const Cell& cell, const std::vector<Spell>& spells, std::uint64_t seed);

} // namespace hawser::simulation

#pragma once

#include "tests/simulation/script.h"
#include "tests/simulation/world.h"

namespace hawser::simulation {

/// A story that breaks the same invariant with as little in it as was found.
struct Shrunk {
    Script script;
    Report report; ///< Of that script, told.
    int runs = 0;
};

/// Leaves deeds and mishaps out of a failing story while the same invariant breaks.
Shrunk shrink(Script failing, int invariant, int most_runs);

} // namespace hawser::simulation

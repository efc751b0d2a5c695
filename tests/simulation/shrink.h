#pragma once

#include "tests/simulation/script.h"
#include "tests/simulation/world.h"

#include <functional>

namespace hawser::simulation {

/// A story that fails in the same way with as little in it as was found.
struct Shrunk {
    Script script;
    Report report; ///< Of that script, told.
    int runs = 0;
};

/// What has to be true of a story that is kept.
using Fails = std::function<bool(const Report&)>;
/// That the same promise is broken in the same words, but for ids, values and numbers.
Fails breaks_likewise(const Violation& broken);

/// Leaves deeds and mishaps out of a story while it still fails.
Shrunk shrink(Script failing, const Fails& fails, int most_runs);

} // namespace hawser::simulation

#pragma once

#include "hawser/synchronizer.h"
#include "tools/hawser/output.h"

namespace hawser::cli {

/// What would be done, a line a step.
Grid grid_of(const Plan& plan);

} // namespace hawser::cli

#pragma once

#include "engine/surroundings.h"

namespace hawser::engine {

/// Compares every chosen table, row by row, with what the organization holds in scope now. Reads
/// only; neither side is changed. A difference counts as explained when the live changes on the copy
/// that the organization holds make exactly the copy here.
Task<Result<Verification>> compare_all(Surroundings& around);

} // namespace hawser::engine

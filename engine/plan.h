#pragma once

#include "engine/surroundings.h"

#include <string>
#include <vector>

namespace hawser::engine {

/// What a cycle would do now: reads what changed on the organization's side and what is queued here,
/// decides as the cycle would, and writes nothing anywhere. `tables` empty = all chosen ones.
Task<Result<Plan>> look_ahead(Surroundings& around, std::vector<std::string> tables);

} // namespace hawser::engine

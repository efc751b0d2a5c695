#pragma once

#include "hawser/synchronizer.h"

#include <chrono>

namespace hawser::engine {

/// hawser::token_command with another limit than a minute.
///
/// Threads: `request` and `cancel` from any thread, also within `done`, where the provider may be let
/// go of too. A program under way is killed by `cancel`, by the next `request` and by destruction.
std::shared_ptr<TokenProvider> token_command(std::vector<std::string> argv, std::chrono::milliseconds time);

} // namespace hawser::engine

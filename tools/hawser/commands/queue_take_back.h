#pragma once

#include "hawser/replica.h"
#include "tools/hawser/invocation.h"

#include <vector>

namespace hawser::cli {

/// Takes back changes that the server has already by new ones, which a person sees first unless `yes`.
Result<ExitCode> take_back(const Invocation& invocation, Replica& replica,
                           const std::vector<ChangeNumber>& changes, bool yes);

} // namespace hawser::cli

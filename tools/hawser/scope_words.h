#pragma once

#include "hawser/replica.h"

#include <string>
#include <string_view>

namespace hawser::cli {

/// "TABLE" or "TABLE:FILTER", as it is typed.
ScopeChoice parse_scope(std::string_view argument);

/// "task (statecode eq 0)".
std::string people_text(const ScopeChoice& scope);

} // namespace hawser::cli

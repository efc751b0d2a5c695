#pragma once

#include "hawser/replica.h"

#include <string>
#include <string_view>
#include <vector>

namespace hawser::cli {

/// "TABLE" or "TABLE:FILTER", as it is typed.
ScopeChoice parse_scope(std::string_view argument);

/// "task (statecode eq 0)".
std::string people_text(const ScopeChoice& scope);

/// The given tables when the replica holds all of them; else refuses with the nearest names.
Result<std::vector<std::string>> chosen_tables(const Replica& replica,
                                               const std::vector<std::string>& wanted);

} // namespace hawser::cli

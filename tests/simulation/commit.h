#pragma once

#include <string_view>

namespace hawser::simulation {

/// What was built: "abc1234", with "-dirty" where files differ from it; "unknown" outside of a clone.
std::string_view built_commit();

} // namespace hawser::simulation

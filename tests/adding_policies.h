#pragma once

#include "conflict/policy_file.h"
#include "tests/engine_world.h"

namespace hawser::tests {

/// What several people add to the employees of an account is added up.
inline std::shared_ptr<engine::Policies> adding()
{
    const auto rules =
        conflict::parse_policy_file(R"({"version":1,"tables":{"account":{"numberofemployees":"add"}}})");
    REQUIRE(rules);
    return std::make_shared<engine::Policies>(*rules);
}

} // namespace hawser::tests

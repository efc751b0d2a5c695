#pragma once

#include "tools/hawser/exit_code.h"
#include "tools/hawser/invocation.h"
#include "tools/hawser/replay.h"

#include <string>

namespace hawser::cli {

/// How a replay goes through its changes.
struct Course {
    bool step = false; ///< A person says yes to each unit.
    double rate = 0;   ///< Changes a second, at most; 0 = as fast as it goes.
};

/// Sends slice by slice. Returns why it ended early; "" when it came to its end.
Result<std::string> go_through(const Invocation& invocation, OnlineSession& session, Replay& replay,
                               Course course);

/// What would become of all that is chosen.
Result<ExitCode> show_plan(const Invocation& invocation, OnlineSession& session);

} // namespace hawser::cli

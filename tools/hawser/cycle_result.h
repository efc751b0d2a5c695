#pragma once

#include "hawser/replica.h"
#include "hawser/synchronizer.h"
#include "tools/hawser/invocation.h"
#include "tools/hawser/output.h"

namespace hawser::cli {

/// Prints what a cycle did and what is left; exit code 5 when something waits for a person.
Result<ExitCode> tell_cycle(const Invocation& invocation, const Replica& replica, const CycleReport& report);

/// One line for one cycle of many.
void tell_watched_cycle(Output& output, const CycleReport& report);

enum class Ending { interrupted, interrupted_on_purpose };

/// After Ctrl-C: what is left to do. It is a failure unless stopping was the only way to end.
Result<ExitCode> tell_what_is_left(const Invocation& invocation, const Replica& replica, Ending ending);

/// The status without an engine, for after a command's work.
Result<ExitCode> exit_code_for_waiting(const Replica& replica);

} // namespace hawser::cli

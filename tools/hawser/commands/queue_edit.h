#pragma once

#include "tools/hawser/commands/command.h"
#include "tools/hawser/invocation.h"

namespace hawser::cli {

/// `queue edit`: the values of one waiting change are set right.
void add_queue_edit(Command queue, Invocation& invocation);

} // namespace hawser::cli

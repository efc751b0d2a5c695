#pragma once

#include "tools/hawser/commands/command.h"
#include "tools/hawser/invocation.h"

namespace hawser::cli {

/// `queue show`: one change with what it stands on, what would be sent of it and what became of it so far.
void add_queue_show(Command queue, Invocation& invocation);

} // namespace hawser::cli

#pragma once

#include "tools/hawser/commands/command.h"
#include "tools/hawser/invocation.h"

namespace hawser::cli {

/// `queue export`: the queue in a file.
void add_queue_carry(Command queue, Invocation& invocation);

} // namespace hawser::cli

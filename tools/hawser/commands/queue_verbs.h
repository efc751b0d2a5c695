#pragma once

#include "tools/hawser/commands/command.h"
#include "tools/hawser/invocation.h"

namespace hawser::cli {

/// `queue undo`, `retry`, `discard`, `hold` and `release`: what a person decides about one change.
void add_queue_verbs(Command queue, Invocation& invocation);

} // namespace hawser::cli

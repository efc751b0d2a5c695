#pragma once

#include "hawser/replica.h"
#include "localstore/journal.h"

namespace hawser::engine {

/// A stored cycle as people see it.
CycleReport report_of(const localstore::Cycle& cycle);

} // namespace hawser::engine

#pragma once

#include "engine/push_plan.h"
#include "localstore/store.h"

#include <vector>

namespace hawser::engine {

/// The queue as it is, and what of it may be sent now.
struct QueuePlan {
    std::vector<localstore::Change> live;
    PushPlan plan;
};

/// Reads every live change and plans. Writes nothing.
Result<QueuePlan> plan_queue(localstore::Store& store, Instant now);

} // namespace hawser::engine

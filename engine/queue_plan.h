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

/// Reads every live change and plans. A moment that a change waits for counts when it is at most
/// `patience` away: a later one was written under another clock. Writes nothing.
Result<QueuePlan> plan_queue(localstore::Store& store, Instant now, std::chrono::seconds patience);

} // namespace hawser::engine

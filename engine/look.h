#pragma once

#include "engine/surroundings.h"

namespace hawser::engine {

/// Reads one record as the organization has it now; neither side is changed. A former id is followed. Fails with
/// net.lost_answer when no usable answer comes, as a whole request does that fails.
Task<Result<Sighting>> look_at_record(Surroundings& around, RecordKey key);

} // namespace hawser::engine

#pragma once

#include "tools/server/core/call.h"

namespace hawser::server {

/// Stores a made-up organization of exactly `records` records (parties not counted), the same for
/// the same number. Expects a transaction. Does nothing when one is there already.
Result<Loaded> store_sample(World& world, std::size_t records, Instant now);

} // namespace hawser::server

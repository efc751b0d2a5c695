#pragma once

#include "engine/surroundings.h"

#include <string>
#include <vector>

namespace hawser::engine {

/// Brings what the replica knows of these tables up to the organization's word: definitions in one
/// batch, entity set names in one more request. A table that the organization does not know, or will
/// not describe, stays as it was; when it was never known, or when its definition failed to come, it is
/// one of the `troubles`, and the others go on.
Task<Result<void>> refresh_tables(Surroundings& around, std::vector<std::string> names, Troubles& troubles);

/// The entity set names as an earlier refresh left them; empty before the first.
dataverse::EntitySets stored_entity_sets(const localstore::Store& store);

/// When the definitions were last read.
std::optional<Instant> tables_refreshed_at(const localstore::Store& store);

} // namespace hawser::engine

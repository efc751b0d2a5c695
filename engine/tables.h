#pragma once

#include "engine/surroundings.h"

#include <string>
#include <vector>

namespace hawser::engine {

/// Brings what the replica knows of these tables up to the organization's word: definitions in one
/// batch, entity set names in one more request. A table that the organization does not know, or will
/// not describe, fails with its name when it was never known, and stays as it was otherwise.
Task<Result<void>> refresh_tables(Surroundings& around, std::vector<std::string> names);

/// The entity set names as an earlier refresh left them; empty before the first.
dataverse::EntitySets stored_entity_sets(const localstore::Store& store);

/// When the definitions were last read.
std::optional<Instant> tables_refreshed_at(const localstore::Store& store);

} // namespace hawser::engine

#pragma once

#include "engine/surroundings.h"

#include <string>
#include <vector>

namespace hawser::engine {

/// Brings what the replica knows of these tables up to the organization's word: definitions in one
/// batch, entity set names in one more request. A table that the organization does not know, or will
/// not describe, stays as it was; when it was never described here, or when its definition failed to
/// come, it is one of the `troubles` (an unknown one with the nearest names), and the others go on.
Task<Result<void>> refresh_tables(Surroundings& around, std::vector<std::string> names, Troubles& troubles);

/// Whether the organization has ever told the table's columns. A table that was only chosen has none.
bool is_described(const localstore::Store& store, const std::string& table);

/// Whether a failure is the last word on what was asked, the organization's or a filter's, and neither
/// a passing fault nor one of the network or the replica.
bool is_refusal(const Error& error);

/// The entity set names as an earlier refresh left them; empty before the first.
dataverse::EntitySets stored_entity_sets(const localstore::Store& store);

/// When the definitions were last read.
std::optional<Instant> tables_refreshed_at(const localstore::Store& store);

} // namespace hawser::engine

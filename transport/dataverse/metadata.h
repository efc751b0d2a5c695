#pragma once

#include "hawser/clock.h"
#include "hawser/metadata.h"
#include "transport/dataverse/batch.h"
#include "transport/dataverse/service.h"

#include <string>
#include <string_view>

namespace hawser::dataverse {

/// The name of the column that holds an activity's participants, in every activity table. On the
/// wire it is the collection "<table>_activity_parties"; the party lists from, to, cc… are no
/// columns of their own.
inline constexpr std::string_view parties_column = "parties";

/// Whether the table's record has participants at all.
bool has_parties(const Table& table);

/// Reads that together describe one table; send them with `write_batch(…, OnError::go_on, …)`.
/// `table` must be an identifier ([a-z_][a-z0-9_]*).
std::vector<BatchItem> metadata_items(std::string_view table);

/// Reads the answers to `metadata_items`. Only the first (the definition) and the relationships are
/// needed; lengths, choices and date behaviours that the server would not tell are left open.
///
/// Columns: everything readable, in the server's order, without the primary id, versionnumber and
/// the display shadows of other columns ("…name"); names that are no identifiers are left out.
/// Activities get `parties_column` last. Fails with "server.bad_answer", "server.unknown_table" or
/// as `to_error`.
Result<Table> parse_metadata(std::string_view table, const BatchAnswer& answer, Instant now);

http::Request entity_sets(const Service& service, const Guid& request_id);
Result<EntitySets> parse_entity_sets(const http::Answer& answer, Instant now);

/// Changes whenever the schema does: read with any answer that carries annotations; "" when absent.
std::string metadata_version(const http::Answer& answer);

} // namespace hawser::dataverse

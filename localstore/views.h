#pragma once

#include "localstore/database.h"
#include "localstore/tables.h"

#include <map>
#include <string>
#include <string_view>

namespace hawser::localstore {

/// The participants of every activity, one row each: activityid, activitytable, columnname, partyid,
/// partytable, address, participationtypemask.
inline constexpr std::string_view party_view = "activityparty";

/// What views exist for these tables and the statement that makes each. A view is the contract for
/// readers outside of the library: columns are only ever added. The primary id comes first as text,
/// then every column in layout order; a lookup gives the id and, as "<name>type", its table.
std::map<std::string, std::string> view_statements(const TableSet& tables);

/// Makes the views that are missing or differ. Inside a write transaction.
void make_views(Database& database, const TableSet& tables);

/// Moves when the shape of the views changes; a file with an older one gets its views made again.
inline constexpr std::int64_t view_version = 1;

/// SQL of one column: json_extract at its position. `part` is the position in a lookup's pair.
std::string column_expression(std::size_t position);
std::string lookup_expression(std::size_t position, std::size_t part);

} // namespace hawser::localstore

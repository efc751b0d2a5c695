#pragma once

#include "localstore/conflict.h"
#include "localstore/database.h"
#include "localstore/tables.h"

#include <optional>
#include <string>
#include <vector>

namespace hawser::localstore {

/// The open conflict of a record, with the columns that are still open.
std::optional<Conflict> open_conflict(Database& database, const KnownTable& table, const Guid& id);
/// With all its columns when it is closed, the open ones while it is open.
std::optional<Conflict> find_conflict(Database& database, const TableSet& tables, ConflictNumber number);
std::vector<Conflict> list_conflicts(Database& database, const TableSet& tables,
                                     const ConflictFilter& filter);

/// Adds it and gives it its number.
void add_conflict(Database& database, const KnownTable& table, Conflict& conflict);
/// Adds or rewrites one open column.
void save_column(Database& database, ConflictNumber number, const ConflictColumn& column);
/// Whoever was shown the conflict before was shown something else.
void revise_conflict(Database& database, Conflict& conflict);
void close_column(Database& database, ConflictNumber number, std::string_view column,
                  std::string_view resolution);
/// Closes the conflict and what columns are still open.
void close_conflict(Database& database, const Conflict& conflict);

} // namespace hawser::localstore

#pragma once

#include "localstore/database.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hawser::localstore {

/// Small second copies of the rows without which a queue cannot be read or sent: they stand among the
/// settings, on other pages, for repair. Each is written in the transaction that writes the row.
void keep_binding_copy(Database& database);
void keep_table_copy(Database& database, std::int64_t number, const std::string& primary_id);
void keep_scope_copies(Database& database);

/// The rows of hawser_meta, hawser_scope and hawser_connection that are missing and have a copy.
/// Returns what was put back, by name.
std::vector<std::string> put_back_binding(Database& database);
std::vector<std::string> put_back_scopes(Database& database);

struct TableCopy {
    std::string name;
    std::string primary_id;
    std::vector<std::string> layout; ///< The columns in the order of the bodies.
};
std::map<std::int64_t, TableCopy> table_copies(Database& database);

} // namespace hawser::localstore

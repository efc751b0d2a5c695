#pragma once

#include "tools/server/core/call.h"

namespace hawser::server {

/// GET set?fetchXml=…: one table, attributes, filters and orders, with paging cookies. Columns that
/// are null are left out of the answer, as the organization does it.
Answer fetch_rows(const Call& call, const Table& table);

} // namespace hawser::server

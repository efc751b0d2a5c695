#pragma once

#include "hawser/metadata.h"
#include "hawser/result.h"

#include <string>
#include <string_view>

namespace hawser::localstore {

/// What the organization says of a table, as it stands in hawser_table.
std::string encode_table(const Table& table);
Result<Table> decode_table(std::string_view text);

/// "date_time" and the like.
std::string_view to_text(ColumnType type);

} // namespace hawser::localstore

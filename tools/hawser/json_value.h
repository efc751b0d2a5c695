#pragma once

#include "hawser/metadata.h"
#include "hawser/result.h"
#include "hawser/value.h"

#include <string_view>

namespace hawser::cli {

/// The value that a JSON text means for a column, in the shapes that --json prints: null, true, 12,
/// 12.5 or "12.5" for decimals, "text", {"id":…,"table":…} for lookups, [{"key":…,"value":…}] for
/// participants.
Result<Value> read_json_value(const Column& column, std::string_view text, const Table& table);

} // namespace hawser::cli

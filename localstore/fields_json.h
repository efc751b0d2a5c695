#pragma once

#include "hawser/result.h"
#include "hawser/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

/// Columns as one JSON object that needs no metadata to be read again: {"amount:decimal":"12.5",
/// "firstname":"Ada","parentcustomerid":["account","…"],"telephone1":null}. Explicit nulls stay.
std::string encode_fields(const Fields& fields);
Result<Fields> decode_fields(std::string_view text);

/// Names that hold no comma, as one text and back.
std::string join_names(const std::vector<std::string>& names);
std::vector<std::string> split_names(std::string_view text);

} // namespace hawser::localstore

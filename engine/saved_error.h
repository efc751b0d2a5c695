#pragma once

#include "hawser/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace hawser::engine {

/// An error as one line of JSON, for keeping, and back. Empty for a text that is none.
std::string error_text(const Error& error);
std::optional<Error> parse_saved_error(std::string_view text);

} // namespace hawser::engine

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hawser::server {

/// Makes an opaque token of a few fields; `purpose` is sealed in, so that a token of one query is
/// refused by another.
std::string make_token(std::string_view payload, std::string_view purpose);

/// The payload, or nothing when the token was not made for this purpose or is damaged.
std::optional<std::string> open_token(std::string_view token, std::string_view purpose);

} // namespace hawser::server

#pragma once

#include <string>
#include <string_view>

namespace hawser::server {

/// The text as a gzip member at the cheapest level; "" when zlib refuses.
std::string gzip(std::string_view text);

} // namespace hawser::server

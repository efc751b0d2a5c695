#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hawser::server {

/// Appends a JSON string with its quotes. The text must be UTF-8; it is not checked again.
void append_quoted(std::string& out, std::string_view text);
void append_number(std::string& out, std::int64_t value);
std::string quoted_text(std::string_view text);

/// The text of a JSON string as it stands in a stored value (with quotes), escapes resolved.
std::string unquoted(std::string_view json);

/// True when every byte sequence is valid UTF-8.
bool is_utf8(std::string_view text);

/// Length in UTF-16 units, as the organization counts.
std::size_t utf16_length(std::string_view text);

} // namespace hawser::server

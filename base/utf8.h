#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hawser {

/// The length in UTF-16 units, which is how the organization counts text; empty when the bytes are
/// not well-formed UTF-8 (overlong forms, surrogates and values above U+10FFFF are not).
std::optional<std::size_t> utf16_units(std::string_view text) noexcept;

/// ASCII letters in lower case, every other byte as it is.
std::string ascii_lower(std::string_view text);

} // namespace hawser

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::cli {

/// How many terminal cells a UTF-8 text takes: 2 for wide characters, 0 for combining ones, 1 for
/// each byte that is not UTF-8.
std::size_t display_width(std::string_view text);

/// The longest beginning of the text that fits `cells`, with "…" at its end when something was cut.
std::string cut_to_width(std::string_view text, std::size_t cells);

/// The text in lines of at most `cells`, broken at spaces where there are some.
std::vector<std::string> wrap_to_width(std::string_view text, std::size_t cells);

/// Fit for one line of a terminal: line ends and tabs become spaces, and other control characters,
/// which could steer the terminal, become "�". Bytes that are not UTF-8 too.
std::string one_safe_line(std::string_view text);

/// As `one_safe_line`, but line ends stay.
std::string safe_lines(std::string_view text);

/// A field of a tab-separated line: tab, line end, carriage return and backslash are written as
/// \t, \n, \r and \\; other bytes stay.
std::string tab_field(std::string_view text);

} // namespace hawser::cli

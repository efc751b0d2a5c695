#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hawser::conflict {

/// Merges two edited versions of a text line by line. Empty when both sides changed the same or
/// adjoining lines differently, or when the versions differ in so many lines that comparing them
/// would take too long: then a person decides.
///
///   merge_lines(b, x, x) = x,  merge_lines(b, b, x) = x,  merge_lines(b, x, b) = x
///   merge_lines(b, x, y) = merge_lines(b, y, x)
std::optional<std::string> merge_lines(std::string_view base, std::string_view mine, std::string_view theirs);

} // namespace hawser::conflict

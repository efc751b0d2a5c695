#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace hawser::conflict {

inline constexpr int unmatched = -1;

/// For each item of `before` the position in `after` that it went to, or `unmatched` when it is gone, by the shortest edit
/// script (Myers 1986). What is matched is equal and stays in order. Empty when the two differ in more than 1,000 items:
/// time and memory grow with the square of the difference. Pure.
std::optional<std::vector<int>> match_items(const std::vector<std::string_view>& before,
                                            const std::vector<std::string_view>& after);

} // namespace hawser::conflict

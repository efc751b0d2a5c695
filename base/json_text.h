#pragma once

#include <string>
#include <string_view>

namespace hawser {

/// Appends the text as a JSON string, with its quotes: the shortest escapes, everything above
/// U+001F but '"' and '\' as it is. Allocates nothing but the growth of `out`.
void append_json_string(std::string& out, std::string_view text);

} // namespace hawser

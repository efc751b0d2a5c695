#pragma once

#include "hawser/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace hawser::cli {

/// Takes a command line apart into its words, without a shell: spaces separate, 'single' and
/// "double" quotes keep together, a backslash takes the next character as it is (not within single
/// quotes). Nothing is expanded. An open quote is refused, and so is a line without words.
Result<std::vector<std::string>> command_words(std::string_view line);

/// The word as it is typed in a shell: in single quotes when something in it would be taken apart.
std::string shell_word(std::string_view word);

} // namespace hawser::cli

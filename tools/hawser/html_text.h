#pragma once

#include "tools/hawser/output.h"

#include <string>
#include <string_view>

namespace hawser::cli {

/// Text as HTML: nothing in it is markup.
std::string in_html(std::string_view text);

/// The beginning of a page that needs no other file: everything before its own heading, with these rules of style after
/// the common ones.
std::string html_page(std::string_view title, std::string_view style);

/// A grid as a table; the sentence for no rows as a paragraph.
std::string html_table(const Grid& grid);

} // namespace hawser::cli

#include "tools/hawser/html_text.h"

#include "tools/hawser/text_width.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

constexpr std::string_view common_style =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;color:#222}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3em .6em;"
    "border-bottom:1px solid #ddd;vertical-align:top}.stands-out{background:#fdf0e6}";

} // namespace

std::string in_html(std::string_view text)
{
    std::string safe;
    for (const char letter : safe_lines(text)) {
        switch (letter) {
        case '<':
            safe += "&lt;";
            break;
        case '>':
            safe += "&gt;";
            break;
        case '&':
            safe += "&amp;";
            break;
        case '"':
            safe += "&quot;";
            break;
        case '\'':
            safe += "&#39;";
            break;
        default:
            safe += letter;
        }
    }
    return safe;
}

std::string html_page(std::string_view title, std::string_view style)
{
    return fmt::format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{}</title><style>{}{}</style>",
        in_html(title), common_style, style);
}

std::string html_table(const Grid& grid)
{
    if (grid.rows.empty()) return fmt::format("<p>{}</p>\n", in_html(grid.none));
    std::string table = "<table><tr>";
    for (const Heading& heading : grid.headings) table += "<th>" + in_html(heading.name);
    for (const Row& row : grid.rows) {
        table += "\n<tr>";
        for (const Cell& cell : row.cells) {
            const bool stands_out = cell.style == Style::bad || cell.style == Style::warning;
            table += (stands_out ? "<td class=\"stands-out\">" : "<td>") + in_html(cell.text);
        }
    }
    return table + "\n</table>\n";
}

} // namespace hawser::cli

#include "tools/hawser/conflict_view.h"

#include "hawser/difference.h"
#include "tools/hawser/html_text.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/text_width.h"
#include "tools/hawser/value_text.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>

namespace hawser::cli {

namespace {

constexpr std::string_view empty = "(empty)";
constexpr std::string_view style =
    "del{background:#fbdcd9;text-decoration:line-through}ins{background:#d9f2dc;text-decoration:none}"
    "td{white-space:pre-wrap;width:30%}td:first-child{width:10%}.empty{color:#888}";

std::size_t letters_in(std::string_view text)
{
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char letter) {
        return static_cast<unsigned char>(letter) >= 0x80 ||
               std::isalnum(static_cast<unsigned char>(letter)) != 0;
    }));
}

/// Where hardly a word is left, the texts are read better one after the other than word by word.
bool is_another_text(const std::vector<TextPiece>& pieces)
{
    std::size_t same = 0, changed = 0;
    for (const TextPiece& piece : pieces)
        (piece.kind == TextPiece::Kind::same ? same : changed) += letters_in(piece.text);
    return changed > 4 * same;
}

std::string marked(const std::string& before, const std::string& after, const Paint& same, const Paint& gone,
                   const Paint& come)
{
    const std::vector<TextPiece> pieces = word_difference(before, after);
    if (is_another_text(pieces))
        return (before.empty() ? std::string() : gone(before)) +
               (after.empty() ? std::string() : come(after));
    std::string text;
    for (const TextPiece& piece : pieces) {
        const Paint& paint = piece.kind == TextPiece::Kind::same   ? same
                             : piece.kind == TextPiece::Kind::gone ? gone
                                                                   : come;
        text += paint(piece.text);
    }
    return text;
}

/// Later lines under the first one.
std::string side(std::string_view name, const std::string& text)
{
    std::string shown = fmt::format("    {:<7} ", name);
    for (const char letter : text) {
        shown += letter;
        if (letter == '\n') shown += std::string(12, ' ');
    }
    return shown + '\n';
}

std::string cell(const std::string& html)
{
    return html.empty() ? fmt::format("<td class=\"empty\">{}", empty) : "<td>" + html;
}

} // namespace

ConflictView view_of(const Replica& replica, const Conflict& conflict)
{
    RecordNames names(replica);
    const NameOf name_of = [&](const Lookup& lookup) { return names.name_of(lookup); };
    const auto table = replica.table(conflict.record.table);
    ConflictView view{
        conflict.label,
        fmt::format("{} {}", conflict.record.table, names.name_of(conflict.record, conflict.record_name)),
        conflict.reason,
        conflict.open ? std::string() : conflict.resolution,
        {}};
    for (const ContestedColumn& contested : conflict.columns) {
        const Column* column = table ? table->column(contested.column) : nullptr;
        const auto text = [&](const Value& value) { return people_text(column, value, name_of); };
        view.columns.push_back(
            {contested.column, text(contested.base), text(contested.mine), text(contested.theirs)});
    }
    return view;
}

std::string text_of(const ConflictView& view, const Paint& gone, const Paint& come)
{
    const Paint same = [](const std::string& text) { return safe_lines(text); };
    std::string shown = safe_lines(fmt::format(
        "Conflict {}: {}{}{}\n", view.label, view.record, view.reason.empty() ? "" : ", " + view.reason,
        view.resolution.empty() ? "" : "; settled: " + view.resolution));
    for (const ConflictView::Column& column : view.columns) {
        const auto change = [&](const std::string& now) {
            return now.empty() && column.base.empty()
                       ? std::string(empty)
                       : marked(
                             column.base, now, same,
                             [&](const std::string& text) { return gone(safe_lines(text)); },
                             [&](const std::string& text) { return come(safe_lines(text)); });
        };
        shown += fmt::format("  {}\n", column.name);
        shown += side("base", column.base.empty() ? std::string(empty) : safe_lines(column.base));
        shown += side("mine", change(column.mine));
        shown += side("theirs", change(column.theirs));
    }
    return shown;
}

std::string page_of(const std::vector<ConflictView>& views)
{
    const Paint same = [](const std::string& text) { return in_html(text); };
    const Paint gone = [](const std::string& text) { return "<del>" + in_html(text) + "</del>"; };
    const Paint come = [](const std::string& text) { return "<ins>" + in_html(text) + "</ins>"; };
    std::string page = html_page("Conflicts", style);
    page += fmt::format("<h1>{}</h1>\n", count_of(views.size(), "conflict"));
    for (const ConflictView& view : views) {
        page += fmt::format("<h2>{}: {}</h2><p>{}</p>\n", in_html(view.label), in_html(view.record),
                            in_html(view.resolution.empty() ? view.reason : "Settled: " + view.resolution));
        page += "<table><tr><th>Column<th>Base<th>Mine<th>Theirs\n";
        for (const ConflictView::Column& column : view.columns)
            page += fmt::format("<tr><td>{}{}{}{}\n", in_html(column.name), cell(in_html(column.base)),
                                cell(marked(column.base, column.mine, same, gone, come)),
                                cell(marked(column.base, column.theirs, same, gone, come)));
        page += "</table>\n";
    }
    return page + "</html>\n";
}

} // namespace hawser::cli

#include "tools/hawser/output.h"

#include "tools/hawser/text_width.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hawser::cli {

namespace {

constexpr std::size_t least_column = 8;
constexpr std::size_t least_wrapped_column = 20;
constexpr std::size_t gap = 2;

std::string_view escape_of(Style style)
{
    switch (style) {
    case Style::plain:
        return "";
    case Style::faint:
        return "\x1b[2m";
    case Style::strong:
        return "\x1b[1m";
    case Style::good:
        return "\x1b[32m";
    case Style::warning:
        return "\x1b[33m";
    case Style::bad:
        return "\x1b[31m";
    }
    return "";
}

std::size_t terminal_width(std::FILE* stream)
{
    winsize size{};
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

/// A column without width is not shown and takes no gap.
std::size_t sum_with_gaps(const std::vector<std::size_t>& widths)
{
    std::size_t sum = 0;
    for (const std::size_t width : widths)
        if (width > 0) sum += width + (sum > 0 ? gap : 0);
    return sum;
}

/// How wide each column would like to be; what may be dropped and holds nothing, not at all.
std::vector<std::size_t> natural_widths(const Grid& grid)
{
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < grid.headings.size(); ++i) {
        std::size_t content = 0;
        for (const Row& row : grid.rows)
            if (i < row.cells.size())
                content = std::max(content, display_width(one_safe_line(row.cells[i].text)));
        const bool shown = content > 0 || grid.headings[i].keep == Keep::always;
        widths.push_back(shown ? std::max(content, display_width(grid.headings[i].name)) : 0);
    }
    return widths;
}

/// Drops what may be dropped, then shrinks the widest, until the columns fit.
std::vector<std::size_t> fit_widths(const Grid& grid, std::size_t width)
{
    std::vector<std::size_t> widths = natural_widths(grid);
    const auto least_of = [&](std::size_t column) {
        return grid.headings[column].when_long == Long::wrap ? least_wrapped_column : least_column;
    };
    const auto at_least = [&] {
        std::vector<std::size_t> least = widths;
        for (std::size_t i = 0; i < least.size(); ++i) least[i] = std::min(least[i], least_of(i));
        return sum_with_gaps(least);
    };
    while (widths.size() > 1 && grid.headings[widths.size() - 1].keep == Keep::if_it_fits &&
           at_least() > width)
        widths.pop_back();
    while (sum_with_gaps(widths) > width) {
        std::size_t widest = widths.size();
        for (std::size_t i = 0; i < widths.size(); ++i)
            if (widths[i] > least_of(i) && (widest == widths.size() || widths[i] > widths[widest]))
                widest = i;
        if (widest == widths.size()) break;
        --widths[widest];
    }
    return widths;
}

std::string padded(std::string_view text, std::size_t width, Align align)
{
    const std::size_t used = display_width(text);
    const std::string space(width > used ? width - used : 0, ' ');
    return align == Align::left ? std::string(text) + space : space + std::string(text);
}

/// Why something was first not written: later calls succeed with nothing left to write.
std::atomic<int> first_fault{0};

void note_fault()
{
    int none = 0;
    first_fault.compare_exchange_strong(none, errno == 0 ? EIO : errno);
}

} // namespace

Delivery finish_output()
{
    if (std::fflush(stdout) != 0) note_fault();
    if (first_fault == 0 && std::ferror(stdout) != 0) first_fault = EIO;
    if (first_fault == 0) return Delivery::whole;
    return first_fault == EPIPE ? Delivery::unwanted : Delivery::lost;
}

bool is_terminal(std::FILE* stream)
{
    return isatty(fileno(stream)) != 0;
}

bool shows_color(std::FILE* stream, ColorWish wish)
{
    if (wish != ColorWish::automatic) return wish == ColorWish::always;
    const char* refused = std::getenv("NO_COLOR");
    if (refused && *refused) return false;
    const char* kind = std::getenv("TERM");
    return is_terminal(stream) && kind && std::string_view(kind) != "dumb";
}

Output::Output(std::FILE* stream, Look look) : stream_(stream), look_(look) {}

Output::Output(const Invocation& invocation) : stream_(stdout)
{
    look_.form = invocation.json ? Form::json : is_terminal(stdout) ? Form::terminal : Form::tabs;
    look_.color = look_.form != Form::json && shows_color(stdout, invocation.color);
    look_.quiet = invocation.quiet;
    look_.width = terminal_width(stdout);
}

void Output::write(std::string_view text)
{
    if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size()) note_fault();
}

void Output::write_now(std::string_view text)
{
    write(text);
    if (std::fflush(stream_) != 0) note_fault();
}

std::string Output::styled(std::string_view text, Style style) const
{
    if (!look_.color || style == Style::plain || text.empty()) return std::string(text);
    return fmt::format("{}{}\x1b[0m", escape_of(style), text);
}

void Output::sentence(std::string_view text, Style style)
{
    if (!look_.quiet) this->text(text, style);
}

void Output::text(std::string_view text, Style style)
{
    if (look_.form == Form::json) return;
    write_now(styled(fitted(safe_lines(text)), style) + "\n");
}

void Output::painted(std::string_view text)
{
    if (look_.form != Form::json) write_now(text);
}

/// Broken at spaces where a terminal would break words.
std::string Output::fitted(const std::string& text) const
{
    if (look_.form != Form::terminal) return text;
    std::string fitting;
    std::string_view rest = text;
    for (bool more = true; more;) {
        const std::size_t end = rest.find('\n');
        more = end != std::string_view::npos;
        for (const std::string& line : wrap_to_width(rest.substr(0, end), look_.width))
            fitting += (fitting.empty() ? "" : "\n") + line;
        if (more) rest.remove_prefix(end + 1);
    }
    return fitting;
}

void Output::json(const boost::json::value& document)
{
    if (look_.form == Form::json) write_now(boost::json::serialize(document) + "\n");
}

void Output::grid(const Grid& grid)
{
    if (look_.form == Form::terminal) {
        terminal_grid(grid);
        return;
    }
    if (look_.form == Form::json) {
        write("[");
        for (std::size_t i = 0; i < grid.rows.size(); ++i)
            write((i == 0 ? "\n" : ",\n") + boost::json::serialize(grid.rows[i].json));
        write(grid.rows.empty() ? "]\n" : "\n]\n");
        return;
    }
    for (const Row& row : grid.rows) {
        std::string line;
        for (const Cell& cell : row.cells)
            line += (line.empty() && &cell == row.cells.data() ? "" : "\t") + tab_field(cell.raw);
        write(line + "\n");
    }
}

void Output::terminal_line(const Grid& grid, const std::vector<std::size_t>& widths,
                           const std::vector<Cell>& cells)
{
    std::string line;
    std::size_t owed = 0; // Spaces are owed, not written, so that no line ends with them.
    for (std::size_t i = 0; i < widths.size() && i < cells.size(); ++i) {
        if (widths[i] == 0) continue;
        const std::string text = cut_to_width(cells[i].text, widths[i]);
        const std::string cell = padded(text, widths[i], grid.headings[i].align);
        const std::size_t end = cell.find_last_not_of(' ');
        const std::size_t used = end == std::string::npos ? 0 : end + 1;
        if (used > 0) {
            line += std::string(owed, ' ') + styled(cell.substr(0, used), cells[i].style);
            owed = 0;
        }
        owed += cell.size() - used + gap;
    }
    write(line + "\n");
}

void Output::terminal_grid(const Grid& grid)
{
    if (grid.rows.empty()) {
        if (!grid.none.empty()) sentence(grid.none);
        return;
    }
    const std::vector<std::size_t> widths = fit_widths(grid, look_.width);
    std::vector<Cell> names;
    for (const Heading& heading : grid.headings) names.emplace_back(heading.name, Style::faint);
    terminal_line(grid, widths, names);
    for (const Row& row : grid.rows) {
        std::vector<std::vector<std::string>> pieces;
        std::size_t height = 1;
        for (std::size_t i = 0; i < widths.size() && i < row.cells.size(); ++i) {
            const std::string text = one_safe_line(row.cells[i].text);
            const bool wraps = grid.headings[i].when_long == Long::wrap;
            pieces.push_back(wraps ? wrap_to_width(text, widths[i]) : std::vector<std::string>{text});
            height = std::max(height, pieces.back().size());
        }
        for (std::size_t line = 0; line < height; ++line) {
            std::vector<Cell> cells;
            for (std::size_t i = 0; i < pieces.size(); ++i)
                cells.emplace_back(line < pieces[i].size() ? pieces[i][line] : "", row.cells[i].style);
            terminal_line(grid, widths, cells);
        }
    }
}

void Output::pairs(const std::vector<Pair>& pairs)
{
    if (look_.form == Form::json) return;
    std::size_t name_width = 0;
    for (const Pair& pair : pairs) name_width = std::max(name_width, display_width(pair.name));
    const std::size_t room = look_.width > name_width + gap + 20 ? look_.width - name_width - gap : 20;
    for (const Pair& pair : pairs) {
        if (look_.form == Form::tabs) {
            write(fmt::format("{}\t{}\n", tab_field(pair.name), tab_field(pair.cell.raw)));
            continue;
        }
        std::string indent = styled(padded(pair.name, name_width, Align::left), Style::faint);
        std::string_view rest = pair.cell.text;
        for (bool more = true; more;) {
            const std::size_t end = rest.find('\n');
            more = end != std::string_view::npos;
            for (const std::string& line : wrap_to_width(one_safe_line(rest.substr(0, end)), room)) {
                write(fmt::format("{}{}{}\n", indent, std::string(gap, ' '), styled(line, pair.cell.style)));
                indent = std::string(name_width, ' ');
            }
            if (more) rest.remove_prefix(end + 1);
        }
    }
}

void complain(std::string_view message)
{
    const std::string line = "hawser: " + one_safe_line(message) + "\n";
    if (std::fflush(stdout) != 0) note_fault();
    std::fwrite(line.data(), 1, line.size(), stderr);
}

void remark(const Invocation& invocation, std::string_view message)
{
    if (invocation.quiet) return;
    const std::string line = one_safe_line(message) + "\n";
    if (std::fflush(stdout) != 0) note_fault();
    std::fwrite(line.data(), 1, line.size(), stderr);
}

} // namespace hawser::cli

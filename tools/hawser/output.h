#pragma once

#include "tools/hawser/invocation.h"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::cli {

/// Terminal: aligned columns and colours. Tabs: one record a line for other programs. Json: one
/// document.
enum class Form { terminal, tabs, json };

enum class Style { plain, faint, strong, good, warning, bad };

struct Cell {
    std::string text; ///< For people.
    std::string raw;  ///< For tabs: exact and not localized.
    Style style = Style::plain;

    Cell(std::string both, Style look = Style::plain) : text(both), raw(std::move(both)), style(look) {}
    Cell(const char* both, Style look = Style::plain) : Cell(std::string(both), look) {}
    Cell(std::string for_people, std::string exact, Style look = Style::plain)
        : text(std::move(for_people)), raw(std::move(exact)), style(look)
    {
    }
};

enum class Align { left, right };
enum class Keep { always, if_it_fits };
enum class Long { cut, wrap };

struct Heading {
    std::string name;
    Align align = Align::left;
    Keep keep = Keep::always;   ///< Dropped from the right on a terminal that is too narrow.
    Long when_long = Long::cut; ///< Sentences wrap: their end may be what matters.
};

struct Row {
    std::vector<Cell> cells;
    boost::json::value json{};
};

struct Grid {
    std::vector<Heading> headings;
    std::vector<Row> rows{};
    std::string none{}; ///< The sentence for people when there is no row.
};

struct Pair {
    std::string name;
    Cell cell;
};

/// Where one command's results go. Only results go here; failures, questions and progress go to
/// standard error.
class Output {
public:
    struct Look {
        Form form = Form::terminal;
        bool color = false;
        bool quiet = false;
        std::size_t width = 80;
    };
    Output(std::FILE* stream, Look look);

    /// On standard output: JSON when asked for, else tabs when piped, else for the terminal.
    explicit Output(const Invocation& invocation);

    Form form() const { return look_.form; }
    std::size_t width() const { return look_.width; }

    /// Tells people something, wrapped on a terminal. Silent with --quiet and with JSON.
    void sentence(std::string_view text, Style style = Style::plain);

    /// Text that is the result itself: not silenced by --quiet, silent with JSON.
    void text(std::string_view text, Style style = Style::plain);

    /// The same, put together out of what is safe for a terminal and of `styled`; not wrapped.
    void painted(std::string_view text);
    bool is_colored() const { return look_.color; }

    /// Terminal: aligned under headings. Tabs: a line a row, no heading. JSON: an array, a row a line.
    void grid(const Grid& grid);

    /// Terminal: names, aligned, with long values wrapped. Tabs: name and value. Silent with JSON.
    void pairs(const std::vector<Pair>& pairs);

    /// One document; silent in other forms.
    void json(const boost::json::value& document);

    std::string styled(std::string_view text, Style style) const;

private:
    void write(std::string_view text);
    void write_now(std::string_view text); ///< A story is told while it happens.
    void terminal_grid(const Grid& grid);
    void terminal_line(const Grid& grid, const std::vector<std::size_t>& widths,
                       const std::vector<Cell>& cells);
    std::string fitted(const std::string& text) const;

    std::FILE* stream_;
    Look look_;
};

/// What became of what was written to standard output. Unwanted: the reader, a pager, went away.
enum class Delivery { whole, unwanted, lost };

/// Hands over what is still kept back; for the end of a command.
Delivery finish_output();

/// Whether the stream shows colours: the wish, then NO_COLOR, then whether it is a terminal.
bool shows_color(std::FILE* stream, ColorWish wish);

/// "hawser: …" on standard error, as one line, safe for a terminal.
void complain(std::string_view message);

/// A line on standard error that is no failure; silent with --quiet.
void remark(const Invocation& invocation, std::string_view message);

bool is_terminal(std::FILE* stream);

} // namespace hawser::cli

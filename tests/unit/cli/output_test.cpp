#include "tests/catch.h"
#include "tools/hawser/output.h"
#include "tools/hawser/text_width.h"

#include <boost/json.hpp>

#include <cstdlib>
#include <memory>
#include <sstream>

using namespace hawser;
using namespace hawser::cli;

namespace {

/// What was printed, in one form.
class Page {
public:
    explicit Page(Output::Look look) : stream_(::open_memstream(&text_, &size_)), output(stream_, look) {}
    ~Page()
    {
        std::fclose(stream_);
        std::free(text_);
    }
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;

    std::string text() const
    {
        std::fflush(stream_);
        return {text_, size_};
    }
    /// What a reader at the other end has by now.
    std::string arrived() const { return size_ == 0 ? "" : std::string(text_, size_); }
    std::vector<std::string> lines() const
    {
        std::istringstream all(text());
        std::vector<std::string> found;
        for (std::string line; std::getline(all, line);) found.push_back(line);
        return found;
    }

private:
    char* text_ = nullptr;
    std::size_t size_ = 0;
    std::FILE* stream_;

public:
    Output output;
};

Grid people()
{
    Grid grid{{{"name"}, {"age", Align::right}, {"remark", Align::left, Keep::if_it_fits}}};
    grid.none = "Nobody is here.";
    return grid;
}

Grid two_people()
{
    Grid grid = people();
    grid.rows.push_back({{"Ada", Cell("1,815", "1815", Style::good), "wrote\tnotes"}, {{"name", "Ada"}}});
    grid.rows.push_back({{"Zoë Quill", Cell("7", "7"), ""}, {{"name", "Zoë"}}});
    return grid;
}

constexpr Output::Look terminal{Form::terminal, false, false, 80};
constexpr Output::Look tabs{Form::tabs, false, false, 80};
constexpr Output::Look document{Form::json, false, false, 80};

} // namespace

TEST_CASE("A terminal gets aligned columns under headings, without trailing spaces", "[cli]")
{
    Page page(terminal);
    page.output.grid(two_people());
    const auto lines = page.lines();
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == "name         age  remark");
    CHECK(lines[1] == "Ada        1,815  wrote notes");
    CHECK(lines[2] == "Zoë Quill      7");
}

TEST_CASE("A narrow terminal loses what may be lost and cuts the rest", "[cli]")
{
    for (const std::size_t width : {16, 24, 40}) {
        Page page({Form::terminal, false, false, width});
        page.output.grid(two_people());
        for (const std::string& line : page.lines()) CHECK(display_width(line) <= width);
    }
}

TEST_CASE("Sentences wrap on a narrow terminal, in lists and alone", "[cli]")
{
    Grid grid{{{"id"}, {"sentence", Align::left, Keep::always, Long::wrap}}};
    grid.rows.push_back({{"1", "the quick brown fox jumps over the lazy dog"}});
    Page page({Form::terminal, false, false, 24});
    page.output.grid(grid);
    CHECK(page.text() == "id  sentence\n1   the quick brown fox\n    jumps over the lazy\n    dog\n");
    Page alone({Form::terminal, false, false, 24});
    alone.output.sentence("the quick brown fox jumps over");
    CHECK(alone.text() == "the quick brown fox\njumps over\n");
    Page piped(tabs);
    piped.output.grid(grid);
    piped.output.sentence(std::string(200, 'x'));
    CHECK(piped.lines().size() == 2);
}

TEST_CASE("What may be dropped and holds nothing is not shown", "[cli]")
{
    Grid grid = people();
    grid.rows.push_back({{"Ada", "36", ""}});
    Page page(terminal);
    page.output.grid(grid);
    CHECK(page.text() == "name  age\nAda    36\n");
    Page piped(tabs);
    piped.output.grid(grid);
    CHECK(piped.text() == "Ada\t36\t\n");
}

TEST_CASE("A pipe gets exact fields, a record a line and no heading", "[cli]")
{
    Page page(tabs);
    page.output.grid(two_people());
    CHECK(page.text() == "Ada\t1815\twrote\\tnotes\nZoë Quill\t7\t\n");
    Page empty(tabs);
    empty.output.grid(people());
    CHECK(empty.text().empty());
}

TEST_CASE("A sentence and a document arrive at once, so that a watch can be followed", "[cli]")
{
    Page page(document);
    page.output.json({{"number", 1}});
    CHECK(page.arrived() == "{\"number\":1}\n");
    Page told(tabs);
    told.output.sentence("Watching.");
    CHECK(told.arrived() == "Watching.\n");
}

TEST_CASE("--json prints one document and nothing else", "[cli]")
{
    Page page(document);
    page.output.sentence("Done.");
    page.output.text("Table:");
    page.output.grid(two_people());
    const boost::json::array parsed = boost::json::parse(page.text()).as_array();
    REQUIRE(parsed.size() == 2);
    CHECK(parsed[0].at("name") == "Ada");
    Page empty(document);
    empty.output.grid(people());
    CHECK(boost::json::parse(empty.text()).as_array().empty());
}

TEST_CASE("Nothing found is a sentence on a terminal, and silent with --quiet", "[cli]")
{
    Page page(terminal);
    page.output.grid(people());
    CHECK(page.text() == "Nobody is here.\n");
    Page quiet({Form::terminal, false, true, 80});
    quiet.output.grid(people());
    quiet.output.sentence("Saved.");
    quiet.output.text("result");
    CHECK(quiet.text() == "result\n");
}

TEST_CASE("Colours only where they are asked for", "[cli]")
{
    Page plain(terminal);
    plain.output.text("red", Style::bad);
    CHECK(plain.text() == "red\n");
    Page coloured({Form::terminal, true, false, 80});
    coloured.output.text("red", Style::bad);
    CHECK(coloured.text().find("\x1b[") == 0);

    CHECK(shows_color(stdout, ColorWish::always));
    CHECK_FALSE(shows_color(stdout, ColorWish::never));
    ::setenv("NO_COLOR", "1", 1);
    CHECK_FALSE(shows_color(stdout, ColorWish::automatic));
    CHECK(shows_color(stdout, ColorWish::always));
    ::unsetenv("NO_COLOR");
}

TEST_CASE("Pairs wrap long values beside their names", "[cli]")
{
    Page page({Form::terminal, false, false, 40});
    page.output.pairs(
        {{"name", "Ada"}, {"description", "one two three four five six seven eight nine\nten"}});
    for (const std::string& line : page.lines()) CHECK(display_width(line) <= 40);
    CHECK(page.lines().size() >= 4);
    Page piped(tabs);
    piped.output.pairs({{"name", Cell("for people", "exact\n")}});
    CHECK(piped.text() == "name\texact\\n\n");
}

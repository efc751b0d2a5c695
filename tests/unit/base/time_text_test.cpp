#include "base/time_text.h"
#include "hawser/random.h"
#include "tests/catch.h"

using hawser::Instant;
using hawser::parse_day;
using hawser::parse_instant;
using hawser::to_text;

TEST_CASE("Every instant's text reads back as the same instant")
{
    const auto random = hawser::seeded_random(3);
    // 0000-01-01 to 9999-12-31.
    constexpr std::int64_t first = -62167219200;
    constexpr std::uint64_t span = 315569520000ULL;
    for (int i = 0; i < 20000; ++i) {
        const auto at = first + static_cast<std::int64_t>(hawser::below(*random, span));
        const Instant instant{std::chrono::seconds{at}};
        REQUIRE(to_text(instant).size() == 20);
        REQUIRE(parse_instant(to_text(instant)) == instant);
    }
}

TEST_CASE("Times are read in every form that a server or a person writes")
{
    struct Row {
        const char* given;
        const char* canonical;
    };
    const Row rows[] = {{"2021-04-04T20:00:00Z", "2021-04-04T20:00:00Z"},
                        {"2021-04-04t20:00:00z", "2021-04-04T20:00:00Z"},
                        {"2021-04-04 20:00:00", "2021-04-04T20:00:00Z"},
                        {"2021-04-04T20:00", "2021-04-04T20:00:00Z"},
                        {"2021-04-04T20:00:00.9999999Z", "2021-04-04T20:00:00Z"},
                        {"2021-04-04T20:00:00+02:00", "2021-04-04T18:00:00Z"},
                        {"2021-01-01T00:30:00+05:30", "2020-12-31T19:00:00Z"},
                        {"2021-04-04T20:00:00.5-07:00", "2021-04-05T03:00:00Z"},
                        {"2020-02-29T00:00:00Z", "2020-02-29T00:00:00Z"},
                        {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"},
                        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
                        {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"}};
    for (const Row& row : rows) {
        INFO(row.given);
        const auto instant = parse_instant(row.given);
        REQUIRE(instant);
        CHECK(to_text(*instant) == row.canonical);
    }
}

TEST_CASE("What is no time is refused")
{
    for (const char* text : {"",
                             "2021",
                             "2021-04-04",
                             "2021-04-04T",
                             "2021-04-04T20",
                             "2021-04-04T24:00:00Z",
                             "2021-04-04T20:60:00Z",
                             "2021-04-04T20:00:61Z",
                             "2021-02-29T00:00:00Z",
                             "1900-02-29T00:00:00Z",
                             "2021-13-01T00:00:00Z",
                             "2021-00-01T00:00:00Z",
                             "2021-04-00T00:00:00Z",
                             "2021-04-31T00:00:00Z",
                             "2021-04-04T20:00:00.Z",
                             "2021-04-04T20:00:00+0200",
                             "2021-04-04T20:00:00+24:00",
                             "2021-04-04T20:00:00Zjunk",
                             "20210404T200000Z",
                             "+021-04-04T20:00:00Z",
                             "9999-12-31T23:59:60Z",
                             "0000-01-01T00:00:00+01:00"}) {
        INFO(text);
        CHECK_FALSE(parse_instant(text));
    }
}

TEST_CASE("An instant that four digits cannot hold is written as the nearest one that they can")
{
    CHECK(to_text(Instant::max()) == "9999-12-31T23:59:59Z");
    CHECK(to_text(Instant::min()) == "0000-01-01T00:00:00Z");
}

TEST_CASE("Days are checked against the calendar")
{
    CHECK(parse_day("2020-02-29") == "2020-02-29");
    CHECK(parse_day("1753-01-01") == "1753-01-01");
    for (const char* text :
         {"", "2021-02-29", "2021-2-01", "2021-04-04T00:00:00Z", "2021/04/04", "2021-04-32"}) {
        INFO(text);
        CHECK_FALSE(parse_day(text));
    }
}

TEST_CASE("Hostile bytes are no times and break nothing")
{
    const auto random = hawser::seeded_random(4);
    for (int i = 0; i < 20000; ++i) {
        std::string text = "2021-04-04T20:00:00.123+02:00";
        for (int edits = 0; edits < 3; ++edits)
            text[hawser::below(*random, text.size())] = static_cast<char>(hawser::below(*random, 256));
        if (const auto instant = parse_instant(text)) REQUIRE(parse_instant(to_text(*instant)) == instant);
    }
}

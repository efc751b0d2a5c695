#include "base/time_text.h"
#include "tests/catch.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/words.h"

#include <cstdlib>
#include <ctime>

using namespace hawser;
using namespace hawser::cli;

namespace {

void in_zone(const char* zone)
{
    ::setenv("TZ", zone, 1);
    ::tzset();
}

/// Saturday morning in Berlin.
Instant now()
{
    return *parse_instant("2026-11-21T08:00:00Z");
}

std::string utc(std::string_view text)
{
    const auto moment = parse_local_time(text, now());
    return moment ? to_text(*moment) : moment.error().message;
}

} // namespace

TEST_CASE("Times are read in the zone of the person", "[cli]")
{
    in_zone("Europe/Berlin");
    CHECK(utc("2026-11-21 14:00") == "2026-11-21T13:00:00Z");
    CHECK(utc("2026-11-21T14:00:30") == "2026-11-21T13:00:30Z");
    CHECK(utc("2026-07-21 14:00") == "2026-07-21T12:00:00Z");
    CHECK(utc("2026-11-21") == "2026-11-20T23:00:00Z");
    CHECK(utc("2026-11-21T14:00:00Z") == "2026-11-21T14:00:00Z");
    CHECK(utc("2026-11-21T14:00:00+05:30") == "2026-11-21T08:30:00Z");
    CHECK(utc("now") == "2026-11-21T08:00:00Z");
    CHECK(utc("today") == "2026-11-20T23:00:00Z");
    CHECK(utc("tomorrow 9:00") == "2026-11-22T08:00:00Z");
    CHECK(utc("yesterday 23:59:59") == "2026-11-20T22:59:59Z");
    in_zone("UTC");
    CHECK(utc("2026-11-21 14:00") == "2026-11-21T14:00:00Z");
}

TEST_CASE("A time that does not exist or comes twice is refused", "[cli]")
{
    in_zone("Europe/Berlin");
    CHECK(utc("2026-03-29 02:30").find("clocks skip") != std::string::npos);
    CHECK(utc("2026-10-25 02:30").find("write 2026-10-25T00:30:00Z or 2026-10-25T01:30:00Z") !=
          std::string::npos);
    in_zone("America/Havana"); // Midnight comes twice on 2026-11-01: the day begins with the first.
    CHECK(utc("2026-11-01") == "2026-11-01T04:00:00Z");
}

TEST_CASE("A zone that is not known is not taken for UTC", "[cli]")
{
    in_zone("Europe/Atlantis");
    CHECK(utc("2026-11-21 14:00").find("Europe/Atlantis") != std::string::npos);
    CHECK(utc("2026-11-21T14:00:00Z") == "2026-11-21T14:00:00Z");
    in_zone("CET-1CEST");
    CHECK(utc("2026-11-21 14:00") == "2026-11-21T13:00:00Z");
    in_zone("<+03>-3");
    CHECK(utc("2026-11-21 14:00") == "2026-11-21T11:00:00Z");
    in_zone("");
    CHECK(utc("2026-11-21 14:00") == "2026-11-21T14:00:00Z");
}

TEST_CASE("What is no time is refused with what would be one", "[cli]")
{
    in_zone("UTC");
    for (const char* const wrong : {"", "soon", "14:00", "2026-11-31", "2026-11-21 25:00", "2026-11-21 14",
                                    "2026-11-21x14:00", "2026-11-21 14:00 Uhr", "tomorrows"})
        CHECK(utc(wrong).find("is not a time; write it as") != std::string::npos);
    CHECK_FALSE(parse_local_day("2026-02-29", now()));
    CHECK_FALSE(parse_local_day("tomorrow 9:00", now()));
    CHECK(*parse_local_day("tomorrow", now()) == "2026-11-22");
}

TEST_CASE("Times are shown in the zone of the person, seconds only where there are some", "[cli]")
{
    in_zone("America/New_York");
    CHECK(local_time_text(now()) == "2026-11-21 03:00");
    CHECK(local_time_text(now() + std::chrono::seconds(7)) == "2026-11-21 03:00:07");
    CHECK(local_clock_text(now() + std::chrono::seconds(7)) == "03:00:07");
    in_zone("UTC");
}

TEST_CASE("Durations take the largest unit that fits", "[cli]")
{
    using std::chrono::seconds;
    CHECK(duration_text(seconds(0)) == "0 seconds");
    CHECK(duration_text(seconds(1)) == "1 second");
    CHECK(duration_text(seconds(119)) == "1 minute");
    CHECK(duration_text(seconds(3 * 3600 + 59)) == "3 hours");
    CHECK(duration_text(seconds(86'400 * 400)) == "400 days");
    CHECK(relative_text(now(), now()) == "just now");
    CHECK(relative_text(now() - seconds(300), now()) == "5 minutes ago");
    CHECK(relative_text(now() + seconds(7200), now()) == "in 2 hours");
}

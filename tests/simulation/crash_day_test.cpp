#include "tests/catch.h"
#include "tests/simulation/crash_days.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>

using namespace hawser;
using namespace hawser::tests;

namespace {

#ifdef HAWSER_SANITIZED
constexpr std::uint64_t sampled_every = 1'999; // Each day takes ten times as long.
#else
constexpr std::uint64_t sampled_every = 199;
#endif

/// A number that was asked for by the environment, as the long run does.
std::uint64_t asked(const char* name, std::uint64_t otherwise)
{
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::uint64_t today()
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::hours>(now).count() / 24);
}

/// "file 123 torn 7 0": as failures name a point.
CrashPoint point_named(const std::string& text)
{
    std::istringstream words(text);
    std::string at, loss;
    CrashPoint point;
    words >> at >> point.number >> loss >> point.seed >> point.again;
    point.at = at == "file"     ? CrashPoint::At::file
               : at == "before" ? CrashPoint::At::before
               : at == "after"  ? CrashPoint::At::after
               : at == "full"   ? CrashPoint::At::full
               : at == "busy"   ? CrashPoint::At::busy
                                : CrashPoint::At::never;
    point.loss = loss == "torn" ? Loss::torn : loss == "lost" ? Loss::unsynced : Loss::nothing;
    return point;
}

} // namespace

TEST_CASE("A day that is not interrupted takes the same steps every time, to the same end", "[crash]")
{
    CrashDay day({});
    const DayEnd end = day.run();
    CHECK(end.queue.size() > 20);
    CHECK(end.effects.size() > 20);
    CHECK(end.replica.size() == end.organization.size());
    CrashDay again({});
    CHECK(again.run() == end);
    CHECK(again.steps() == day.steps());
    CHECK(again.requests() == day.requests());
}

TEST_CASE("A day that ends at any write, sync or request goes on to the same end", "[crash]")
{
    CrashRound round;
    round.every = std::max<std::uint64_t>(1, asked("HAWSER_CRASH_EVERY", sampled_every));
    round.seed = asked("HAWSER_CRASH_SEED", today());
    if (const char* only = std::getenv("HAWSER_CRASH_ONLY")) round.only = only;
    std::printf("HAWSER_CRASH_EVERY=%llu HAWSER_CRASH_SEED=%llu\n",
                static_cast<unsigned long long>(round.every), static_cast<unsigned long long>(round.seed));
    const CrashTally tally = crash_days(round, [](const std::string& failure) {
        std::printf("%s\n", failure.c_str());
        std::fflush(stdout);
    });
    std::printf("%s\n", text_of(tally).c_str());
    CHECK(tally.points > (round.only.empty() ? 1000 : 100));
    CHECK(tally.interrupted > 0);
    CHECK(tally.failures.size() == 0);
}

TEST_CASE("The one crash that HAWSER_CRASH_POINT names", "[.point]")
{
    const char* point = std::getenv("HAWSER_CRASH_POINT");
    REQUIRE(point != nullptr);
    INFO(crash_day(point_named(point)));
    CHECK(crash_day(point_named(point)).empty());
}

#include "tests/catch.h"
#include "tests/simulation/ground.h"
#include "tests/simulation/world.h"

#include <algorithm>
#include <map>
#include <string>

using namespace hawser::simulation;

namespace {

using Counts = std::map<std::string, std::uint64_t>;

#ifdef HAWSER_SANITIZED
constexpr std::uint64_t stories = 8; // Each takes ten times as long.
#else
constexpr std::uint64_t stories = 80;
#endif

/// The numbers of stories that broke a promise once. They may be written otherwise since; most of what they
/// found has a test of its own.
constexpr std::uint64_t failed_once[] = {
    1'201,        1'493,       177,         227,         391,         479,           852,
    930'000'273,  932'000'075, 932'001'271, 932'001'455, 932'001'722, 2'194,         4'236,
    8'019,        9'237,       9'934,       100'004'201, 100'009'348, 100'010'542,   100'012'439,
    100'014'150,  880'004'033, 880'005'536, 941'004'776, 494,         804,           1'021,
    1'068,        1'921,       3'405,       3'456,       5'175,       18'051,        100'001'326,
    100'002'369,  6'181,       6'789,       9'970,       13'169,      19'390,        20'637,
    300'486,      100'005'658, 100'009'780, 100'013'690, 100'018'155, 100'018'867,   100'021'438,
    100'021'815,  210'004'691, 210'005'191, 210'006'226, 900'100'183, 9'583,         17'494,
    100'017'477,  24'370,      24'800,      330,         789,         1'407,         4'299,
    1'771,        2'413,       690,         848,         837,         253,           213,
    44,           398,         1'178,       1'237,       1'239,       1'240,         1'282,
    1'475,        87,          152,         298,         351,         409,           728,
    1'263,        1'384,       100'000'887, 100'001'328, 100'011'055, 100'015'416,   100'019'728,
    800'000'408,  900'000'474, 21'640,      22'662,      24'078,      100'005'728,   100'005'814,
    100'006'105,  100'006'231, 100'011'705, 100'013'259, 100'014'957, 100'023'136,   1'150,
    1'362,        2'850,       3'882,       100'000'963, 100'002'309, 100'003'840,   100'004'825,
    100'008'845,  100'014'154, 100'018'626, 100'024'164, 21'003'927,  23'002'384,    23'003'870,
    34'007'432,   35'006'302,  35'008'942,  100'003'601, 100'022'131, 19'629,        200'000'120,
    5'746,        15'203,      100'002'425, 100'013'217, 100'020'692, 100'023'338,   2'347,
    5'498,        8'510,       9'301,       10'145,      11'107,      11'301,        12'432,
    15'341,       15'491,      17'508,      18'167,      18'506,      18'677,        20'185,
    100'002'542,  100'003'325, 100'005'935, 100'007'559, 100'007'561, 100'010'257,   100'010'350,
    100'011'211,  100'011'919, 100'013'136, 100'015'750, 100'020'817, 1'200'010'325, 1'300'001'924,
    1'200'021'067};

Counts tell(std::uint64_t seed)
{
    const Report report = run(write_script(seed), false);
    INFO("seed " << seed);
    if (report.broken) FAIL_CHECK("breaks I" << report.broken->invariant << ": " << report.broken->sentence);
    return report.counts;
}

} // namespace

TEST_CASE("Whole engines keep every promise in simulated worlds", "[simulation]")
{
    Counts counts;
    for (std::uint64_t seed = 1; seed <= stories; ++seed)
        for (const auto& [what, number] : tell(seed)) counts[what] += number;
    // A world in which little happens proves little.
    CHECK(counts["edits"] >= stories * 50);
    CHECK(counts["cycles"] >= stories * 30);
    if (stories < 50) return;
    for (const std::uint64_t seed : failed_once)
        if (seed > stories) tell(seed);
    for (std::size_t kind = 1; kind < mishap_kinds; ++kind) {
        INFO(name(static_cast<Mishap>(kind)));
        CHECK(counts["mishap: " + std::string(name(static_cast<Mishap>(kind)))] > 5);
    }
}

TEST_CASE("The same seed is the same story, step for step", "[simulation]")
{
    for (std::uint64_t seed = 1; seed <= stories / 8; ++seed) {
        INFO("seed " << seed);
        CHECK(run(write_script(seed), false).trace == run(write_script(seed), false).trace);
    }
}

TEST_CASE("Stories that begin on one ground are what each is alone", "[simulation]")
{
    Ground ground(write_script(0));
    for (std::uint64_t seed = 0; seed < std::min(stories / 2, stories_a_ground); ++seed) {
        INFO("seed " << seed);
        const Report together = ground.run(write_script(seed));
        const Report alone = run(write_script(seed), false);
        CHECK(together.trace == alone.trace);
        CHECK(together.counts == alone.counts);
    }
}

#include "tests/catch.h"
#include "tests/simulation/storm.h"

using namespace hawser::simulation;

TEST_CASE("A hundred clients recover from 503, 429 and 410 without a second shock", "[storm]")
{
    StormPlan plan;
    plan.clients = 100;
    plan.limit = 12;
    plan.down_at = std::chrono::seconds{60};
    plan.throttled_at = std::chrono::seconds{900};
    plan.expired_at = std::chrono::seconds{1'500};
    plan.end = std::chrono::seconds{2'600};
    const StormReport report = run(plan, [](const std::string&) {});
    CHECK(report.stuck == 0);
    CHECK(report.wrong_sums == 0);
    CHECK(report.sent_too_soon == 0);
    CHECK(report.whole_after_down >= 0);
    CHECK(report.whole_after_throttled >= 0);
    CHECK(report.whole_after_expired > 0);
    CHECK(report.beyond_limit == 0);
    // So few are a crowd by chance now and then; all of them at once are not.
    const auto crowd = static_cast<std::uint32_t>(2 * plan.limit);
    CHECK(report.peak_while_down <= crowd);
    CHECK(report.peak_after_down <= crowd);
    CHECK(report.peak_after_throttled <= crowd);
    CHECK(report.peak_after_expired <= crowd);
    CHECK(report.edits > 200);
}

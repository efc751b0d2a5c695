#include "tests/catch.h"
#include "tests/simulation/storm.h"

using namespace hawser::simulation;

TEST_CASE("A few dozen clients recover from 503, 429 and 410 without a second shock", "[storm]")
{
    StormPlan plan;
    plan.clients = 30;
    plan.limit = 8;
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
    // So few are a crowd by chance now and then; all of them at once are not.
    CHECK(report.peak_after_down < plan.clients / 2);
    CHECK(report.peak_after_throttled < plan.clients / 2);
    CHECK(report.edits > 60);
}

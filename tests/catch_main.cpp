// The main of every Catch2 suite: it ends with the line that tools/tally counts.
#ifdef HAWSER_CATCH_3
#include <catch2/catch_session.hpp>
#include <catch2/catch_test_case_info.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

#include <cstdio>
#include <string>

namespace {

#ifdef HAWSER_CATCH_3
using ListenerBase = Catch::EventListenerBase;
#else
using ListenerBase = Catch::TestEventListenerBase;
#endif

struct Counts {
    int passed = 0;
    int failed = 0;
    int skipped = 0;
};

Counts counts;

/// Counts cases. One that warned "SKIPPED: why" and failed nothing is skipped.
class Tally : public ListenerBase {
public:
    using ListenerBase::ListenerBase;

    void testCaseStarting(const Catch::TestCaseInfo& info) override
    {
        ListenerBase::testCaseStarting(info);
        skipped_ = false;
    }

    bool assertion_skips(const Catch::AssertionStats& stats) const
    {
        const auto& result = stats.assertionResult;
        return result.getResultType() == Catch::ResultWas::Warning &&
               std::string(result.getMessage()).rfind("SKIPPED: ", 0) == 0;
    }

#ifdef HAWSER_CATCH_3
    void assertionEnded(const Catch::AssertionStats& stats) override
    {
        skipped_ = skipped_ || assertion_skips(stats);
    }
#else
    bool assertionEnded(const Catch::AssertionStats& stats) override
    {
        skipped_ = skipped_ || assertion_skips(stats);
        return false;
    }
#endif

    void testCaseEnded(const Catch::TestCaseStats& stats) override
    {
        ListenerBase::testCaseEnded(stats);
        if (stats.totals.testCases.failed > 0)
            ++counts.failed;
        else if (skipped_)
            ++counts.skipped;
        else
            ++counts.passed;
    }

private:
    bool skipped_ = false;
};

} // namespace

CATCH_REGISTER_LISTENER(Tally)

int main(int argc, char* argv[])
{
    const int failures = Catch::Session().run(argc, argv);
    if (counts.passed + counts.failed + counts.skipped > 0)
        std::printf("%d passed, %d failed, %d skipped\n", counts.passed, counts.failed, counts.skipped);
    return failures;
}

#include "tests/catch.h"
#include "tests/simulation/shrink.h"

#include <algorithm>
#include <string>

using namespace hawser::simulation;

namespace {

constexpr int most_runs = 150;

bool happened(const Report& report, const std::string& what)
{
    const auto found = report.counts.find(what);
    return found != report.counts.end() && found->second > 0;
}

/// Shrinking it costs seconds, not minutes.
Script short_story(std::uint64_t seed)
{
    Script script = write_script(seed);
    script.deeds.resize(std::min<std::size_t>(script.deeds.size(), 30));
    script.least_edits = script.busy_cycles = script.least_cycles = 0;
    return script;
}

Report broken(int invariant, const std::string& sentence)
{
    Report report;
    report.broken = Violation{invariant, sentence};
    return report;
}

} // namespace

#ifndef HAWSER_SANITIZED // Where each story takes ten times as long.
TEST_CASE("Of a story that fails no deed is left that it does not need", "[simulation]")
{
    const auto fails = [](const Report& report) {
        return happened(report, "act: unit") && happened(report, "mishap: duplicate");
    };
    std::uint64_t seed = 1;
    while (!fails(run(short_story(seed), false))) ++seed;
    INFO("seed " << seed);
    const Shrunk shrunk = shrink(short_story(seed), fails, most_runs);
    CHECK(shrunk.runs < most_runs);
    CHECK(fails(shrunk.report));
    CHECK(shrunk.script.deeds.size() < 10);
    CHECK(shrunk.report.befallen.size() == 1);
    for (std::size_t at = 0; at < shrunk.script.deeds.size(); ++at) {
        Script less = shrunk.script;
        less.deeds.erase(less.deeds.begin() + static_cast<std::ptrdiff_t>(at));
        INFO("without the deed " << at);
        CHECK_FALSE(fails(run(less, false)));
    }
}
#endif

TEST_CASE("What is left of a story is told in sentences", "[simulation]")
{
    const auto fails = [](const Report& report) { return happened(report, "act: erase"); };
    const Shrunk shrunk = shrink(short_story(1), fails, most_runs);
    REQUIRE(shrunk.script.deeds.size() == 1);
    const auto& story = shrunk.report.story;
    REQUIRE(story.size() > 2);
    CHECK(story.front().find("4 accounts and 9 contacts are there") != std::string::npos);
    for (const std::string& line : story) {
        INFO(line);
        CHECK(line.find_first_of("$?%=→\n") == std::string::npos);
        CHECK_FALSE(line.ends_with(": "));
        CHECK(line.find("carol created") == std::string::npos);
    }
    CHECK(std::ranges::any_of(story,
                              [](const std::string& line) { return line.find(" deletes ") != line.npos; }));
    CHECK(
        std::ranges::any_of(story, [](const std::string& line) { return line.find(" asks ") != line.npos; }));
}

TEST_CASE("Another failure of the same promise is not the same failure", "[simulation]")
{
    const auto same = breaks_likewise(
        {1,
         R"(ada at machine 1 entered "P0-945471406" into name of account 32aaa21e…9d54; it never arrived)"});
    CHECK(same(broken(
        1, R"(ada at machine 3 entered "P2-1" into telephone1 of account 9bb61aaa…fdb6; it never arrived)")));
    CHECK_FALSE(same(broken(
        2,
        R"(ada at machine 1 entered "P0-945471406" into name of account 32aaa21e…9d54; it never arrived)")));
    CHECK_FALSE(
        same(broken(1, "bob at machine 2 deleted contact 495e4c1b…2254; it is still in the organization")));
    CHECK_FALSE(same(Report{}));
}

#include "tests/catch.h"
#include "tests/simulation/cell.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace hawser::simulation;

namespace {

/// Short enough for every run of the tests; `hawser_matrix` takes the whole matrix.
Cell short_cell(Outage outage)
{
    return {outage, 2, {"test", 10, 2}, std::chrono::minutes{2}};
}

/// Enough people on the same records that some changes are held, and others stand behind them.
Cell busy_cell(Outage outage)
{
    return {outage, 5, high_load, std::chrono::minutes{3}};
}

} // namespace

TEST_CASE("Nothing is lost or stuck when clients are struck again and again", "[matrix]")
{
    std::uint64_t held = 0;
    for (const Outage outage : all_outages) {
        const CellReport report = run(busy_cell(outage), 1, false);
        INFO(name(outage));
        if (report.broken)
            FAIL_CHECK("breaks I" << report.broken->invariant << ": " << report.broken->sentence);
        CHECK_FALSE(report.lost());
        CHECK_FALSE(report.stuck());
        CHECK(report.waiting == std::vector<std::string>{});
        // A cell in which little happens proves little.
        CHECK(report.outages >= 10);
        CHECK(report.edits >= 200);
        CHECK(report.conflicts >= 1);
        held += report.held;
    }
    CHECK(held >= 1);
}

TEST_CASE("The same cell is the same story, step for step", "[matrix]")
{
    const Cell cell = short_cell(Outage::partition_out);
    CHECK(run(cell, 2, false).trace == run(cell, 2, false).trace);
}

TEST_CASE("One client's outages follow one another", "[matrix]")
{
    using namespace std::chrono_literals;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::vector<Spell> spells = draw_spells(5, 270s, seed);
        CHECK(spells.size() > 10);
        std::ranges::stable_sort(spells, {}, [](const Spell& spell) {
            return std::pair{spell.where, spell.from};
        });
        for (std::size_t i = 0; i < spells.size(); ++i) {
            CHECK(spells[i].from < spells[i].until);
            if (i > 0 && spells[i - 1].where == spells[i].where) CHECK(spells[i - 1].until < spells[i].from);
        }
    }
}

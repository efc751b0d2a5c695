#include "tests/simulation/cell_script.h"

#include "tests/simulation/draw.h"

#include <algorithm>
#include <string>
#include <utility>

namespace hawser::simulation {

namespace {

using Milliseconds = Clock::Milliseconds;

struct Frequent {
    Act act;
    int weight;
};
constexpr Frequent at_work[] = {
    {Act::edit, 80}, {Act::create, 8}, {Act::unit, 6}, {Act::erase, 3}, {Act::undo, 3}};

Act drawn_act(Draw& draw)
{
    auto left = static_cast<int>(draw.below(100));
    for (const Frequent& one : at_work)
        if ((left -= one.weight) < 0) return one.act;
    return Act::edit;
}

/// Nobody types at a machine that is asleep.
bool asleep(const Cell& cell, const std::vector<Spell>& spells, const Deed& deed)
{
    if (cell.outage != Outage::pause) return false;
    return std::ranges::any_of(spells, [&](const Spell& spell) {
        return spell.where == deed.where && spell.from <= deed.at && deed.at <= spell.until;
    });
}

} // namespace

Script write_script(const Cell& cell, const std::vector<Spell>& spells, std::uint64_t seed)
{
    Draw draw(stirred(seed, 41));
    Script script;
    script.seed = seed;
    const auto add = [&](Act act, std::size_t where, int times) {
        for (; times > 0; --times) {
            const Milliseconds at{draw.between(0, Milliseconds(cell.length).count())};
            // A chain of chances of its own: values are never used twice.
            const Deed deed{act == Act::edit ? drawn_act(draw) : act, where, at, stirred(draw.next(), 47)};
            if (!asleep(cell, spells, deed)) script.deeds.push_back(deed);
        }
    };
    const auto length = static_cast<int>(cell.length.count());
    for (std::size_t where = 0; where < cell.clients; ++where) {
        Seat seat;
        // The first two are one user's: any number of instances may edit.
        seat.user = "worker" + std::to_string(std::max<std::size_t>(where, 1));
        seat.in_background = true;
        script.seats.push_back(std::move(seat));
        add(Act::edit, where, cell.load.edits * length);
        add(Act::cycle, where, cell.load.cycles * length);
    }
    add(Act::colleague_edit, 0, cell.load.edits * length);
    std::ranges::stable_sort(script.deeds, {}, &Deed::at);
    return script;
}

} // namespace hawser::simulation

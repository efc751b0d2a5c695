#include "tests/simulation/cell.h"

#include "tests/simulation/cell_script.h"
#include "tests/simulation/struck_network.h"
#include "tests/simulation/world.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

namespace hawser::simulation {

namespace {

using localstore::Sequence;
using Milliseconds = Clock::Milliseconds;
using std::chrono::seconds;

/// A user's machine sends and fetches by itself within this time, whatever was before.
constexpr seconds patience{3'600};
constexpr seconds between_looks{1};
/// A person looks after what was refused not before it is clear that nothing else helps.
constexpr seconds time_to_look{300};
/// An orderly end takes no longer; the Synchronizer's users give such a time, too.
constexpr Milliseconds time_to_stop{2'000};

/// The world of one cell.
class CellWorld : public World {
public:
    CellWorld(const Cell& cell, std::vector<Spell> spells, std::uint64_t seed, bool tell)
        : World(write_script(cell, spells, seed), tell), cell_(cell), spells_(std::move(spells))
    {
    }

    CellReport run();

private:
    std::shared_ptr<Network> network_for(std::size_t where) override
    {
        ways_.push_back(std::make_shared<StruckNetwork>(*this, script_, time_, where));
        return ways_.back();
    }

    void strike(const Spell& spell);
    void heal(const Spell& spell);
    void stop(const Spell& spell);
    void end_process(std::size_t where);
    void start_process(std::size_t where);
    void pause(const Spell& spell);
    void wake(const Spell& spell);
    void await_rest(CellReport& report);
    void decide_conflicts(Draw& draw);
    std::uint64_t answer_held(Draw& draw);
    void let_go_on(Installation& desk, const localstore::Change& change);
    std::uint64_t give_up_refused();
    bool give_up(Installation& desk, Sequence change);
    static std::set<Sequence> standing_on(Installation& desk, Sequence first);
    std::vector<std::string> waiting();
    bool all_equal();

    Cell cell_;
    std::vector<Spell> spells_;
    std::vector<std::shared_ptr<StruckNetwork>> ways_{};
};

CellReport CellWorld::run()
{
    found();
    open_the_day();
    const Milliseconds start = time_->elapsed();
    Milliseconds end = start + Milliseconds(cell_.length);
    for (const Spell& spell : spells_) {
        time_->call_after(spell.from, [this, spell] { strike(spell); });
        time_->call_after(spell.until, [this, spell] { heal(spell); });
        end = std::max(end, start + spell.until);
    }
    for (const Deed& deed : script_.deeds) {
        advance(start + deed.at);
        if (oracle_.broken()) break;
        perform(deed);
        settle_down();
    }
    advance(end);
    CellReport report;
    report.outages = spells_.size();
    if (!oracle_.broken()) await_rest(report);
    if (!oracle_.broken()) come_to_rest();
    report.edits = report_.counts["edits"];
    report.requests = report_.counts["requests"];
    report.conflicts = report_.counts["resolved"];
    report.broken = oracle_.broken();
    report.trace = report_.trace;
    report.story = std::move(report_.story);
    return report;
}

void CellWorld::strike(const Spell& spell)
{
    tell(place(spell.where) + ": " + std::string(name(cell_.outage)) + " for " +
         std::to_string((spell.until - spell.from).count()) + " ms");
    StruckNetwork& way = *ways_[spell.where];
    switch (cell_.outage) {
    case Outage::disconnect:
        return way.become(StruckNetwork::State::disconnected);
    case Outage::partition_in:
        return way.become(StruckNetwork::State::answers_lost);
    case Outage::partition_out:
        return way.become(StruckNetwork::State::requests_lost);
    case Outage::stop:
        return stop(spell);
    case Outage::kill:
        return end_process(spell.where);
    case Outage::pause:
        return pause(spell);
    }
}

void CellWorld::heal(const Spell& spell)
{
    tell(place(spell.where) + ": the outage is over");
    ways_[spell.where]->become(StruckNetwork::State::whole);
    switch (cell_.outage) {
    case Outage::stop:
        // One that has not ended yet starts again when it has.
        if (!desks_[spell.where]->alive()) start_process(spell.where);
        return;
    case Outage::kill:
        return start_process(spell.where);
    case Outage::pause:
        return wake(spell);
    default:
        return;
    }
}

/// As Synchronizer::stop: what is under way may end, and has to when the time is over.
void CellWorld::stop(const Spell& spell)
{
    Installation& desk = *desks_[spell.where];
    if (!desk.has_engine()) return;
    const Milliseconds over = time_->elapsed() + (spell.until - spell.from);
    const auto settled = std::make_shared<bool>(false);
    const std::size_t where = spell.where;
    desk.engine().leave();
    desk.begin([this, where, over, settled](engine::Engine& engine) -> engine::Task<void> {
        auto settling = engine.settle_down();
        co_await std::move(settling);
        *settled = true;
        // Not from within what is to be ended.
        time_->call_after(Milliseconds{0}, [this, where, over] {
            end_process(where);
            if (time_->elapsed() >= over) start_process(where);
        });
    });
    time_->call_after(time_to_stop, [this, where, settled] {
        if (!*settled) desks_[where]->engine().leave_now();
    });
}

void CellWorld::end_process(std::size_t where)
{
    failed_at_.erase(where);
    desks_[where]->kill();
}

void CellWorld::start_process(std::size_t where)
{
    tell(place(where) + ": the process starts again");
    desks_[where]->start();
}

void CellWorld::pause(const Spell& spell)
{
    Installation& desk = *desks_[spell.where];
    if (spell.foretold) return desk.engine().suspend();
    desk.clock->freeze();
    ways_[spell.where]->become(StruckNetwork::State::receiver_asleep);
}

void CellWorld::wake(const Spell& spell)
{
    Installation& desk = *desks_[spell.where];
    failed_at_.erase(spell.where);
    if (spell.foretold) return desk.engine().resume();
    desk.clock->thaw();
}

/// All faults and edits have ended. Nothing is asked for: the engines come to rest by themselves, but for
/// what people have to decide.
void CellWorld::await_rest(CellReport& report)
{
    tell("--- the last outage is over, and nobody edits any more ---");
    calm_ = true;
    const Milliseconds begun = time_->elapsed();
    Draw draw(stirred(script_.seed, 43));
    for (seconds past{0}; past < patience && !oracle_.broken(); past += between_looks) {
        decide_conflicts(draw);
        report.held += answer_held(draw);
        if (past >= time_to_look && past.count() % 60 == 0) report.refused += give_up_refused();
        const bool sent = waiting().empty();
        const auto now = std::chrono::ceil<seconds>(time_->elapsed() - begun);
        if (!sent) report.sent_after.reset();
        if (sent && !report.sent_after) report.sent_after = now;
        if (sent && all_equal()) {
            report.equal_after = now;
            break;
        }
        pass(between_looks);
    }
    report.waiting = waiting();
}

void CellWorld::decide_conflicts(Draw& draw)
{
    for (const auto& desk : desks_) {
        if (!desk->alive()) continue;
        const auto conflicts = desk->store().conflicts({});
        if (!conflicts) continue;
        for (const localstore::Conflict& conflict : *conflicts) resolve(*desk, conflict, draw);
        if (!conflicts->empty() && desk->has_engine()) desk->engine().nudge();
    }
}

/// What others' edits met: it goes on all the same, or is given up. Beginning with what was made last, on
/// which nothing else can stand.
std::uint64_t CellWorld::answer_held(Draw& draw)
{
    std::uint64_t answered = 0;
    localstore::ChangeFilter filter;
    filter.states = {localstore::ChangeState::held};
    for (const auto& desk : desks_) {
        if (!desk->alive()) continue;
        const auto held = desk->store().changes(filter);
        if (!held) continue;
        for (const localstore::Change& listed : *held | std::views::reverse) {
            // The answer to another one of its group was the answer to this one, too.
            const auto change = desk->store().change(listed.sequence);
            if (!change || change->state != localstore::ChangeState::held) continue;
            ++answered;
            if (draw.chance(0.5))
                let_go_on(*desk, *change);
            else
                give_up(*desk, change->sequence);
        }
    }
    return answered;
}

void CellWorld::let_go_on(Installation& desk, const localstore::Change& change)
{
    std::string outcome = change.waits_for;
    watched(desk, [&] {
        const auto done = send_again(desk, change);
        if (!done) outcome += "; in vain: " + done.error().message;
    });
    tell(place(desk.setup().number) + ": lets change " + std::to_string(change.sequence.value) +
         " go on: " + outcome);
    if (desk.has_engine()) desk.engine().nudge();
}

/// What the organization never takes: it refers to something that others have deleted, say.
std::uint64_t CellWorld::give_up_refused()
{
    std::uint64_t refused = 0;
    localstore::ChangeFilter filter;
    filter.states = {localstore::ChangeState::parked};
    for (const auto& desk : desks_) {
        if (!desk->alive()) continue;
        const auto parked = desk->store().changes(filter);
        if (!parked) continue;
        for (const localstore::Change& change : *parked) refused += give_up(*desk, change.sequence);
    }
    return refused;
}

/// Together with all that makes no sense without it. Whether it was still there to be given up.
bool CellWorld::give_up(Installation& desk, Sequence change)
{
    bool done = false;
    for (const Sequence one : standing_on(desk, change) | std::views::reverse) {
        const auto present = desk.store().change(one);
        if (!present || !is_live(present->state)) continue;
        std::string outcome = present->waits_for + " " + present->last_error;
        watched(desk, [&] {
            const auto undone = desk.store().discard(one, desk.context_of_a_person());
            if (!undone) {
                outcome += "; in vain: " + undone.error().message;
                return;
            }
            forget_dropped(desk, *undone);
            done = done || std::ranges::find(undone->dropped, change, &localstore::Change::sequence) !=
                               undone->dropped.end();
        });
        tell(place(desk.setup().number) + ": gives up change " + std::to_string(one.value) + ": " + outcome);
    }
    if (desk.has_engine()) desk.engine().nudge();
    return done;
}

/// The change, its group, and whatever refers to or goes on with what they create; and so on.
std::set<Sequence> CellWorld::standing_on(Installation& desk, Sequence first)
{
    std::set<Sequence> all;
    std::vector<Sequence> todo{first};
    while (!todo.empty()) {
        const Sequence one = todo.back();
        todo.pop_back();
        const auto change = desk.store().change(one);
        if (!change || !is_live(change->state) || !all.insert(one).second) continue;
        if (change->group.value > 0) {
            localstore::ChangeFilter filter;
            filter.group = change->group;
            if (const auto members = desk.store().changes(filter))
                for (const localstore::Change& member : *members) todo.push_back(member.sequence);
        }
        const auto edges = desk.store().dependencies_of(one);
        if (!edges || change->kind != localstore::ChangeKind::create) continue;
        for (const localstore::Dependency& edge : edges->waited_for_by) todo.push_back(edge.change);
    }
    return all;
}

/// What is not done yet, and why.
std::vector<std::string> CellWorld::waiting()
{
    std::vector<std::string> all;
    for (const auto& desk : desks_) {
        const std::string who = place(desk->setup().number);
        if (!desk->alive()) {
            all.push_back(who + " does not run");
            continue;
        }
        const auto changes = desk->store().changes({});
        const auto open = desk->store().open_intents();
        const auto conflicts = desk->store().conflicts({});
        if (!changes || !open || !conflicts) {
            all.push_back(who + " cannot be read");
            continue;
        }
        for (const localstore::Change& change : *changes)
            all.push_back(who + ": change " + std::to_string(change.sequence.value) + " is " +
                          std::string(to_text(change.state)) + " and waits for \"" + change.waits_for + "\"");
        for (const auto& intent : *open) all.push_back(who + ": intent " + intent.id.text() + " is open");
        for (const auto& conflict : *conflicts)
            all.push_back(who + ": conflict " + conflict.label() + " is open");
    }
    return all;
}

bool CellWorld::all_equal()
{
    for (const auto& desk : desks_) {
        std::map<RecordKey, Texts> here;
        for (const TrackedTable& table : tables_of(script_.meetings))
            for (const auto& [id, row] : desk->see_all(table))
                here.emplace(RecordKey{std::string(table.name), id}, row);
        if (here != read_all(desk->setup().seat.user, desk->setup().seat.contact_filter)) return false;
    }
    return true;
}

} // namespace

bool CellReport::lost() const
{
    return broken && broken->invariant == 1;
}

bool CellReport::stuck() const
{
    const bool judged_before = broken && broken->invariant != 4;
    return !judged_before && (!equal_after || broken);
}

CellReport run(const Cell& cell, std::uint64_t seed, bool tell)
{
    const auto end = Milliseconds(cell.length) * 3 / 4;
    return CellWorld(cell, draw_spells(cell.clients, end, seed), seed, tell).run();
}

} // namespace hawser::simulation

#include "base/time_text.h"
#include "engine/cycle_report.h"
#include "tests/simulation/world.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace hawser::simulation {

namespace {

using Milliseconds = Clock::Milliseconds;

constexpr int most_rounds = 14;
/// After so many people give up what does not come by itself.
constexpr int patient_rounds = 6;

std::string listed(localstore::Store& store)
{
    std::string text;
    const auto changes = store.changes({});
    if (changes)
        for (const localstore::Change& change : *changes)
            text += "; " + std::string(to_text(change.state)) + " " + std::string(to_text(change.kind)) +
                    " " + change.key.table + " " + change.key.id.text() + " waits for \"" + change.waits_for +
                    "\" " + change.last_error;
    return text;
}

} // namespace

/// All faults end, everybody synchronizes and decides what is theirs to decide, until nothing moves any more.
void World::come_to_rest()
{
    tell("--- all faults end ---");
    calm_ = true;
    // A copy that nobody made.
    if (!desks_.back()->has_replica()) {
        never_begun_ = std::move(desks_.back());
        desks_.pop_back();
    }
    for (const auto& network : networks_) network->calm = true;
    for (const auto& desk : desks_) desk->crash_no_more();
    rewriting_ = false;
    bumped_.clear();
    for (const std::string& user : lowered_)
        (void)office_->organization->set_depth(user, server::Depth::global);
    lowered_.clear();
    pass(std::chrono::minutes{15});
    for (const auto& desk : desks_) {
        desk->tokens->next.clear();
        desk->tokens->token = office_->token(desk->setup().seat.user);
        desk->clock->wrong_by = {};
        desk->limit_disk(std::nullopt);
        desk->begin_where_possible();
    }
    Draw draw(stirred(script_.seed, 9));
    // What only a sweep can find is found within the time of one. What an organization lacks that seemed
    // to be restored stays until another one misses it still.
    const bool rare = expiry_happened_ || script_.restores;
    int sweeps = rare ? 2 : slipped_away_ || script_.seed % 8 == 0 ? 1 : 0;
    for (int round = 0; !oracle_.broken(); ++round) {
        const std::uint64_t before = writes_;
        for (const auto& desk : desks_) {
            clear_up(*desk, draw, round);
            desk->begin([this](engine::Engine& engine) -> engine::Task<void> {
                auto coming = engine.go_online();
                const Result<CycleReport> back = co_await std::move(coming);
                if (!back) tell("a cycle of the calm fails: " + back.error().message);
            });
            pass(std::chrono::minutes{6});
        }
        if (writes_ == before && all_quiet()) {
            if (sweeps == 0 && cycles_ >= script_.least_cycles) break;
            if (sweeps == 0) continue;
            --sweeps;
            sleep_all(std::chrono::hours{rare ? 24 * 8 : 25});
            continue;
        }
        if (round < most_rounds) continue;
        std::string waiting;
        for (const auto& desk : desks_) waiting += listed(desk->store());
        oracle_.require(false, 4, "no rest after " + std::to_string(round) + " quiet rounds" + waiting);
    }
    if (oracle_.broken()) return;
    count("stories told to the end");
    oracle_.close();
    for (const auto& desk : desks_) {
        compare(*desk);
        explain(*desk);
        look(desk->setup().number);
    }
}

/// With every machine asleep: nothing that happens by itself is of interest now.
void World::sleep_all(Milliseconds time)
{
    for (const auto& desk : desks_) desk->engine().suspend();
    pass(time);
    for (const auto& desk : desks_) desk->engine().resume();
}

bool World::all_quiet()
{
    for (const auto& desk : desks_) {
        const auto figures = desk->store().queue_figures();
        const auto open = desk->store().open_intents();
        if (!figures || !open || figures->live() > 0 || figures->open_conflicts > 0 || !open->empty())
            return false;
    }
    return true;
}

/// What waits for a person gets its answer. Those who have to give up begin with what was made last, on
/// which nothing else can stand.
void World::clear_up(Installation& desk, Draw& draw, int round)
{
    const auto conflicts = desk.store().conflicts({});
    if (conflicts)
        for (const localstore::Conflict& conflict : *conflicts) resolve(desk, conflict, draw);
    localstore::ChangeFilter filter;
    filter.states = {localstore::ChangeState::held, localstore::ChangeState::parked,
                     localstore::ChangeState::queued};
    const auto changes = desk.store().changes(filter);
    if (!changes) return;
    for (auto change = changes->rbegin(); change != changes->rend(); ++change) clear_up(desk, *change, round);
}

/// Whether the change, or what goes with it, stands behind one that a person has to decide about, or whose record
/// its user may not read: that may be allowed one day.
bool World::waits_for_a_person(Installation& desk, const localstore::Change& change)
{
    std::set<localstore::Sequence> met;
    std::vector<localstore::Change> todo = with_group(desk, change);
    const auto readable = read_all(desk.setup().seat.user, desk.setup().seat.contact_filter);
    while (!todo.empty()) {
        const localstore::Change one = std::move(todo.back());
        todo.pop_back();
        if (!met.insert(one.sequence).second) continue;
        if (one.state != localstore::ChangeState::queued && one.state != localstore::ChangeState::in_flight)
            return true;
        if (oracle_.organization().contains(one.key) && !readable.contains(one.key)) return true;
        const auto edges = desk.store().dependencies_of(one.sequence);
        if (!edges) continue;
        for (const localstore::Dependency& edge : edges->waits_for) {
            const auto other = desk.store().change(edge.on);
            if (other) std::ranges::move(with_group(desk, *other), std::back_inserter(todo));
        }
    }
    return false;
}

/// What waits for a person since the last cycle: what is held for a reason that is there now, and the record's journal
/// tells of it.
void World::heed_waiting(std::size_t where)
{
    Installation& desk = *desks_[where];
    if (!desk.alive() || desk.crashed()) return;
    localstore::ChangeFilter filter;
    filter.states = {localstore::ChangeState::held, localstore::ChangeState::parked};
    const auto changes = desk.store().changes(filter);
    std::set<std::pair<localstore::Sequence, std::string>> now;
    for (const localstore::Change& change : changes.value_or(std::vector<localstore::Change>{})) {
        const bool is_held = change.state == localstore::ChangeState::held;
        const auto one = now.emplace(change.sequence, is_held ? change.waits_for : change.last_error).first;
        if (waiting_[where].contains(*one)) continue;
        const std::vector<RecordKey> unit = records_with(desk, change);
        if (is_held) oracle_.held(where, unit, change.waits_for);
        oracle_.require(is_told(desk, unit), 10,
                        place(where) + " says nowhere why a change of " + change.key.table + " " +
                            change.key.id.text() + " waits for a person: " + one->second);
    }
    waiting_[where] = std::move(now);
}

/// Whether the journal of one of the records tells of something that was decided.
bool World::is_told(Installation& desk, const std::vector<RecordKey>& records)
{
    return std::ranges::any_of(records, [&](const RecordKey& key) {
        localstore::DecisionFilter of_record;
        of_record.key = key;
        const auto decisions = desk.store().decisions(of_record);
        return decisions && std::ranges::any_of(*decisions, [](const localstore::Decision& decision) {
                   return !decision.rule.empty() && !decision.sentence.empty() &&
                          !decision.rule.starts_with("merge.");
               });
    });
}

/// The record of the change, and those of what went or goes with it.
std::vector<RecordKey> World::records_with(Installation& desk, const localstore::Change& change) const
{
    std::vector<RecordKey> records{change.key};
    if (change.group.value == 0) return records;
    localstore::ChangeFilter unit;
    unit.group = change.group;
    for (int state = 0; state <= static_cast<int>(localstore::ChangeState::discarded); ++state)
        unit.states.push_back(static_cast<localstore::ChangeState>(state));
    const auto members = desk.store().changes(unit);
    for (const localstore::Change& member : members.value_or(std::vector<localstore::Change>{}))
        records.push_back(member.key);
    return records;
}

void World::clear_up(Installation& desk, const localstore::Change& change, int round)
{
    const bool held = change.state == localstore::ChangeState::held;
    const bool queued = change.state == localstore::ChangeState::queued;
    const bool impatient = round >= patient_rounds;
    // What waits by itself has to go by itself.
    if (queued && (!impatient || !waits_for_a_person(desk, change))) return;
    // With another change of its group it may be settled by now.
    const auto still = desk.store().change(change.sequence);
    if (!still || still->state != change.state) return;
    oracle_.require(!held || !change.waits_for.empty(), 10, "a held change does not say why");
    if (!held && !queued) oracle_.parked(desk.setup().number, records_with(desk, change), change.last_error);
    const bool insist = !impatient && (held || round < 2);
    tell(place(desk.setup().number) + (insist ? ": tries again: " : ": gives up: ") + "change " +
         std::to_string(change.sequence.value) + " " + change.waits_for + " " + change.last_error);
    watched(desk, [&] {
        if (insist) {
            (void)send_again(desk, change);
            return;
        }
        const auto done = desk.store().discard(change.sequence, desk.context_of_a_person());
        if (done)
            forget_dropped(desk, *done);
        else
            tell("    in vain: " + done.error().message);
    });
}

/// The replica and what this user may see of the organization are the same.
void World::compare(Installation& desk)
{
    const std::string who = place(desk.setup().number);
    std::map<RecordKey, Texts> here;
    for (const TrackedTable& table : tables_of(script_.meetings)) {
        oracle_.require(desk.was_told_all(table), 4, who + " was not told of all that changed");
        for (const auto& [id, row] : desk.see_all(table))
            here.emplace(RecordKey{std::string(table.name), id}, row);
    }
    const auto there = read_all(desk.setup().seat.user, desk.setup().seat.contact_filter);
    for (const auto& [key, row] : there) {
        const auto found = here.find(key);
        const std::string record = key.table + " " + key.id.text();
        oracle_.require(found != here.end(), 4, record + " is missing at " + who + " at the end");
        if (found == here.end()) continue;
        for (const TrackedColumn& column : tracked(key.table)->columns) {
            const std::string mine = text_of(found->second, column.name);
            const std::string theirs = text_of(row, column.name);
            oracle_.require(mine == theirs, 4,
                            std::string(column.name) + " of " + record + " is \"" + mine + "\" at " + who +
                                " at the end, and \"" + theirs + "\" in the organization");
        }
        here.erase(found);
    }
    for (const auto& [key, row] : here)
        oracle_.require(false, 4,
                        key.table + " " + key.id.text() + " is still at " + who +
                            " at the end, and not in the organization");
}

/// What was decided about records can be read.
void World::explain(Installation& desk)
{
    localstore::ConflictFilter filter;
    filter.closed_too = true;
    const auto conflicts = desk.store().conflicts(filter);
    if (!conflicts) return;
    for (const localstore::Conflict& conflict : *conflicts) {
        localstore::DecisionFilter of_record;
        of_record.key = conflict.key;
        const auto decisions = desk.store().decisions(of_record);
        oracle_.require(!conflict.sentence.empty() && decisions && !decisions->empty(), 10,
                        "conflict " + conflict.label() + " of " + conflict.key.table + " " +
                            conflict.key.id.text() + " is explained nowhere at " +
                            place(desk.setup().number));
    }
    explain_cycles(desk);
    // One replica of a story is enough.
    if (desk.setup().number != script_.seed % desks_.size()) return;
    const auto found = desk.store().integrity_check();
    oracle_.require(found && found->empty(), 1,
                    "the replica is damaged: " + (found && !found->empty() ? found->front() : std::string()));
}

/// Each cycle says of every record that it merged, removed, asked about or kept why, and of what was refused or held
/// that it was.
void World::explain_cycles(Installation& desk)
{
    const auto cycles = desk.store().cycles({}, 10'000);
    if (!cycles) return;
    localstore::DecisionFilter all;
    all.limit = 100'000;
    const auto decisions = desk.store().decisions(all);
    std::map<std::int64_t, std::uint64_t> said;
    for (const localstore::Decision& decision : decisions.value_or(std::vector<localstore::Decision>{}))
        said[decision.cycle.value] += !decision.rule.empty() && !decision.sentence.empty();
    for (const localstore::Cycle& cycle : *cycles) {
        // What a failing disk took back was counted.
        if (cycle.outcome != localstore::CycleOutcome::done) continue;
        const CycleReport report = engine::report_of(cycle);
        // What leaves a scope is removed, and what waits of it held, for one reason.
        const std::uint64_t due =
            std::max<std::uint64_t>(report.merged + report.removed + report.conflicts +
                                        report.conflicts_moved + report.kept + (report.refused > 0),
                                    report.held > 0);
        oracle_.require(said[report.number] >= due, 10,
                        place(desk.setup().number) + " gives " + std::to_string(said[report.number]) +
                            " reasons for the " + std::to_string(due) + " things that cycle " +
                            std::to_string(report.number) + " decided: " + cycle.figures);
    }
}

/// What became of all that was entered.
void World::tell_queue(Installation& desk)
{
    for (localstore::Sequence at{1};; ++at.value) {
        const auto change = desk.store().change(at);
        if (!change) return;
        const std::string why = change->waits_for + change->reason;
        tell("  " + place(desk.setup().number) + ": change " + std::to_string(at.value) + " (" +
             std::string(to_text(change->kind)) + " of " + change->key.table + " " + change->key.id.text() +
             ") is " + std::string(to_text(change->state)) + (why.empty() ? "" : ": " + why));
    }
}

/// Which kinds of decision the story came to.
void World::collect(Installation& desk)
{
    if (telling_) tell_queue(desk);
    localstore::DecisionFilter filter;
    filter.limit = 100'000;
    const auto decisions = desk.store().decisions(filter);
    if (!decisions) return;
    for (const localstore::Decision& decision : *decisions) {
        count("decision: " + decision.rule);
        tell("  " + place(desk.setup().number) + " at " + to_text(decision.at) + ": " + decision.key.table +
             " " + decision.key.id.text() + ": " + decision.sentence + " (" + decision.rule + ")");
    }
}

} // namespace hawser::simulation

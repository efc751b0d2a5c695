#include "tools/hawser/replay.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace hawser::cli {

namespace {

constexpr const char* left_out = "not sent in this replay";
/// Cycles that bring nothing further, after which what still waits is left.
constexpr int idle_cycles = 2;

const std::vector<ChangeState> live_states{ChangeState::queued, ChangeState::held, ChangeState::in_flight,
                                           ChangeState::parked, ChangeState::contested};
const std::vector<ChangeState> settled_states{ChangeState::applied, ChangeState::superseded,
                                              ChangeState::undone, ChangeState::discarded};

bool needs_person(ChangeState state)
{
    return state == ChangeState::parked || state == ChangeState::contested || state == ChangeState::held;
}

} // namespace

Replay::Replay(OnlineSession& session, const Imported& imported, ReplayPlan plan)
    : session_(session), imported_(imported), plan_(std::move(plan))
{
    for (const ImportedChange& change : imported_.all)
        if (change.here != 0) there_.emplace(change.here, change.there);
}

ChangeNumber Replay::number_in_journal(ChangeNumber here) const
{
    const auto found = there_.find(here);
    return found == there_.end() ? 0 : found->second;
}

Result<std::vector<Change>> Replay::changes(bool settled_too) const
{
    ChangeFilter filter;
    filter.states = live_states;
    if (settled_too) filter.states.insert(filter.states.end(), settled_states.begin(), settled_states.end());
    std::vector<Change> all;
    for (;;) {
        auto some = session_.replica().queue(filter);
        if (!some) return some.error();
        all.insert(all.end(), some->begin(), some->end());
        if (some->size() < filter.limit) return all;
        filter.after = some->back().number;
    }
}

Result<void> Replay::prepare()
{
    const auto live = changes(false);
    if (!live) return live.error();
    std::vector<ChangeNumber> hold, release;
    std::map<Guid, std::size_t> unit_of;
    for (const Change& change : *live) {
        const bool ours = change.state == ChangeState::held && change.reason == left_out;
        if (!ours && change.state != ChangeState::queued && change.state != ChangeState::in_flight) continue;
        // What a person decided in the receipts is in no journal.
        const ChangeNumber there = number_in_journal(change.number);
        const bool chosen = (plan_.only.empty() || change.record.table == plan_.only) &&
                            (!plan_.until || there <= *plan_.until);
        if (chosen) {
            const auto unit = change.group ? unit_of.find(*change.group) : unit_of.end();
            if (unit != unit_of.end()) {
                units_[unit->second].push_back(change.number);
            } else {
                if (change.group) unit_of.emplace(*change.group, units_.size());
                units_.push_back({change.number});
            }
        }
        const bool waits = !chosen || goes_in_slices();
        if (waits && change.state == ChangeState::queued) hold.push_back(change.number);
        if (!waits && ours) release.push_back(change.number);
    }
    if (!hold.empty())
        if (const auto held = session_.replica().hold(hold, left_out); !held) return held.error();
    if (!release.empty())
        if (const auto released = session_.replica().release(release); !released) return released.error();
    return {};
}

std::vector<ChangeNumber> Replay::next()
{
    const bool unit = single_ || plan_.stop_on != StopOn::never;
    const auto most = unit             ? std::size_t{1}
                      : plan_.rate > 0 ? static_cast<std::size_t>(std::ceil(plan_.rate))
                                       : units_.size();
    std::vector<ChangeNumber> slice;
    while (next_unit_ < units_.size() && slice.size() < most) {
        const auto& members = units_[next_unit_++];
        slice.insert(slice.end(), members.begin(), members.end());
    }
    return slice;
}

/// A few are asked for one by one, so that a slice costs the same in a long queue.
Result<std::vector<Change>> Replay::changes_of(const std::vector<ChangeNumber>& slice) const
{
    constexpr std::size_t few = 100;
    if (slice.size() > few) {
        auto live = changes(true);
        if (!live) return live;
        const std::set<ChangeNumber> wanted(slice.begin(), slice.end());
        std::erase_if(*live, [&](const Change& change) { return !wanted.contains(change.number); });
        return live;
    }
    std::vector<Change> found;
    for (const ChangeNumber number : slice) {
        auto explained = session_.replica().explain(number);
        if (!explained) return explained.error();
        found.push_back(std::move(explained->change));
    }
    return found;
}

Result<std::size_t> Replay::still_queued(const std::vector<ChangeNumber>& slice) const
{
    const auto found = changes_of(slice);
    if (!found) return found.error();
    return static_cast<std::size_t>(std::ranges::count_if(*found, [](const Change& change) {
        return change.state == ChangeState::queued || change.state == ChangeState::in_flight;
    }));
}

Result<void> Replay::release(const std::vector<ChangeNumber>& slice)
{
    const auto found = changes_of(slice);
    if (!found) return found.error();
    std::vector<ChangeNumber> held;
    for (const Change& change : *found)
        if (change.state == ChangeState::held && change.reason == left_out) held.push_back(change.number);
    if (held.empty()) return {};
    const auto released = session_.replica().release(held);
    return released ? Result<void>() : released.error();
}

Result<void> Replay::hold_back(const std::vector<ChangeNumber>& slice)
{
    const auto held = session_.replica().hold(slice, left_out);
    return held ? Result<void>() : held.error();
}

Result<void> Replay::send(const std::vector<ChangeNumber>& slice)
{
    if (goes_in_slices())
        if (const auto released = release(slice); !released) return released;
    std::size_t before = 0;
    for (int idle = 0; idle < idle_cycles;) {
        if (session_.interrupts().interrupted()) return {};
        const auto report = session_.synchronizer().cycle();
        if (!report) return report.error();
        const auto left = still_queued(slice);
        if (!left) return left.error();
        if (*left == 0) return {};
        idle = *left == before ? idle + 1 : 0;
        before = *left;
    }
    return {};
}

Result<std::string> Replay::reason_to_stop(const std::vector<ChangeNumber>& slice) const
{
    if (plan_.stop_on == StopOn::never) return std::string();
    const auto found = changes_of(slice);
    if (!found) return found.error();
    for (const Change& change : *found) {
        if (!needs_person(change.state)) continue;
        const bool conflict = change.state == ChangeState::contested;
        if (conflict == (plan_.stop_on == StopOn::conflict)) return change.reason;
    }
    return std::string();
}

Result<std::vector<Replayed>> Replay::outcome() const
{
    const auto all = changes(true);
    if (!all) return all.error();
    std::map<ChangeNumber, const Change*> by_number;
    for (const Change& change : *all) by_number.emplace(change.number, &change);
    std::vector<Replayed> outcome;
    for (const ImportedChange& imported : imported_.all) {
        Replayed replayed{.there = imported.there};
        const auto found = by_number.find(imported.here);
        if (found != by_number.end()) {
            replayed.change = *found->second;
            replayed.chosen =
                !(found->second->state == ChangeState::held && found->second->reason == left_out);
        }
        outcome.push_back(std::move(replayed));
    }
    return outcome;
}

} // namespace hawser::cli

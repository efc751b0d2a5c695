#include "engine/push_plan.h"

#include "engine/circle.h"
#include "engine/write_order.h"

#include <algorithm>
#include <map>
#include <utility>

namespace hawser::engine {

namespace {

using localstore::ChangeState;
using localstore::Dependency;
using localstore::DependencyReason;
using localstore::Sequence;

std::string number(Sequence sequence)
{
    return std::to_string(sequence.value);
}

std::string_view why_blocked(ChangeState state)
{
    switch (state) {
    case ChangeState::held:
        return ", which is held";
    case ChangeState::parked:
        return ", which the organization refused";
    case ChangeState::contested:
        return ", which needs a decision";
    case ChangeState::in_flight:
        return ", which is being sent";
    default:
        return "";
    }
}

/// A unit in the making.
struct Candidate {
    PushUnit unit;
    std::set<std::size_t> waits_for{};  ///< Candidates.
    std::string blocked{};              ///< Why it cannot go at all now; "" = it may.
    std::set<std::size_t> created{};    ///< Those of them that create what it refers to.
    std::set<std::size_t> made_later{}; ///< Those of them that stop referring to what it deletes, only later.
};

class Planner {
public:
    /// `later` are deletions that do not go with the changes before them.
    Planner(std::span<const PlannedChange> live, std::span<const Dependency> edges, Instant now,
            std::set<Sequence> later)
        : live_(live), edges_(edges), now_(now), later_(std::move(later))
    {
        for (std::size_t i = 0; i < live_.size(); ++i) {
            by_sequence_.emplace(live_[i].sequence, i);
            by_record_[live_[i].key].push_back(i);
        }
        for (const Dependency& edge : edges_) {
            const auto on = by_sequence_.find(edge.on);
            if (edge.reason == DependencyReason::refers_to_created && on != by_sequence_.end())
                made_.insert(live_[on->second].key);
        }
    }

    PushPlan plan()
    {
        for (const auto& [key, changes] : by_record_) take_head(key, changes);
        complete_groups();
        link();
        block_transitively();
        pick_ready();
        return std::move(plan_);
    }

private:
    /// The first changes of a record that may go together; the rest wait for them.
    void take_head(const RecordKey& key, const std::vector<std::size_t>& changes)
    {
        std::optional<std::size_t> candidate;
        std::string barrier;
        bool removed = false; ///< What follows a deletion is a life of its own.
        for (const std::size_t index : changes) {
            const PlannedChange& change = live_[index];
            if (change.state == ChangeState::contested) continue;
            if (change.state != ChangeState::queued) {
                if (barrier.empty())
                    barrier = "waits for change " + number(change.sequence) +
                              std::string(why_blocked(change.state));
                continue;
            }
            if (!barrier.empty()) {
                wait(change, barrier);
                continue;
            }
            if (change.next_attempt && *change.next_attempt > now_) {
                barrier = "waits for its next attempt";
                plan_.next = std::min(plan_.next.value_or(*change.next_attempt), *change.next_attempt);
                wait(change, barrier);
                continue;
            }
            if (candidate && (removed || later_.contains(change.sequence) ||
                              change.group != candidates_[*candidate].unit.group)) {
                barrier = "waits for change " + number(candidates_[*candidate].unit.changes.back());
                wait(change, barrier);
                continue;
            }
            if (!candidate) candidate = candidate_for(key, change.group);
            candidates_[*candidate].unit.changes.push_back(change.sequence);
            of_change_.emplace(change.sequence, *candidate);
            removed = change.kind == localstore::ChangeKind::remove;
        }
    }

    std::size_t candidate_for(const RecordKey& key, localstore::GroupNumber group)
    {
        const bool grouped = group.value != 0;
        if (grouped) {
            const auto found = of_group_.find(group);
            if (found != of_group_.end()) {
                candidates_[found->second].unit.records.push_back(key);
                return found->second;
            }
            of_group_.emplace(group, candidates_.size());
        }
        candidates_.push_back({.unit = {.changes = {}, .records = {key}, .group = group}});
        return candidates_.size() - 1;
    }

    /// A group goes whole: every live change of it must be at the head of its record.
    void complete_groups()
    {
        for (const PlannedChange& change : live_) {
            const auto found = of_group_.find(change.group);
            if (change.group.value == 0 || found == of_group_.end()) continue;
            if (of_change_.contains(change.sequence) && !change.masked) continue;
            Candidate& candidate = candidates_[found->second];
            const ChangeState state = change.masked ? ChangeState::contested : change.state;
            if (candidate.blocked.empty())
                candidate.blocked = "waits for change " + number(change.sequence) + " of its group" +
                                    std::string(why_blocked(state));
        }
        for (Candidate& candidate : candidates_) std::ranges::sort(candidate.unit.changes);
        find_inner_edges();
        for (auto& [group, index] : of_group_)
            if (candidates_[index].unit.records.size() > 1) order_records(index);
    }

    /// Inside one change set: by first edit, but a new record before what refers to it and a deletion
    /// after what stops referring. A circle of new records is cut by a second step.
    void order_records(std::size_t index)
    {
        PushUnit& unit = candidates_[index].unit;
        std::vector<RecordKey> left;
        for (const Sequence sequence : unit.changes) {
            const RecordKey& key = live_[by_sequence_.at(sequence)].key;
            if (std::ranges::find(left, key) == left.end()) left.push_back(key);
        }
        WriteOrder order = order_writes(std::move(left), inner_order(index),
                                        [&](const RecordKey& key) { return is_created(key); });
        unit.records = std::move(order.records);
        unit.second_step = std::move(order.second_step);
    }

    /// Which records of the candidate must come before each of its records.
    std::map<RecordKey, std::set<RecordKey>> inner_order(std::size_t index) const
    {
        std::map<RecordKey, std::set<RecordKey>> after;
        const auto inner = inner_edges_.find(index);
        if (inner == inner_edges_.end()) return after;
        for (const Dependency* edge : inner->second) {
            const RecordKey& key = live_[by_sequence_.at(edge->change)].key;
            const RecordKey& earlier = live_[by_sequence_.at(edge->on)].key;
            if (key != earlier) after[key].insert(earlier);
        }
        return after;
    }

    void find_inner_edges()
    {
        for (const Dependency& edge : edges_) {
            if (edge.reason == DependencyReason::same_record) continue;
            const auto change = of_change_.find(edge.change);
            const auto on = of_change_.find(edge.on);
            if (change == of_change_.end() || on == of_change_.end() || change->second != on->second)
                continue;
            inner_edges_[change->second].push_back(&edge);
        }
    }

    bool is_created(const RecordKey& key) const
    {
        return made_.contains(key) || std::ranges::any_of(by_record_.at(key), [&](std::size_t i) {
                   return live_[i].kind == localstore::ChangeKind::create;
               });
    }

    void link()
    {
        for (const Dependency& edge : edges_) {
            const auto change = of_change_.find(edge.change);
            if (change == of_change_.end() || edge.reason == DependencyReason::same_record) continue;
            Candidate& waiting = candidates_[change->second];
            const auto on = of_change_.find(edge.on);
            if (on == of_change_.end()) {
                const auto blocker = by_sequence_.find(edge.on);
                if (blocker == by_sequence_.end()) continue;
                if (waiting.blocked.empty())
                    waiting.blocked = "waits for change " + number(edge.on) +
                                      std::string(why_blocked(live_[blocker->second].state));
                continue;
            }
            if (on->second == change->second) continue;
            waiting.waits_for.insert(on->second);
            if (edge.reason == DependencyReason::refers_to_created) waiting.created.insert(on->second);
            if (edge.reason == DependencyReason::removes_reference && edge.on > edge.change)
                waiting.made_later.insert(on->second);
        }
    }

    void block_transitively()
    {
        for (bool moved = true; moved;) {
            moved = false;
            for (Candidate& candidate : candidates_) {
                if (!candidate.blocked.empty()) continue;
                const auto blocker = std::ranges::find_if(
                    candidate.waits_for, [&](std::size_t on) { return !candidates_[on].blocked.empty(); });
                if (blocker == candidate.waits_for.end()) continue;
                candidate.blocked = "waits for change " + number(candidates_[*blocker].unit.changes.front()) +
                                    ", which " + candidates_[*blocker].blocked;
                moved = true;
            }
        }
    }

    void pick_ready()
    {
        const auto may_go = [](const Candidate& candidate) {
            return candidate.blocked.empty() && candidate.waits_for.empty();
        };
        while (std::ranges::none_of(candidates_, may_go) && break_circle()) {
        }
        for (Candidate& candidate : candidates_) {
            if (may_go(candidate)) {
                plan_.ready.push_back(candidate.unit);
                continue;
            }
            const std::string why =
                !candidate.blocked.empty()
                    ? candidate.blocked
                    : "waits for change " +
                          number(candidates_[*candidate.waits_for.begin()].unit.changes.front());
            for (const Sequence sequence : candidate.unit.changes) plan_.waiting.push_back({sequence, why});
        }
        std::ranges::sort(plan_.ready, {}, [](const PushUnit& unit) { return unit.changes.front(); });
        std::ranges::sort(plan_.waiting, {}, &HeldBack::change);
    }

    /// Nothing is ready though nothing is blocked: every candidate waits in or behind a circle. The
    /// oldest one in a circle that may go without its references to new records does (a group may
    /// not: it would travel in two); else a deletion stops waiting for what was made after it.
    bool break_circle()
    {
        std::vector<std::size_t> order(candidates_.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::ranges::sort(order, {}, [&](std::size_t i) { return candidates_[i].unit.changes.front(); });
        for (const std::size_t i : order) {
            Candidate& candidate = candidates_[i];
            if (!candidate.blocked.empty() || candidate.unit.group.value != 0 || candidate.created.empty() ||
                !is_created(candidate.unit.records.front()) || !in_circle(i))
                continue;
            for (const std::size_t on : std::exchange(candidate.created, {})) {
                candidate.unit.later_references.insert(candidates_[on].unit.records.begin(),
                                                       candidates_[on].unit.records.end());
                candidate.waits_for.erase(on);
            }
            return true;
        }
        for (const std::size_t i : order) {
            Candidate& candidate = candidates_[i];
            if (!candidate.blocked.empty() || candidate.made_later.empty() || !in_circle(i)) continue;
            for (const std::size_t on : std::exchange(candidate.made_later, {}))
                candidate.waits_for.erase(on);
            return true;
        }
        return false;
    }

    bool in_circle(std::size_t start) const
    {
        std::set<std::size_t> seen;
        std::vector<std::size_t> open(candidates_[start].waits_for.begin(),
                                      candidates_[start].waits_for.end());
        while (!open.empty()) {
            const std::size_t at = open.back();
            open.pop_back();
            if (at == start) return true;
            if (!seen.insert(at).second) continue;
            open.insert(open.end(), candidates_[at].waits_for.begin(), candidates_[at].waits_for.end());
        }
        return false;
    }

    void wait(const PlannedChange& change, const std::string& why)
    {
        plan_.waiting.push_back({change.sequence, why});
    }

    std::span<const PlannedChange> live_;
    std::span<const Dependency> edges_;
    Instant now_;
    std::set<Sequence> later_;
    std::map<Sequence, std::size_t> by_sequence_;
    std::map<RecordKey, std::vector<std::size_t>> by_record_;
    std::set<RecordKey> made_; ///< What something refers to that is made, or made again.
    std::vector<Candidate> candidates_;
    std::map<localstore::GroupNumber, std::size_t> of_group_;
    std::map<Sequence, std::size_t> of_change_;
    std::map<std::size_t, std::vector<const Dependency*>> inner_edges_; ///< By candidate.
    PushPlan plan_;
};

} // namespace

PushPlan plan_push(std::span<const PlannedChange> live, std::span<const Dependency> edges, Instant now)
{
    PushPlan plan = Planner(live, edges, now, {}).plan();
    if (!plan.ready.empty() || plan.waiting.empty()) return plan;
    // What a record is made for may have to happen between its creation and its deletion.
    auto early = find_early_deletions(live, edges);
    if (!early.empty()) plan = Planner(live, edges, now, std::move(early)).plan();
    if (!plan.ready.empty()) return plan;
    plan.stuck = find_stuck_group(live, edges);
    return plan;
}

} // namespace hawser::engine

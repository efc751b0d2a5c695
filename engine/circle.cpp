#include "engine/circle.h"

#include <algorithm>

namespace hawser::engine {

namespace {

using localstore::ChangeState;
using localstore::Sequence;

/// What travels together: a group, or one change.
struct Unit {
    std::map<std::size_t, Sequence> waits_for{}; ///< Units, and a change of each.
    bool is_group = false;
    bool may_move = true; ///< Nobody has to decide about any of it.
};

class Units {
public:
    Units(std::span<const PlannedChange> live, std::span<const localstore::Dependency> edges) : live_(live)
    {
        for (std::size_t i = 0; i < live_.size(); ++i) place(i);
        wait_in_order();
        for (const localstore::Dependency& edge : edges)
            if (edge.reason != localstore::DependencyReason::same_record) wait(edge.change, edge.on);
    }

    std::optional<std::pair<Sequence, Sequence>> youngest_stuck() const
    {
        for (std::size_t i = live_.size(); i-- > 0;) {
            const std::size_t unit = of_change_.at(live_[i].sequence);
            if (!units_[unit].is_group || !units_[unit].may_move) continue;
            for (const auto& [next, on] : units_[unit].waits_for)
                if (leads_to(next, unit)) return std::pair(live_[i].sequence, on);
        }
        return std::nullopt;
    }

    std::set<Sequence> early_deletions() const
    {
        std::set<Sequence> found;
        std::map<RecordKey, std::vector<std::size_t>> earlier;
        for (const PlannedChange& change : live_) {
            const std::size_t unit = of_change_.at(change.sequence);
            std::vector<std::size_t>& before = earlier[change.key];
            const bool alone = change.kind == localstore::ChangeKind::remove && !units_[unit].is_group;
            for (const auto& [next, on] : units_[unit].waits_for) {
                if (!alone || std::ranges::find(before, next) != before.end()) continue;
                const auto waits = [&, from = next](std::size_t one) { return leads_to(from, one); };
                if (std::ranges::any_of(before, waits)) found.insert(change.sequence);
            }
            before.push_back(unit);
        }
        return found;
    }

private:
    void place(std::size_t index)
    {
        const PlannedChange& change = live_[index];
        std::size_t unit = units_.size();
        if (change.group.value != 0) unit = of_group_.try_emplace(change.group, unit).first->second;
        if (unit == units_.size()) units_.push_back({.is_group = change.group.value != 0});
        of_change_.emplace(change.sequence, unit);
        if (change.state != ChangeState::queued || change.masked) units_[unit].may_move = false;
    }

    void wait_in_order()
    {
        std::map<RecordKey, Sequence> former;
        for (const PlannedChange& change : live_) {
            if (change.state == ChangeState::contested) continue;
            const auto found = former.find(change.key);
            if (found != former.end()) wait(change.sequence, found->second);
            former.insert_or_assign(change.key, change.sequence);
        }
    }

    void wait(Sequence change, Sequence on)
    {
        const auto from = of_change_.find(change), to = of_change_.find(on);
        if (from == of_change_.end() || to == of_change_.end() || from->second == to->second) return;
        units_[from->second].waits_for.try_emplace(to->second, on);
    }

    bool leads_to(std::size_t from, std::size_t wanted) const
    {
        std::set<std::size_t> seen;
        std::vector<std::size_t> open{from};
        while (!open.empty()) {
            const std::size_t at = open.back();
            open.pop_back();
            if (!units_[at].may_move || !seen.insert(at).second) continue;
            if (at == wanted) return true;
            for (const auto& [next, on] : units_[at].waits_for) open.push_back(next);
        }
        return false;
    }

    std::span<const PlannedChange> live_;
    std::vector<Unit> units_;
    std::map<localstore::GroupNumber, std::size_t> of_group_;
    std::map<Sequence, std::size_t> of_change_;
};

} // namespace

std::optional<std::pair<Sequence, Sequence>> find_stuck_group(std::span<const PlannedChange> live,
                                                              std::span<const localstore::Dependency> edges)
{
    return Units(live, edges).youngest_stuck();
}

std::set<Sequence> find_early_deletions(std::span<const PlannedChange> live,
                                        std::span<const localstore::Dependency> edges)
{
    return Units(live, edges).early_deletions();
}

} // namespace hawser::engine

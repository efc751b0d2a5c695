#include "base/time_text.h"
#include "engine/cycle_report.h"
#include "engine/face.h"
#include "engine/replica_implementation.h"

#include <algorithm>
#include <map>
#include <utility>

namespace hawser {
namespace {

constexpr std::size_t history_most = 10'000;

/// The state of the live change that matters most to a person.
const localstore::Change* foremost(const std::vector<localstore::Change>& live)
{
    const auto rank = [](localstore::ChangeState state) {
        switch (state) {
        case localstore::ChangeState::parked:
            return 0;
        case localstore::ChangeState::contested:
            return 1;
        case localstore::ChangeState::held:
            return 2;
        case localstore::ChangeState::in_flight:
            return 3;
        default:
            return 4;
        }
    };
    const auto found = std::ranges::min_element(
        live, {}, [&](const localstore::Change& change) { return rank(change.state); });
    return found == live.end() ? nullptr : &*found;
}

std::string sentence_for(const localstore::Change& change)
{
    const std::string number = "change " + std::to_string(change.sequence.value);
    const std::string reason = engine::reason_of(change);
    switch (change.state) {
    case localstore::ChangeState::parked:
        return number + " is parked: the organization refused it (" + reason + "); a person must decide";
    case localstore::ChangeState::held:
        return number + " is held: " + (reason.empty() ? std::string("until it is released") : reason);
    case localstore::ChangeState::in_flight:
    case localstore::ChangeState::contested:
        return number + ": " + reason;
    default:
        break;
    }
    const std::string again =
        change.next_attempt ? "it is tried again at " + to_text(*change.next_attempt) : std::string();
    if (!reason.empty()) return number + " waits: " + reason + (again.empty() ? "" : "; " + again);
    return number + (again.empty() ? " is saved here and goes out with the next cycle" : ": " + again);
}

} // namespace

Result<std::vector<HistoryLine>> Replica::history(const RecordKey& key) const
{
    if (const auto known = impl_->table(key.table); !known) return known.error();
    const auto entries = impl_->store->history(key, history_most);
    if (!entries) return entries.error();
    std::vector<HistoryLine> lines;
    for (const localstore::HistoryEntry& entry : *entries)
        lines.push_back({entry.at, entry.what, entry.sentence});
    return lines;
}

Result<std::vector<CycleReport>> Replica::cycles(std::size_t limit) const
{
    const auto cycles = impl_->store->cycles(localstore::CycleNumber{}, limit);
    if (!cycles) return cycles.error();
    std::vector<CycleReport> reports;
    for (const localstore::Cycle& cycle : *cycles) reports.push_back(engine::report_of(cycle));
    return reports;
}

namespace {

Result<std::vector<Decision>> named_decisions(const Replica::Impl& impl,
                                              const localstore::DecisionFilter& filter)
{
    const auto decisions = impl.store->decisions(filter);
    if (!decisions) return decisions.error();
    std::vector<Decision> faces;
    std::map<RecordKey, std::string> names;
    for (const localstore::Decision& decision : *decisions) {
        faces.push_back(engine::face_of(decision));
        auto named = names.find(decision.key);
        if (named == names.end()) named = names.emplace(decision.key, impl.name_of(decision.key)).first;
        faces.back().record_name = named->second;
    }
    return faces;
}

} // namespace

Result<std::vector<Decision>> Replica::decisions(std::int64_t cycle) const
{
    localstore::DecisionFilter filter;
    filter.cycle = localstore::CycleNumber{cycle};
    return named_decisions(*impl_, filter);
}

Result<std::vector<Decision>> Replica::decisions_since(Instant since) const
{
    localstore::DecisionFilter filter;
    filter.since = since;
    return named_decisions(*impl_, filter);
}

Result<std::vector<Effect>> Replica::effects(std::int64_t cycle, std::size_t limit) const
{
    const auto effects = impl_->store->effects(localstore::CycleNumber{cycle}, limit);
    if (!effects) return effects.error();
    std::vector<Effect> faces;
    for (const localstore::Effect& effect : *effects)
        faces.push_back({effect.key, impl_->name_of(effect.key), effect.what});
    return faces;
}

Result<std::string> Replica::why(const RecordKey& key) const
{
    if (const auto known = impl_->table(key.table); !known) return known.error();
    const auto state = impl_->store->state(key);
    if (!state) return state.error();
    if (!state->known) return std::string("the record is not in this replica");
    if (state->conflict)
        return "a person must choose in conflict " + state->conflict->label() + ": " +
               state->conflict->sentence;
    if (const localstore::Change* change = foremost(state->live)) return sentence_for(*change);
    if (state->tombstone) return std::string("it was deleted on the server");
    return "it equals the server's copy that cycle " + std::to_string(state->cycle.value) + " brought";
}

} // namespace hawser

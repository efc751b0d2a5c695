#include "tests/simulation/edges.h"

#include <algorithm>

namespace hawser::simulation {

namespace {

constexpr std::size_t most = 10'000;

/// Of all its steps the one about which least is known.
std::string state_of(const localstore::Intent& intent)
{
    const auto any = [&](localstore::StepState state) {
        return std::ranges::any_of(intent.steps, [&](const auto& step) { return step.state == state; });
    };
    if (any(localstore::StepState::unknown)) return "unknown";
    if (any(localstore::StepState::sent)) return "sent";
    return any(localstore::StepState::waiting) ? "waiting" : "answered";
}

} // namespace

std::map<localstore::Sequence, std::string> Edges::live(const localstore::Store& store) const
{
    localstore::ChangeFilter all;
    all.limit = most;
    std::map<localstore::Sequence, std::string> found;
    if (const auto changes = store.changes(all))
        for (const localstore::Change& change : *changes)
            found.emplace(change.sequence, to_text(change.state));
    return found;
}

std::map<Guid, Edges::Open> Edges::open(const localstore::Store& store) const
{
    std::map<Guid, Open> found;
    if (const auto intents = store.open_intents())
        for (const localstore::Intent& intent : *intents)
            found[intent.id] = {state_of(intent),
                                intent.steps.empty() ? RecordKey{} : intent.steps.front().key};
    return found;
}

void Edges::begin_anew(const localstore::Store& store)
{
    changes_ = live(store);
    intents_ = open(store);
}

void Edges::look(const localstore::Store& store)
{
    look_at_changes(store);
    look_at_intents(store);
}

void Edges::look_at_changes(const localstore::Store& store)
{
    auto now = live(store);
    for (const auto& [sequence, state] : now) {
        const auto before = changes_.find(sequence);
        if (before == changes_.end())
            tell_("change: made, " + state);
        else if (before->second != state)
            tell_("change: " + before->second + ", " + state);
    }
    for (const auto& [sequence, state] : changes_) {
        if (now.contains(sequence)) continue;
        const auto ended = store.change(sequence);
        tell_("change: " + state + ", " + (ended ? std::string(to_text(ended->state)) : "gone"));
    }
    changes_ = std::move(now);
}

void Edges::look_at_intents(const localstore::Store& store)
{
    auto now = open(store);
    for (const auto& [id, intent] : now) {
        const auto before = intents_.find(id);
        if (before == intents_.end())
            tell_("intent: made, " + intent.state);
        else if (before->second.state != intent.state)
            tell_("intent: " + before->second.state + ", " + intent.state);
    }
    for (const auto& [id, intent] : intents_) {
        if (now.contains(id)) continue;
        std::string outcome = "gone";
        if (const auto receipts = store.receipts(intent.key, most)) {
            const auto found = std::ranges::find(*receipts, id, &localstore::Receipt::intent);
            if (found != receipts->end()) outcome = to_text(found->outcome);
        }
        tell_("intent: " + intent.state + ", " + outcome);
    }
    intents_ = std::move(now);
}

} // namespace hawser::simulation

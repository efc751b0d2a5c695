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

std::optional<Edges::Changes> Edges::live(const localstore::Store& store)
{
    localstore::ChangeFilter all;
    all.limit = most;
    const auto changes = store.changes(all);
    if (!changes) return {};
    Changes found;
    for (const localstore::Change& change : *changes) found.emplace(change.sequence, to_text(change.state));
    return found;
}

std::optional<Edges::Intents> Edges::open(const localstore::Store& store)
{
    const auto intents = store.open_intents();
    if (!intents) return {};
    Intents found;
    for (const localstore::Intent& intent : *intents)
        found[intent.id] = {state_of(intent), intent.changes.empty() ? localstore::Sequence{}
                                                                     : intent.changes.front().sequence};
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
    if (!now || !changes_) {
        changes_ = std::move(now);
        return;
    }
    for (const auto& [sequence, state] : *now) {
        const auto before = changes_->find(sequence);
        if (before == changes_->end())
            tell_("change: made, " + state);
        else if (before->second != state)
            tell_("change: " + before->second + ", " + state);
    }
    for (const auto& [sequence, state] : *changes_) {
        if (now->contains(sequence)) continue;
        const auto ended = store.change(sequence);
        if (ended)
            tell_("change: " + state + ", " + std::string(to_text(ended->state)));
        else
            tell_("change: " + state + ", gone " + ended.error().code);
    }
    changes_ = std::move(now);
}

void Edges::look_at_intents(const localstore::Store& store)
{
    auto now = open(store);
    if (!now || !intents_) {
        intents_ = std::move(now);
        return;
    }
    for (const auto& [id, intent] : *now) {
        const auto before = intents_->find(id);
        if (before == intents_->end())
            tell_("intent: made, " + intent.state);
        else if (before->second.state != intent.state)
            tell_("intent: " + before->second.state + ", " + intent.state);
    }
    for (const auto& [id, intent] : *intents_)
        if (!now->contains(id)) tell_("intent: " + intent.state + ", " + outcome_of(id, intent, store));
    intents_ = std::move(now);
}

std::string Edges::outcome_of(const Guid& id, const Open& intent, const localstore::Store& store)
{
    const auto change = store.change(intent.change);
    if (!change) return "gone change " + change.error().code;
    const auto receipts = store.receipts(change->key, most);
    if (!receipts) return "gone receipts " + receipts.error().code;
    const auto found = std::ranges::find(*receipts, id, &localstore::Receipt::intent);
    return found == receipts->end() ? "gone none" : std::string(to_text(found->outcome));
}

} // namespace hawser::simulation

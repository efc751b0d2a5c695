#include "engine/push.h"

#include "engine/mass_change.h"
#include "engine/queue_plan.h"
#include "localstore/transaction.h"

#include <algorithm>
#include <utility>

namespace hawser::engine {

namespace {

/// Levels of a queue of dependent changes in one push; a longer chain goes on in the next cycle.
constexpr int most_levels = 1'000;
/// Steps in one batch: below the protocol's 1,000, so that the last unit still fits.
constexpr std::size_t most_steps = 800;

} // namespace

Task<Result<void>> Pusher::push()
{
    auto recovering = recover();
    const Result<void> recovered = co_await std::move(recovering);
    if (!recovered && ends_the_cycle(recovered.error())) co_return recovered;
    if (!recovered) missed_ = recovered.error();
    for (int level = 0; level < most_levels; ++level) {
        if (around_.leaving) co_return stopped();
        auto pushing = push_level();
        const Result<bool> sent = co_await std::move(pushing);
        if (!sent) co_return sent.error();
        if (!*sent || schema_changed_) break;
    }
    auto clearing = clear_receipts();
    co_await std::move(clearing);
    if (!refused_.empty()) co_return refused_.begin()->second;
    if (missed_) co_return *missed_;
    co_return Result<void>{};
}

Result<PushPlan> Pusher::plan()
{
    const std::chrono::seconds patience =
        std::exchange(cycle_.asked, false) ? std::chrono::seconds{0} : around_.options.backoff_most;
    auto queue = plan_queue(around_.store, around_.now(), patience);
    if (!queue) return queue.error();
    const Result<void> explained = explain(queue->plan, queue->live);
    if (!explained) return explained.error();
    return std::move(queue->plan);
}

/// Only news is written: a queue that waits unchanged costs nothing.
Result<void> Pusher::explain(const PushPlan& plan, const std::vector<localstore::Change>& live)
{
    std::vector<std::pair<const localstore::Change*, std::string>> news;
    for (const HeldBack& waiting : plan.waiting) {
        const auto change = std::ranges::lower_bound(live, waiting.change, {}, &localstore::Change::sequence);
        if (change == live.end() || change->sequence != waiting.change) continue;
        const bool own_moment = change->next_attempt && !change->waits_for.empty();
        if (!own_moment && change->waits_for != waiting.why) news.emplace_back(&*change, waiting.why);
    }
    if (news.empty()) return {};
    return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            for (const auto& [change, why] : news) {
                const Result<void> told = transaction.queue.wait(change->sequence, why, change->next_attempt);
                if (!told) return told;
            }
            return {};
        });
}

/// What a person should look at first leaves the plan and says why; everything else goes.
Task<Result<void>> Pusher::guard_deletes(PushPlan& plan)
{
    if (plan.ready.size() < around_.options.mass_change_least && refused_.empty()) co_return Result<void>{};
    std::map<std::string, std::set<localstore::Sequence>> deletes;
    for (const PushUnit& unit : plan.ready) {
        const auto change = around_.store.change(unit.changes.back());
        if (!change) co_return change.error();
        if (change->kind == localstore::ChangeKind::remove)
            deletes[change->key.table].insert(change->sequence);
    }
    for (const auto& [table, changes] : deletes) {
        if (!refused_.contains(table)) {
            auto guarding = absence_.guard(table, "delete", changes.size(), true);
            const Result<void> allowed = co_await std::move(guarding);
            if (allowed) continue;
            if (allowed.error().code != mass_change_code) co_return allowed;
            refused_.emplace(table, allowed.error());
        }
        const Result<void> held = hold(changes, refused_.at(table).message);
        if (!held) co_return held;
        std::erase_if(plan.ready, [&held_back = changes](const PushUnit& unit) {
            return held_back.contains(unit.changes.back());
        });
    }
    co_return Result<void>{};
}

Result<void> Pusher::hold(const std::set<localstore::Sequence>& changes, const std::string& why)
{
    return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            for (const localstore::Sequence change : changes) {
                const Result<void> told = transaction.queue.wait(change, why, std::nullopt);
                if (!told) return told;
            }
            return {};
        });
}

Task<Result<bool>> Pusher::push_level()
{
    auto planned = plan();
    if (!planned) co_return planned.error();
    if (planned->next) next_attempt_ = std::min(next_attempt_.value_or(*planned->next), *planned->next);
    auto guarding = guard_deletes(*planned);
    const Result<void> guarded = co_await std::move(guarding);
    if (!guarded) co_return guarded.error();
    if (planned->ready.empty()) co_return false;
    std::size_t at = 0;
    while (at < planned->ready.size()) {
        if (around_.leaving) co_return stopped();
        const Guid request_id = around_.courier.request_id();
        auto batch = freeze(planned->ready, at, request_id);
        if (!batch) co_return batch.error();
        around_.progress("push", "", at, planned->ready.size());
        if (batch->empty()) continue;
        auto sending = send(std::move(*batch), request_id);
        const Result<void> sent = co_await std::move(sending);
        if (!sent) co_return sent.error();
        if (!std::exchange(recover_now_, false)) continue;
        auto recovering = recover();
        const Result<void> recovered = co_await std::move(recovering);
        if (!recovered && ends_the_cycle(recovered.error())) co_return recovered.error();
        if (!recovered) missed_ = recovered.error();
    }
    co_return true;
}

Result<std::vector<Pusher::Sent>> Pusher::freeze(const std::vector<PushUnit>& ready, std::size_t& at,
                                                 const Guid& id)
{
    std::vector<Sent> batch;
    std::size_t next = at;
    const Result<void> frozen = around_.store.transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            std::size_t steps = 0;
            batch.clear();
            next = at;
            while (next < ready.size() && batch.size() < around_.options.batch_changes &&
                   steps < most_steps) {
                auto drafted = draft(around_, cycle_, transaction, ready[next], id);
                if (!drafted) return drafted.error();
                ++next;
                if (auto* made = std::get_if<Draft>(&*drafted)) {
                    steps += made->item.steps.size();
                    batch.push_back({std::move(*made)});
                }
            }
            return {};
        });
    if (!frozen) return frozen.error();
    at = next;
    return batch;
}

} // namespace hawser::engine

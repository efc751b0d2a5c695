#include "engine/push.h"

#include "engine/mass_change.h"
#include "engine/set_aside.h"
#include "localstore/transaction.h"

#include <algorithm>
#include <utility>

namespace hawser::engine {

namespace {

/// Levels of a queue of dependent changes in one push; a longer chain goes on in the next cycle.
constexpr int most_levels = 1'000;
/// Levels in a row that only found the queue changed under the plan.
constexpr int most_outdated_levels = 5;

} // namespace

Task<Result<void>> Pusher::push()
{
    auto recovering = recover();
    const Result<void> recovered = co_await std::move(recovering);
    if (!recovered && ends_the_cycle(recovered.error())) co_return recovered;
    if (!recovered) missed_ = recovered.error();
    int outdated = 0;
    for (int level = 0; level < most_levels && outdated < most_outdated_levels; ++level) {
        if (around_.leaving) co_return stopped();
        auto pushing = push_level();
        const Result<Level> reached = co_await std::move(pushing);
        if (!reached) co_return reached.error();
        if (*reached == Level::done || schema_changed_) break;
        outdated = *reached == Level::outdated ? outdated + 1 : 0;
    }
    auto clearing = clear_receipts();
    co_await std::move(clearing);
    if (!refused_.empty()) co_return refused_.begin()->second;
    if (missed_) co_return *missed_;
    co_return Result<void>{};
}

Result<QueuePlan> Pusher::plan()
{
    const std::chrono::seconds patience =
        std::exchange(cycle_.asked, false) ? std::chrono::seconds{0} : around_.options.backoff_most;
    auto queue = plan_queue(around_.store, around_.now(), patience);
    if (!queue) return queue.error();
    keep_back_unknown(queue->plan);
    keep_back_unheard(*queue);
    const Result<void> explained = explain(queue->plan, queue->live);
    if (!explained) return explained.error();
    return queue;
}

/// After a repair the columns of a table may not be known: what goes to it waits until they are read.
void Pusher::keep_back_unknown(PushPlan& plan)
{
    const auto unknown = [&](const RecordKey& key) {
        const auto table = around_.table(key.table);
        return !table || (*table)->table().columns.empty();
    };
    std::erase_if(plan.ready, [&](const PushUnit& unit) {
        const auto first = std::ranges::find_if(unit.records, unknown);
        if (first == unit.records.end()) return false;
        for (const localstore::Sequence change : unit.changes)
            plan.waiting.push_back(
                {change, "waits until the columns of " + first->table + " are read again"});
        return true;
    });
}

/// What changes a record of which nothing was heard in this cycle would go against an old version.
void Pusher::keep_back_unheard(QueuePlan& queue) const
{
    if (cycle_.unheard.empty()) return;
    std::map<localstore::Sequence, std::string> against_old;
    for (const localstore::Change& change : queue.live)
        if (change.kind != localstore::ChangeKind::create && cycle_.unheard.contains(change.key.table))
            against_old.emplace(change.sequence, change.key.table);
    std::erase_if(queue.plan.ready, [&](const PushUnit& unit) {
        const auto first =
            std::ranges::find_if(unit.changes, [&](auto change) { return against_old.contains(change); });
        if (first == unit.changes.end()) return false;
        for (const localstore::Sequence change : unit.changes)
            queue.plan.waiting.push_back(
                {change, "waits until the organization answers what changed in " + against_old.at(*first)});
        return true;
    });
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

/// The deletions of the whole queue are counted, in groups or not and whatever they wait for: so many
/// at once are asked about before the first of them goes (I9).
Task<Result<void>> Pusher::guard_deletes(QueuePlan& queue)
{
    std::map<std::string, std::uint64_t> made_here;
    std::map<std::string, std::set<localstore::Sequence>> hidden = deletions_;
    for (const localstore::Change& change : queue.live) {
        if (change.kind == localstore::ChangeKind::create) ++made_here[change.key.table];
        if (change.kind != localstore::ChangeKind::remove) continue;
        hidden[change.key.table].insert(change.sequence);
        if (change.state == localstore::ChangeState::queued)
            deletions_[change.key.table].insert(change.sequence);
    }
    for (const auto& [table, changes] : deletions_) {
        if (changes.size() < around_.options.mass_change_least || refused_.contains(table)) continue;
        const auto count = around_.store.count(table, std::nullopt);
        if (!count) co_return count.error();
        // The organization still has what is deleted here, and not yet what was made here.
        const std::uint64_t all = static_cast<std::uint64_t>(*count) + hidden[table].size();
        const std::uint64_t of =
            std::max<std::uint64_t>(changes.size(), all - std::min(all, made_here[table]));
        auto asking = absence_.ask(table, "delete", changes.size(), of, true);
        const Result<void> allowed = co_await std::move(asking);
        if (allowed) continue;
        if (allowed.error().code != mass_change_code) co_return allowed;
        refused_.emplace(table, allowed.error());
    }
    co_return keep_back(queue);
}

/// What a person should look at first leaves the plan and says why; everything else goes.
Result<void> Pusher::keep_back(QueuePlan& queue)
{
    if (refused_.empty()) return {};
    std::map<localstore::Sequence, const Error*> why;
    for (const localstore::Change& change : queue.live)
        if (const auto no = refused_.find(change.key.table);
            no != refused_.end() && change.kind == localstore::ChangeKind::remove)
            why.emplace(change.sequence, &no->second);
    std::map<localstore::Sequence, std::string> waiting;
    std::erase_if(queue.plan.ready, [&](const PushUnit& unit) {
        const auto deletes =
            std::ranges::find_if(unit.changes, [&](auto change) { return why.contains(change); });
        if (deletes == unit.changes.end()) return false;
        for (const localstore::Sequence change : unit.changes)
            waiting.emplace(change, why.at(*deletes)->message);
        return true;
    });
    if (waiting.empty()) return {};
    return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            for (const auto& [change, words] : waiting) {
                const Result<void> told = transaction.queue.wait(change, words, std::nullopt);
                if (!told) return told;
            }
            return {};
        });
}

/// No group may travel in two, and none of these can go whole: a person decides which of them is given up.
Result<void> Pusher::hold_stuck(const QueuePlan& queue)
{
    const auto& [sequence, on] = *queue.plan.stuck;
    const auto change = std::ranges::lower_bound(queue.live, sequence, {}, &localstore::Change::sequence);
    const std::string other = std::to_string(on.value);
    return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            const Result<void> held = set_aside(cycle_, transaction, *change,
                                                "its group waits for change " + other +
                                                    ", which waits for it, since a record that one of them "
                                                    "refers to was deleted in the organization: "
                                                    "discard or undo one of the two, then release the other");
            if (!held) return held;
            return transaction.journal.decide(
                cycle_.number, change->key, "group.stuck",
                "A group of your changes waits for change " + other +
                    ", which waits for it: a record that one of them refers to was deleted in the "
                    "organization. "
                    "Neither can go whole, so this one is held until you decide.",
                around_.now());
        });
}

Task<Result<Pusher::Level>> Pusher::push_level()
{
    auto planned = plan();
    if (!planned) co_return planned.error();
    const PushPlan& plan = planned->plan;
    if (plan.stuck) {
        const Result<void> held = hold_stuck(*planned);
        if (!held) co_return held.error();
        co_return Level::moved;
    }
    if (plan.next) next_attempt_ = std::min(next_attempt_.value_or(*plan.next), *plan.next);
    auto guarding = guard_deletes(*planned);
    const Result<void> guarded = co_await std::move(guarding);
    if (!guarded) co_return guarded.error();
    Level level = plan.ready.empty() ? Level::done : Level::outdated;
    std::size_t at = 0;
    while (at < plan.ready.size()) {
        if (around_.leaving) co_return stopped();
        const Guid request_id = around_.courier.request_id();
        auto batch = freeze(plan.ready, at, request_id, level);
        if (!batch) co_return batch.error();
        around_.progress("push", "", at, plan.ready.size());
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
    co_return level;
}

Result<std::vector<Pusher::Sent>> Pusher::freeze(const std::vector<PushUnit>& ready, std::size_t& at,
                                                 const Guid& id, Level& level)
{
    std::vector<Sent> batch;
    bool moved = false;
    std::size_t next = at;
    const Result<void> frozen = around_.store.transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            std::size_t room = localstore::most_steps;
            batch.clear();
            moved = false;
            next = at;
            while (next < ready.size() && batch.size() < around_.options.batch_changes) {
                auto drafted = draft(around_, cycle_, transaction, ready[next], id, room);
                if (!drafted) return drafted.error();
                if (std::holds_alternative<NoRoom>(*drafted)) break;
                ++next;
                moved = moved || !std::holds_alternative<Outdated>(*drafted);
                if (auto* made = std::get_if<Draft>(&*drafted)) {
                    room -= made->item.steps.size();
                    batch.push_back({std::move(*made)});
                }
            }
            return {};
        });
    if (!frozen) return frozen.error();
    at = next;
    if (moved) level = Level::moved;
    return batch;
}

} // namespace hawser::engine

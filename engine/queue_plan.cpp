#include "engine/queue_plan.h"

#include "localstore/net_effect.h"
#include "localstore/transaction.h"

#include <iterator>
#include <map>

namespace hawser::engine {

namespace {

constexpr std::size_t changes_a_page = 1'000;

Result<std::vector<localstore::Change>> live_changes(const localstore::Store& store)
{
    std::vector<localstore::Change> live;
    localstore::ChangeFilter filter;
    filter.limit = changes_a_page;
    for (;;) {
        auto page = store.changes(filter);
        if (!page) return page.error();
        const bool last = page->size() < filter.limit;
        if (!page->empty()) filter.after = page->back().sequence;
        live.insert(live.end(), std::make_move_iterator(page->begin()), std::make_move_iterator(page->end()));
        if (last) return live;
    }
}

/// What the open conflicts mask of the records that have live changes in groups: nothing else needs it.
Result<void> read_masks(localstore::Transaction& transaction, const std::vector<localstore::Change>& live,
                        std::map<RecordKey, localstore::ColumnSet>& masked)
{
    for (const localstore::Change& change : live) {
        if (change.group.value == 0 || masked.contains(change.key)) continue;
        const auto open = transaction.conflicts.open_of(change.key);
        if (!open) return open.error();
        localstore::ColumnSet& columns = masked[change.key];
        if (!*open) continue;
        auto state = transaction.records.state(change.key);
        if (!state) return state.error();
        columns = std::move(state->masked);
    }
    return {};
}

} // namespace

Result<QueuePlan> plan_queue(localstore::Store& store, Instant now, std::chrono::seconds patience)
{
    QueuePlan queue;
    const auto figures = store.queue_figures();
    if (!figures) return figures.error();
    if (figures->queued == 0) return queue;
    auto live = live_changes(store);
    if (!live) return live.error();
    queue.live = std::move(*live);
    std::vector<PlannedChange> planned;
    std::map<RecordKey, localstore::ColumnSet> masked;
    std::vector<localstore::Dependency> edges;
    const Result<void> read = store.transact(localstore::Durability::relaxed,
                                             [&](localstore::Transaction& transaction) -> Result<void> {
                                                 auto among = transaction.queue.waits_among(queue.live);
                                                 if (!among) return among.error();
                                                 edges = std::move(*among);
                                                 return read_masks(transaction, queue.live, masked);
                                             });
    if (!read) return read.error();
    for (const localstore::Change& change : queue.live) {
        const auto asked = masked.find(change.key);
        const bool waits = change.next_attempt && *change.next_attempt <= now + patience;
        planned.push_back({change.sequence, change.key, change.kind, change.state, change.group,
                           waits ? change.next_attempt : std::nullopt,
                           asked != masked.end() && localstore::is_masked(change, asked->second)});
    }
    queue.plan = plan_push(planned, edges, now);
    return queue;
}

} // namespace hawser::engine

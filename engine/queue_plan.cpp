#include "engine/queue_plan.h"

#include "localstore/transaction.h"

#include <iterator>

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
    std::vector<localstore::Sequence> sequences;
    for (const localstore::Change& change : queue.live) {
        const bool waits = change.next_attempt && *change.next_attempt <= now + patience;
        planned.push_back({change.sequence, change.key, change.kind, change.state, change.group,
                           waits ? change.next_attempt : std::nullopt});
        sequences.push_back(change.sequence);
    }
    std::vector<localstore::Dependency> edges;
    const Result<void> read = store.transact(localstore::Durability::relaxed,
                                             [&](localstore::Transaction& transaction) -> Result<void> {
                                                 auto among = transaction.queue.dependencies_among(sequences);
                                                 if (!among) return among.error();
                                                 edges = std::move(*among);
                                                 return {};
                                             });
    if (!read) return read.error();
    queue.plan = plan_push(planned, edges, now);
    return queue;
}

} // namespace hawser::engine

#include "engine/restored.h"

#include "engine/etag.h"

#include <algorithm>
#include <set>
#include <utility>

namespace hawser::engine {

namespace {

constexpr std::size_t receipts_looked_at = 100;

} // namespace

Result<bool> requeue_lost(CycleWork& cycle, localstore::Store& store, localstore::Transaction& transaction,
                          const RecordKey& key, std::optional<std::int64_t> version, Instant now)
{
    const auto receipts = store.receipts(key, receipts_looked_at);
    if (!receipts) return receipts.error();
    std::set<localstore::Sequence> lost;
    for (const localstore::Receipt& receipt : *receipts) {
        if (receipt.outcome != localstore::IntentOutcome::applied) continue;
        const auto written = version_of(receipt.etag);
        if (version && (!written || *written <= *version)) continue;
        lost.insert(receipt.changes.begin(), receipt.changes.end());
    }
    for (const localstore::Sequence change : lost) {
        const auto again = transaction.queue.requeue_held(
            change, "the organization was restored from an older copy and no longer has this", now);
        if (!again) return again.error();
    }
    if (lost.empty()) return false;
    const Result<void> decided = transaction.journal.decide(
        cycle.number, key, "restored",
        "The organization was restored from an older copy that lacks what had been sent. The changes are "
        "queued again and held: release the ones that should be sent once more.",
        now);
    if (!decided) return decided.error();
    return true;
}

Result<void> note_restored(CycleWork& cycle, localstore::Transaction& transaction, const std::string& why,
                           Instant now)
{
    if (std::exchange(cycle.restored, true)) return {};
    return transaction.journal.decide(cycle.number, {}, "restored",
                                      "The organization seems to have been restored from an older copy: " +
                                          why + ". Everything is compared again; nothing is deleted.",
                                      now);
}

} // namespace hawser::engine

#include "engine/restored.h"

#include "engine/diagnosis.h"
#include "engine/etag.h"

#include <algorithm>
#include <set>
#include <utility>

namespace hawser::engine {

Result<bool> requeue_lost(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                          std::optional<std::int64_t> version, Instant now)
{
    const auto state = transaction.records.state(key);
    if (!state) return state.error();
    // What came before a deletion that still waits here is part of what was deleted.
    if (state->deletes()) return false;
    const auto arrivals = transaction.queue.arrivals(key);
    if (!arrivals) return arrivals.error();
    std::set<localstore::Sequence> lost;
    for (const localstore::Receipt& receipt : *arrivals) {
        const auto written = version_of(receipt.etag);
        if (version && (!written || *written <= *version)) continue;
        lost.insert(receipt.changes.begin(), receipt.changes.end());
    }
    if (lost.empty()) return false;
    const auto queued = transaction.queue.requeue_held(
        key, lost, "the organization was restored from an older copy and no longer has this", cycle.number,
        now);
    if (!queued) return queued.error();
    const std::string rest =
        *queued == lost.size()
            ? std::string()
            : " " + std::to_string(lost.size() - *queued) +
                  " of them ended otherwise, or were edited again since, and stay as they are.";
    const Result<void> decided = transaction.journal.decide(
        cycle.number, key, "restored",
        "The organization was restored from an older copy that lacks what had been sent. The changes are "
        "queued again and held: release the ones that should be sent once more." +
            rest,
        now);
    if (!decided) return decided.error();
    return true;
}

Result<void> look_for_restored(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                               const std::string& read_etag, Instant now)
{
    const auto state = transaction.records.state(key);
    if (!state) return state.error();
    const std::string& held_etag = state->shadow ? state->shadow->etag : state->etag;
    return look_for_restored(cycle, transaction, key, held_etag, read_etag, now);
}

Result<void> look_for_restored(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                               const std::string& held_etag, const std::string& read_etag, Instant now)
{
    if (!is_older_than(read_etag, held_etag)) return {};
    const auto held = version_of(held_etag);
    const auto read = version_of(read_etag);
    Result<void> noted =
        note_restored(cycle, transaction,
                      "it holds version " + std::to_string(*read) + " of " + key.table + " " + key.id.text() +
                          ", and version " + std::to_string(*held) + " was here before",
                      now);
    if (noted) noted = transaction.journal.set_setting(compare_first_setting, "1");
    if (!noted) return noted;
    const auto again = requeue_lost(cycle, transaction, key, *read, now);
    if (!again) return again.error();
    return {};
}

Result<void> note_restored(CycleWork& cycle, localstore::Transaction& transaction, const std::string& why,
                           Instant now)
{
    if (std::exchange(cycle.restored, true)) return {};
    const Result<void> kept = transaction.journal.set_setting(restored_setting, "1");
    if (!kept) return kept;
    return transaction.journal.decide(cycle.number, {}, "restored",
                                      "The organization seems to have been restored from an older copy: " +
                                          why + ". Everything is compared again; nothing is deleted.",
                                      now);
}

} // namespace hawser::engine

#include "engine/restored.h"

#include "engine/diagnosis.h"
#include "engine/etag.h"
#include "engine/idle_edits.h"

#include <algorithm>
#include <set>
#include <utility>

namespace hawser::engine {

namespace {

std::string sentence_of(const localstore::Requeued& done, std::size_t lost, localstore::Lacking lacking)
{
    std::string text = "The organization was restored from an older copy that lacks what had been sent.";
    if (done.queued > 0)
        text += " " + std::to_string(done.queued) + " of " + std::to_string(lost) +
                " changes are queued again and held: release the ones that should be sent once more.";
    if (done.covered > 0 && lacking == localstore::Lacking::record)
        text += " What still waits here makes the record again, with all that is here of it; if you give "
                "that up, " +
                std::to_string(done.covered) + " changes are queued again and held.";
    if (done.covered > 0 && lacking == localstore::Lacking::values)
        text += " Edits that still wait here say " + std::to_string(done.covered) +
                " of them as well, or more; what they say is queued again if you give up those edits.";
    if (done.queued == 0 && done.covered == 0)
        text += " Nothing is left of it to be sent again: it was taken back, deleted, or decided otherwise.";
    return text;
}

} // namespace

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
    const localstore::Loss loss{"the organization was restored from an older copy and no longer has this",
                                version ? localstore::Lacking::values : localstore::Lacking::record,
                                cycle.number, now};
    const auto done = transaction.queue.requeue_held(key, lost, loss);
    if (!done) return done.error();
    const Result<void> decided = transaction.journal.decide(
        cycle.number, key, "restored", sentence_of(*done, lost.size(), loss.lacking), now);
    if (!decided) return decided.error();
    return done->queued > 0;
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
    if (noted) noted = transaction.journal.set_setting(localstore::compare_first_setting, "1");
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

Result<void> say_again(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                       const Fields& theirs, const conflict::Policy& policy, conflict::Plan& plan,
                       Instant now)
{
    const Result<void> queued = transaction.queue.requeue_covered(key, now);
    if (!queued) return queued;
    const auto state = transaction.records.state(key);
    if (!state) return state.error();
    for (conflict::Contested& one : met(*state, theirs, policy)) {
        const auto known = std::ranges::find(plan.contested, one.column, &conflict::Contested::column);
        if (known != plan.contested.end()) continue;
        const Result<void> told =
            transaction.journal.decide(cycle.number, key, "merge.ask",
                                       "Both sides changed " + one.column + ": a person has to choose.", now);
        if (!told) return told;
        plan.contested.push_back(std::move(one));
    }
    return {};
}

} // namespace hawser::engine

#include "engine/copied.h"
#include "engine/intent_records.h"
#include "engine/push.h"
#include "engine/reconcile.h"
#include "engine/restored.h"
#include "localstore/transaction.h"

#include <algorithm>

namespace hawser::engine {

namespace {

constexpr const char* said_already =
    "The organization refused the change as outdated, and has it already: the network repeated the request, "
    "or the same was done there.";
constexpr const char* not_shown =
    "The organization refused the change as outdated and did not show the record: perhaps it had the change "
    "already. The record is read again before anything of it is sent.";

std::string words_of(const localstore::Intent& intent)
{
    const auto said =
        std::ranges::find_if(intent.steps, [](const auto& step) { return !step.answer.empty(); });
    return said == intent.steps.end() ? "outdated" : said->answer;
}

} // namespace

std::optional<Instant> Pusher::rest_of(const RecordKey& key) const
{
    const auto tried = attempts_.find(key);
    if (tried == attempts_.end()) return std::nullopt;
    if (tried->second < static_cast<int>(around_.options.attempts_a_cycle)) return std::nullopt;
    return around_.now() + around_.options.backoff_most;
}

/// Of what is made again, the whole body is sent: only its edits tell what was there.
Result<std::map<RecordKey, Fields>> Pusher::before(localstore::Transaction& transaction,
                                                   const Draft& draft) const
{
    std::map<RecordKey, Fields> all;
    for (const Draft::Part& part : draft.parts) {
        const auto state = transaction.records.state(part.key);
        if (!state) return state.error();
        if (!state->shadow || state->shadow->remote == localstore::Remote::deleted) continue;
        const bool present = state->shadow->remote == localstore::Remote::present;
        all.emplace(part.key, present ? state->shadow->fields : Fields{});
    }
    return all;
}

Result<void> Pusher::settle_outdated(localstore::Transaction& transaction, const Draft& draft,
                                     const Read& read, Reading reading)
{
    const auto intent = transaction.intents.get(draft.intent);
    if (!intent) return intent.error();
    const auto former = before(transaction, draft);
    if (!former) return former.error();
    const auto deleted = deleted_since(state_in(transaction), *intent, read);
    if (!deleted) return deleted.error();
    const Judgement judgement = judge_outdated(*intent, read, *former, reading,
                                               {{}, *deleted, {}, {}, is_shared(around_.store, *intent)});
    if (judgement.kind == Judgement::Kind::ask_again) {
        missed_ = Error{ErrorKind::retry, "server.unavailable",
                        "the organization refused a change as outdated and did not show the record; it will "
                        "be asked again"};
        return explain(transaction, draft, "unknown", not_shown);
    }
    Result<void> done{};
    if (judgement.kind == Judgement::Kind::applied) {
        done = explain(transaction, draft, "unknown", said_already);
        return done ? acknowledge_read(transaction, draft, read) : done;
    }
    if (judgement.kind == Judgement::Kind::indeterminate)
        done = ask_about(transaction, draft, judgement, read);
    else
        done = transaction.intents.conflict(draft.intent, words_of(*intent), cycle_.number, around_.now());
    // Of what may have been made whole and was deleted in part since.
    const bool in_part = judgement.kind == Judgement::Kind::not_applied && reading == Reading::late;
    for (std::size_t i = 0; done && in_part && i < draft.parts.size() && i < read.size(); ++i)
        done = settle_part_shown(transaction, *intent, draft.parts[i], read[i].second);
    for (std::size_t i = 0; done && i < draft.parts.size() && i < read.size(); ++i)
        done = decide_anew(transaction, draft.parts[i], read[i].second);
    return done;
}

Result<void> Pusher::drop_overtaken(localstore::Transaction& transaction,
                                    const localstore::RecordState& state, const Found& found) const
{
    if (!state.staged) return {};
    const bool overtaken = state.staged->copy ? found.presence == Found::Presence::absent
                                              : found.presence == Found::Presence::present;
    return overtaken ? transaction.records.drop_staged(state.key) : Result<void>{};
}

Result<void> Pusher::decide_anew(localstore::Transaction& transaction, const Draft::Part& part,
                                 const Found& found)
{
    const auto state = transaction.records.state(part.key);
    if (!state) return state.error();
    // It left with what was settled of it.
    if (!state->known) return {};
    const auto until = rest_of(part.key);
    RemoteWord word;
    switch (found.presence) {
    case Found::Presence::present:
        word = {conflict::Presence::present, found.etag, found.fields, {}};
        break;
    case Found::Presence::absent:
        word.presence = conflict::Presence::deleted;
        // A pull brought it since: somebody deleted what came of it.
        word.tombstone = state->staged && state->staged->copy;
        break;
    case Found::Presence::no_access:
        return rest(transaction, part.key, around_.now() + around_.options.backoff_most,
                    "the organization refused it as outdated and does not let you read the record; tried "
                    "again later");
    case Found::Presence::no_answer:
        return {};
    }
    if (const Result<void> dropped = drop_overtaken(transaction, *state, found); !dropped) return dropped;
    if (found.presence == Found::Presence::present) {
        const Result<void> looked =
            look_for_restored(cycle_, transaction, part.key, found.etag, around_.now());
        if (!looked) return looked;
    }
    const Result<void> done =
        reconcile_record(cycle_, transaction, *part.table, part.key, word, around_.now());
    if (!done || !until) return done;
    return rest(transaction, part.key, *until, "others keep changing the record; tried again later");
}

/// The record's changes wait until then, with the reason.
Result<void> Pusher::rest(localstore::Transaction& transaction, const RecordKey& key, Instant until,
                          const std::string& why)
{
    next_attempt_ = std::min(next_attempt_.value_or(until), until);
    const Result<void> decided = transaction.journal.decide_once(
        cycle_.number, key, "retry", "The change waits: " + why + ".", around_.now());
    if (!decided) return decided;
    const auto state = transaction.records.state(key);
    if (!state) return state.error();
    for (const localstore::Change& change : state->live) {
        if (change.state != localstore::ChangeState::queued) continue;
        const Result<void> waits = transaction.queue.wait(change.sequence, why, until);
        if (!waits) return waits;
    }
    return {};
}

} // namespace hawser::engine

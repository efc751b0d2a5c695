#include "engine/copied.h"
#include "engine/intent_records.h"
#include "engine/judge.h"
#include "engine/push.h"
#include "engine/reconcile.h"
#include "engine/set_aside.h"
#include "localstore/transaction.h"

#include <algorithm>
#include <iterator>

namespace hawser::engine {

namespace {

using localstore::StepKind;
using localstore::StepState;

/// Readings and resendings of what stays unknown; beyond that it waits for the next cycle.
constexpr int most_recoveries = 4;
/// Open intents whose records are read together: one reading that fails leaves the others.
constexpr std::size_t intents_a_reading = 100;

/// No request is on its way for longer; the organization itself ends one after minutes.
constexpr std::chrono::hours longest_way{1};

constexpr const char* had_been_applied =
    "The organization had applied the change whose answer was lost; it is not sent again.";
constexpr const char* took_no_effect =
    "The request whose answer was lost took no effect and can take none any "
    "more: the change is decided about anew.";
constexpr const char* deleted_unheard =
    "The answer to the change was lost, and a record of it is not in the organization: it may have been "
    "applied, and that record deleted since. It waits until you release or discard it.";
constexpr std::string_view why_deleted_unheard = "it may already have been applied, and a record of it "
                                                 "deleted in the organization since; release it to make that "
                                                 "record again, or discard it";
constexpr const char* not_wanted_any_more =
    "The deletion whose answer was lost took no effect and was undone here since: it is not sent again.";
constexpr const char* sent_as_it_was = "The organization does not show the change whose answer was lost: the "
                                       "very same request is sent again, so "
                                       "that only one of the two can take effect.";
constexpr const char* nobody_can_tell =
    "The answer to the change was lost, and the record has changed since: it may already have been applied. "
    "Nothing is sent again until you choose.";
constexpr const char* nobody_can_tell_of_deleted =
    "The answer to the change was lost, and the record has changed since: it may already have been applied. "
    "You deleted the record here later, so the change waits with that until you release or discard it.";
constexpr std::string_view why_deleted_here = "it may already have been applied, and you deleted the record "
                                              "here later: release it to send it again, or "
                                              "discard it";
constexpr const char* refused_unseen =
    "the organization refused it as outdated, and you may not read what it is about, so that nobody can tell "
    "from here what to make of it: send it again once you may, or discard it";
constexpr const char* without_receipt =
    "the answer to the change was lost, and what proves it may have been removed by the installation that "
    "this "
    "replica is a copy of: it may already have been applied, and nobody can tell from here";
constexpr const char* unreadable_receipt = "the answer to the change was lost, and you may no longer read "
                                           "the note that proves it: it may already have been "
                                           "applied, and nobody can tell from here";
constexpr const char* unreadable =
    "the answer to the change was lost, and you may no longer read the record: it may already have been "
    "applied, and nobody can tell from here";

bool has_receipt(const localstore::Intent& intent)
{
    return std::ranges::any_of(intent.steps, [](const auto& step) { return step.kind == StepKind::receipt; });
}

bool all_applied(const localstore::Intent& intent)
{
    return std::ranges::all_of(intent.steps, [](const localstore::IntentStep& step) {
        return step.state == StepState::answered && step.status >= 200 && step.status < 300;
    });
}

std::vector<RecordKey> records_of(const localstore::Intent& intent)
{
    std::vector<RecordKey> keys;
    for (const localstore::IntentStep& step : intent.steps)
        if (step.kind != StepKind::receipt && std::ranges::find(keys, step.key) == keys.end())
            keys.push_back(step.key);
    return keys;
}

bool no_access_in(const std::vector<std::pair<RecordKey, Found>>& found)
{
    return std::ranges::any_of(
        found, [](const auto& one) { return one.second.presence == Found::Presence::no_access; });
}

bool no_answer_in(const std::vector<std::pair<RecordKey, Found>>& found, const std::optional<Found>& receipt)
{
    const auto none = [](const Found& seen) { return seen.presence == Found::Presence::no_answer; };
    return std::ranges::any_of(found, [&](const auto& one) { return none(one.second); }) ||
           (!found.empty() && receipt && none(*receipt));
}

} // namespace

Task<Result<void>> Pusher::recover()
{
    for (int round = 0; round < most_recoveries; ++round) {
        auto open = around_.store.open_intents();
        if (!open) co_return open.error();
        std::erase_if(*open, [](const localstore::Intent& intent) {
            return intent.destination != localstore::Destination::organization;
        });
        if (open->empty()) break;
        if (around_.leaving) co_return stopped();
        std::vector<Sent> again;
        for (std::size_t at = 0; at < open->size(); at += intents_a_reading) {
            const auto from = open->begin() + static_cast<std::ptrdiff_t>(at);
            const std::size_t count = std::min(intents_a_reading, open->size() - at);
            const auto end = from + static_cast<std::ptrdiff_t>(count);
            auto judging = judge_open({from, end});
            auto some = co_await std::move(judging);
            if (!some && ends_the_cycle(some.error())) co_return some.error();
            if (!some) {
                missed_ = some.error();
                continue;
            }
            std::ranges::move(*some, std::back_inserter(again));
        }
        if (again.empty()) break;
        const Guid request_id = around_.courier.request_id();
        const Result<void> begun = around_.store.transact(
            localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
                for (const Sent& sent : again) {
                    const auto attempt =
                        transaction.intents.begin_attempt(sent.draft.intent, request_id, around_.now());
                    if (!attempt) return attempt.error();
                    const Result<void> explained =
                        explain(transaction, sent.draft, "unknown", sent_as_it_was);
                    if (!explained) return explained;
                }
                return {};
            });
        if (!begun) co_return begun;
        auto sending = send(std::move(again), request_id);
        const Result<void> sent = co_await std::move(sending);
        if (!sent) co_return sent;
    }
    recover_now_ = false;
    co_return reconcile_staged(around_, cycle_);
}

Task<Result<std::vector<Pusher::Sent>>> Pusher::judge_open(std::vector<localstore::Intent> open)
{
    std::vector<ReadBack> reads;
    for (const localstore::Intent& intent : open) {
        for (const RecordKey& key : records_of(intent)) {
            const auto table = around_.table(key.table);
            if (!table) co_return table.error();
            reads.push_back({key, *table});
        }
        if (has_receipt(intent)) reads.push_back({{"annotation", intent.id}, nullptr});
    }
    auto reading = read_back(around_, std::move(reads));
    const Result<std::vector<Found>> all = co_await std::move(reading);
    if (!all) co_return all.error();
    std::vector<Sent> again;
    std::size_t at = 0;
    for (const localstore::Intent& intent : open) {
        std::vector<std::pair<RecordKey, Found>> found;
        for (const RecordKey& key : records_of(intent)) found.emplace_back(key, (*all)[at++]);
        std::optional<Found> receipt;
        if (has_receipt(intent)) receipt = (*all)[at++];
        const auto resend = settle_judged(intent, found, receipt);
        if (!resend) co_return resend.error();
        if (!*resend) continue;
        auto draft = draft_of(around_, intent);
        if (!draft) co_return draft.error();
        again.push_back({std::move(*draft), true});
    }
    co_return again;
}

/// Whether the very same request was refused, and its records are still as it was meant for: neither it nor
/// its first attempt took effect, and one more repeat ends like the last. The first attempt can still arrive
/// late, when its condition stops whatever has happened since. What adds to a value would add twice: its
/// receipt alone stops it, so that it is repeated for as long as anything can be on its way.
bool Pusher::is_refused_for_good(const localstore::Intent& intent) const
{
    if (!repeats_refused_.contains(intent.id) || intent.attempts.empty()) return false;
    return !has_receipt(intent) || around_.now() - intent.attempts.front().at >= longest_way;
}

/// The records that the intent makes whose deletion since would not have been told: deletions come by token, for as
/// long as no round begins from the start.
Result<std::set<RecordKey>> Pusher::untold(const localstore::Intent& intent) const
{
    // Hardly anybody deletes between two requests.
    if (intent.cycle == cycle_.number || intent.attempts.empty()) return std::set<RecordKey>{};
    const Instant since = intent.attempts.front().at;
    const auto scopes = around_.store.scopes();
    if (!scopes) return scopes.error();
    std::set<std::string> telling;
    for (const localstore::Scope& scope : *scopes) {
        const auto checkpoint = around_.store.checkpoint(scope.number, localstore::Lane::pull);
        if (!checkpoint) return checkpoint.error();
        const bool heard = checkpoint->finished_at && *checkpoint->finished_at > since;
        const bool from_the_start = checkpoint->full_finished_at && *checkpoint->full_finished_at > since;
        if (!checkpoint->token.empty() && heard && !from_the_start) telling.insert(scope.table);
    }
    std::set<RecordKey> keys;
    for (const localstore::IntentStep& step : intent.steps)
        if (step.kind == localstore::StepKind::create && !telling.contains(step.key.table))
            keys.insert(step.key);
    return keys;
}

/// That a sum, or joined lines, say what was sent proves nothing without a receipt.
bool Pusher::is_proven_by_values(const localstore::Intent& intent) const
{
    return std::ranges::none_of(intent.steps, [&](const localstore::IntentStep& step) {
        const auto table = around_.table(step.key.table);
        return table && std::ranges::any_of(step.sent, [&](const auto& member) {
                   const conflict::Rule rule = (*table)->rules->policy.rule_of(member.first);
                   return rule == conflict::Rule::add || rule == conflict::Rule::text;
               });
    });
}

/// What became of an intent without an answer, as far as what was read and what the replica knows tell.
Result<Judgement> Pusher::judged(const localstore::Intent& intent, const Read& found,
                                 const std::optional<Found>& receipt) const
{
    const StateOf state_of = [&](const RecordKey& key) { return around_.store.state(key); };
    const auto known_before = revived(state_of, intent, found, around_.store.binding().user);
    if (!known_before) return known_before.error();
    const auto compared = as_shown(state_of, intent, found);
    if (!compared) return compared.error();
    const auto deleted = deleted_since(state_of, intent, found);
    if (!deleted) return deleted.error();
    const auto made_since = reborn(state_of, intent, found);
    if (!made_since) return made_since.error();
    const auto unheard = untold(intent);
    if (!unheard) return unheard.error();
    const bool proves_nothing =
        receipt && (receipt->presence == Found::Presence::no_access ||
                    (receipt->presence == Found::Presence::absent && is_from_another(around_.store, intent)));
    Judgement judgement = judge(*compared, found, proves_nothing ? std::optional<Found>() : receipt,
                                {.revived = *known_before,
                                 .deleted = *deleted,
                                 .reborn = *made_since,
                                 .untold = *unheard,
                                 .shared = is_shared(around_.store, intent)});
    if (proves_nothing && judgement.kind == Judgement::Kind::applied && !is_proven_by_values(intent))
        return Judgement{Judgement::Kind::out_of_reach, {}};
    if (judgement.kind == Judgement::Kind::indeterminate) {
        auto edited = edited_of(state_of, intent, std::move(judgement.columns));
        if (!edited) return edited.error();
        judgement.columns = std::move(*edited);
        if (judgement.columns.empty()) judgement = {Judgement::Kind::applied, {}};
    }
    if (all_applied(intent) && all_answered(found)) judgement = {Judgement::Kind::applied, {}};
    if (judgement.kind != Judgement::Kind::resend) return judgement;
    const auto taken_back = is_taken_back(state_of, intent);
    if (!taken_back) return taken_back.error();
    if (!*taken_back && !is_refused_for_good(intent)) return judgement;
    // Decided about anew, what cannot be compared would only be sent and refused again.
    const bool unseen = has_receipt(intent) && repeats_refused_.contains(intent.id) && no_access_in(found);
    judgement.kind = *taken_back ? Judgement::Kind::taken_back
                     : unseen    ? Judgement::Kind::out_of_reach
                                 : Judgement::Kind::not_applied;
    return judgement;
}

Result<bool> Pusher::settle_judged(const localstore::Intent& intent, const Read& found,
                                   const std::optional<Found>& receipt)
{
    const auto draft = draft_of(around_, intent);
    if (!draft) return draft.error();
    const auto settle = [&](const auto& verb) -> Result<bool> {
        const Result<void> settled = around_.store.transact(localstore::Durability::relaxed, verb);
        if (!settled) return settled.error();
        return false;
    };
    if (is_outdated(intent))
        return settle([&](localstore::Transaction& transaction) {
            return settle_outdated(transaction, *draft, found, Reading::late);
        });
    const auto judgement = judged(intent, found, receipt);
    if (!judgement) return judgement.error();
    if (judgement->kind == Judgement::Kind::resend) return true;
    if (judgement->kind != Judgement::Kind::ask_again)
        return settle([&](localstore::Transaction& transaction) {
            return settle_as(transaction, intent, *draft, *judgement, found);
        });
    if (!no_answer_in(found, receipt)) return false;
    const RecordKey& key = found.front().first;
    missed_ = Error{ErrorKind::retry, "server.unavailable",
                    "the organization gave no usable answer about " + key.table + " " + key.id.text() +
                        ", whose last change it may have applied; it will be asked again"};
    return false;
}

Result<void> Pusher::ask_about(localstore::Transaction& transaction, const Draft& draft,
                               const Judgement& judgement, const Read& read)
{
    const auto deleted = any_deleted_here(transaction, judgement.columns);
    if (!deleted) return deleted.error();
    const auto intent = transaction.intents.get(draft.intent);
    if (!intent) return intent.error();
    const auto unmade = is_unmade(state_in(transaction), *intent, read);
    if (!unmade) return unmade.error();
    // Kept back, what is there would count as never made. So the deletion meets it like any other.
    if (*unmade) {
        const Result<void> told = explain(transaction, draft, "unknown", had_been_applied);
        return told ? acknowledge_read(transaction, draft, read) : told;
    }
    if (*deleted) return keep_with_deletion(transaction, *intent, draft, read);
    ++cycle_.figures.conflicts;
    Result<void> done = explain(transaction, draft, "unknown", nobody_can_tell);
    if (done)
        done = transaction.intents.indeterminate(draft.intent, judgement.columns, nobody_can_tell,
                                                 cycle_.number, around_.now());
    for (std::size_t i = 0; done && i < draft.parts.size() && i < read.size(); ++i)
        done = settle_part_shown(transaction, *intent, draft.parts[i], read[i].second);
    return done;
}

Result<bool> Pusher::any_deleted_here(localstore::Transaction& transaction,
                                      const std::vector<localstore::Indeterminate>& records) const
{
    for (const localstore::Indeterminate& record : records) {
        const auto state = transaction.records.state(record.key);
        if (!state) return state.error();
        if (state->deletes() && state->live.back().state != localstore::ChangeState::in_flight) return true;
    }
    return false;
}

/// A question about columns of a record that its person deleted since would be about nothing they see.
Result<void> Pusher::keep_with_deletion(localstore::Transaction& transaction,
                                        const localstore::Intent& intent, const Draft& draft,
                                        const Read& read)
{
    const auto in_state = [&](localstore::ChangeState wanted) -> Result<std::vector<localstore::Change>> {
        std::vector<localstore::Change> found;
        for (const Draft::Part& part : draft.parts) {
            const auto state = transaction.records.state(part.key);
            if (!state) return state.error();
            std::ranges::copy_if(state->live, std::back_inserter(found),
                                 [&](const localstore::Change& change) { return change.state == wanted; });
        }
        return found;
    };
    const auto sent = in_state(localstore::ChangeState::in_flight);
    if (!sent) return sent.error();
    Result<void> done = explain(transaction, draft, "unknown", nobody_can_tell_of_deleted);
    if (done)
        done = transaction.intents.conflict(draft.intent, "its answer was lost and its record deleted here",
                                            cycle_.number, around_.now());
    for (std::size_t i = 0; done && i < draft.parts.size() && i < read.size(); ++i)
        done = settle_part_shown(transaction, intent, draft.parts[i], read[i].second);
    if (!done) return done;
    const auto waiting = in_state(localstore::ChangeState::queued);
    if (!waiting) return waiting.error();
    for (const localstore::Change& change : *waiting) {
        const bool was_sent =
            std::ranges::any_of(*sent, [&](const auto& one) { return one.sequence == change.sequence; });
        if (done && was_sent) done = set_aside(cycle_, transaction, change, why_deleted_here);
    }
    return done;
}

Result<void> Pusher::settle_as(localstore::Transaction& transaction, const localstore::Intent& intent,
                               const Draft& draft, const Judgement& judgement, const Read& found)
{
    if (judgement.kind == Judgement::Kind::out_of_reach)
        return park(transaction, draft, Parked::unprovable,
                    no_access_in(found)
                        ? (repeats_refused_.contains(intent.id) ? refused_unseen : unreadable)
                        : (is_from_another(around_.store, intent) ? without_receipt : unreadable_receipt));
    const bool applied = judgement.kind == Judgement::Kind::applied;
    const bool taken_back = judgement.kind == Judgement::Kind::taken_back;
    const bool not_applied = taken_back || judgement.kind == Judgement::Kind::not_applied;
    const bool deleted = judgement.kind == Judgement::Kind::deleted_since;
    Result<void> done{};
    // With an answer on record only the read was missing.
    if (applied && !all_applied(intent)) done = explain(transaction, draft, "unknown", had_been_applied);
    if (not_applied)
        done = explain(transaction, draft, "unknown", taken_back ? not_wanted_any_more : took_no_effect);
    if (deleted) done = explain(transaction, draft, "unknown", deleted_unheard);
    if (done && applied) return acknowledge_read(transaction, draft, found);
    if (done && not_applied) {
        for (const Draft::Part& part : draft.parts) bump(part.key);
        done = transaction.intents.conflict(intent.id, "the lost request took no effect", cycle_.number,
                                            around_.now());
    } else if (done && deleted) {
        done = transaction.intents.conflict(intent.id, "a record of it was gone before its answer was known",
                                            cycle_.number, around_.now());
        for (std::size_t i = 0; done && i < draft.parts.size() && i < found.size(); ++i)
            done = settle_part_shown(transaction, intent, draft.parts[i], found[i].second);
    } else if (done) {
        done = ask_about(transaction, draft, judgement, found);
    }
    for (std::size_t i = 0; done && i < draft.parts.size() && i < found.size(); ++i)
        done = decide_anew(transaction, draft.parts[i], found[i].second);
    return done && deleted ? hold_sent(transaction, intent, draft) : done;
}

/// Later edits wait behind what was sent.
Result<void> Pusher::hold_sent(localstore::Transaction& transaction, const localstore::Intent& intent,
                               const Draft& draft)
{
    for (const Draft::Part& part : draft.parts) {
        const auto state = transaction.records.state(part.key);
        if (!state) return state.error();
        for (const localstore::Change& change : state->live) {
            const bool was_sent = covers(intent, change.sequence);
            if (!was_sent || change.state != localstore::ChangeState::queued) continue;
            const Result<void> held = set_aside(cycle_, transaction, change, why_deleted_unheard);
            if (!held) return held;
        }
    }
    return {};
}

} // namespace hawser::engine

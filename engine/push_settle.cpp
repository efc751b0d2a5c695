#include "engine/push.h"
#include "engine/reconcile.h"
#include "engine/restored.h"
#include "localstore/transaction.h"
#include "transport/dataverse/outcome.h"
#include "transport/dataverse/pull.h"
#include "transport/dataverse/write.h"

#include <algorithm>
#include <utility>

namespace hawser::engine {

namespace {

using localstore::Acknowledged;
using localstore::StepKind;
using localstore::StepState;

std::vector<dataverse::Step> steps_of(const Draft& draft, const Draft::Part& part)
{
    std::vector<dataverse::Step> steps;
    for (const std::size_t step : part.steps) steps.push_back(draft.item.steps[step]);
    return steps;
}

/// The part's copy as its last representation tells it; empty when only a read can tell.
std::optional<Acknowledged> copy_in(const Draft& draft, const Draft::Part& part,
                                    const dataverse::ItemAnswer& item)
{
    if (part.kind == StepKind::remove) return Acknowledged{part.key, {}, std::nullopt};
    if (dataverse::needs_read_back(part.table->table(), steps_of(draft, part))) return std::nullopt;
    const std::size_t last = part.steps.back();
    if (last >= item.answers.size()) return std::nullopt;
    const Collection* parties = part.parties ? &*part.parties : nullptr;
    const auto found = found_in(*part.table, item.answers[last].body, parties);
    if (!found) return std::nullopt;
    return Acknowledged{part.key, found->etag, found->fields};
}

/// Receipt rows are notes; another refusal is about the record itself.
bool speaks_of_notes(const dataverse::Outcome& outcome)
{
    return outcome.text.find("annotation") != std::string::npos ||
           outcome.text.find("Note") != std::string::npos;
}

std::string words_of(const dataverse::Outcome& outcome)
{
    if (!outcome.text.empty()) return outcome.text;
    return "the organization answered " + std::to_string(outcome.status);
}

} // namespace

Result<Pusher::Follow> Pusher::settle(localstore::Transaction& transaction, const Sent& sent,
                                      const dataverse::ItemAnswer& item, const dataverse::Outcome& outcome)
{
    using Kind = dataverse::Outcome::Kind;
    const auto then = [](const Result<void>& done, Follow follow) -> Result<Follow> {
        if (!done) return done.error();
        return follow;
    };
    switch (outcome.kind) {
    case Kind::applied:
    case Kind::not_modified:
        return settle_applied(transaction, sent, item);
    case Kind::conflict:
    case Kind::exists:
    case Kind::gone: {
        // The answer to a repeat may be about our own first attempt, and a network may repeat what we
        // sent once: only a read can tell, and a counter must not be added twice.
        if (sent.resent) repeats_refused_.insert(sent.draft.intent);
        if (sent.resent || sent.draft.receipt) return then(store_unknown(transaction, sent), Follow::recover);
        for (const Draft::Part& part : sent.draft.parts) bump(part.key);
        return then(store_outdated(transaction, sent, outcome), Follow::decide_anew);
    }
    case Kind::access:
        if (sent.draft.receipt && !sent.resent && speaks_of_notes(outcome))
            return then(give_up_receipts(transaction, sent, words_of(outcome)), Follow::nothing);
        [[fallthrough]];
    case Kind::refused:
    case Kind::column_access:
        return then(park(transaction, sent.draft, Parked::refused, words_of(outcome)), Follow::nothing);
    case Kind::schema_changed:
        schema_changed_ = true;
        [[fallthrough]];
    case Kind::throttled:
    case Kind::retry:
    case Kind::not_run:
    case Kind::sign_in:
    case Kind::stop:
    case Kind::rebaseline:
        // A repeat that was not carried out leaves the end of the first attempt as open as it was.
        if (sent.resent) return then(store_unknown(transaction, sent), Follow::nothing);
        return then(settle_later(transaction, sent, outcome), Follow::nothing);
    case Kind::intercepted:
    case Kind::unknown:
        return then(store_unknown(transaction, sent), Follow::recover);
    }
    return Follow::nothing;
}

Result<Pusher::Follow> Pusher::settle_applied(localstore::Transaction& transaction, const Sent& sent,
                                              const dataverse::ItemAnswer& item)
{
    std::vector<Acknowledged> copies;
    for (const Draft::Part& part : sent.draft.parts) {
        auto copy = copy_in(sent.draft, part, item);
        if (!copy) break;
        copies.push_back(std::move(*copy));
    }
    if (copies.size() == sent.draft.parts.size()) {
        const Result<void> done = acknowledge(transaction, sent.draft, copies);
        if (!done) return done.error();
        return Follow::nothing;
    }
    for (std::size_t i = 0; i < sent.draft.item.steps.size(); ++i) {
        const std::string etag =
            i < item.answers.size() ? dataverse::etag_of(item.answers[i]) : std::string();
        const localstore::StepAnswer answer{static_cast<int>(i), StepState::answered, 204, etag, {}};
        const Result<void> kept = transaction.intents.store_answer(sent.draft.intent, answer);
        if (!kept) return kept.error();
    }
    return Follow::read_back;
}

Result<void> Pusher::park(localstore::Transaction& transaction, const Draft& draft, Parked why,
                          const std::string& words)
{
    cycle_.figures.refused += draft.unit.changes.size();
    const Result<void> parked =
        why == Parked::refused
            ? transaction.intents.refused(draft.intent, words, cycle_.number, around_.now())
            : transaction.intents.unprovable(draft.intent, words, cycle_.number, around_.now());
    if (!parked) return parked;
    for (const Draft::Part& part : draft.parts) {
        around_.log.warning("change.refused", {{"table", part.key.table}, {"id", part.key.id.text()}});
        const Result<void> decided =
            transaction.journal.decide(cycle_.number, part.key, "refused",
                                       "The organization refused the change: " + words +
                                           (words.ends_with('.') ? "" : ".") + " It waits for you.",
                                       around_.now());
        if (!decided) return decided;
    }
    return {};
}

Result<void> Pusher::explain(localstore::Transaction& transaction, const Draft& draft, std::string_view rule,
                             std::string_view sentence)
{
    for (const Draft::Part& part : draft.parts) {
        const Result<void> decided =
            transaction.journal.decide_once(cycle_.number, part.key, rule, sentence, around_.now());
        if (!decided) return decided;
    }
    return {};
}

Result<void> Pusher::settle_later(localstore::Transaction& transaction, const Sent& sent,
                                  const dataverse::Outcome& outcome)
{
    const std::string words = words_of(outcome);
    // No answer, or one to a neighbour, is the connection's story and no decision about this change.
    if (outcome.status != 0 && outcome.kind != dataverse::Outcome::Kind::not_run) {
        const Result<void> decided =
            explain(transaction, sent.draft, "retry",
                    "The organization did not take the change now (" + words + "); it is sent again.");
        if (!decided) return decided;
    }
    std::optional<Instant> next;
    for (const Draft::Part& part : sent.draft.parts) {
        bump(part.key);
        if (const auto rest = rest_of(part.key)) next = std::max(next.value_or(*rest), *rest);
    }
    if (next) next_attempt_ = std::min(next_attempt_.value_or(*next), *next);
    return transaction.intents.later(sent.draft.intent, words, next, cycle_.number, around_.now());
}

Result<void> Pusher::store_outdated(localstore::Transaction& transaction, const Sent& sent,
                                    const dataverse::Outcome& outcome)
{
    for (std::size_t i = 0; i < sent.draft.item.steps.size(); ++i) {
        const localstore::StepAnswer answer{
            static_cast<int>(i), StepState::answered, outcome.status, {}, words_of(outcome)};
        const Result<void> kept = transaction.intents.store_answer(sent.draft.intent, answer);
        if (!kept) return kept;
    }
    return {};
}

Result<void> Pusher::store_unknown(localstore::Transaction& transaction, const Sent& sent)
{
    for (const Draft::Part& part : sent.draft.parts)
        around_.log.warning("answer.unknown", {{"table", part.key.table}, {"id", part.key.id.text()}});
    for (std::size_t i = 0; i < sent.draft.item.steps.size(); ++i) {
        const localstore::StepAnswer answer{static_cast<int>(i), StepState::unknown, 0, {}, {}};
        const Result<void> kept = transaction.intents.store_answer(sent.draft.intent, answer);
        if (!kept) return kept;
    }
    // Of a repeat it is known already.
    if (sent.resent) return {};
    return explain(
        transaction, sent.draft, "unknown",
        "The answer to the change was lost: it may have been applied. The record is read to find out.");
}

Task<Result<void>> Pusher::follow_up(std::vector<Sent> back, std::vector<Sent> anew)
{
    std::vector<ReadBack> reads;
    for (const std::vector<Sent>* some : {&back, &anew})
        for (const Sent& sent : *some)
            for (const Draft::Part& part : sent.draft.parts) reads.push_back({part.key, part.table});
    if (reads.empty()) co_return Result<void>{};
    auto reading = read_back(around_, std::move(reads));
    const Result<std::vector<Found>> found = co_await std::move(reading);
    if (!found) co_return found.error();
    co_return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            std::size_t at = 0;
            for (const Sent& sent : back) {
                Read read;
                for (const Draft::Part& part : sent.draft.parts) read.emplace_back(part.key, (*found)[at++]);
                // Without every copy the intent stays open; the next recovery reads again.
                if (!all_answered(read)) continue;
                const Result<void> done = acknowledge_read(transaction, sent.draft, read);
                if (!done) return done;
            }
            for (const Sent& sent : anew) {
                Read read;
                for (const Draft::Part& part : sent.draft.parts) read.emplace_back(part.key, (*found)[at++]);
                const Result<void> done = settle_outdated(transaction, sent.draft, read, Reading::at_once);
                if (!done) return done;
            }
            return {};
        });
}

} // namespace hawser::engine

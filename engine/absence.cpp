#include "engine/absence.h"

#include "engine/mass_change.h"
#include "engine/read_back.h"
#include "engine/reconcile.h"
#include "engine/restored.h"
#include "engine/stray.h"
#include "transport/dataverse/pull.h"

#include <algorithm>

namespace hawser::engine {

namespace {

constexpr std::size_t reads_a_batch = 200;
constexpr std::size_t ids_a_question = 1'000;
constexpr std::size_t records_a_transaction = 200;

} // namespace

Task<Result<void>> Absence::guard(std::string table, std::uint64_t affected)
{
    const std::uint64_t before = cycle_.gone[table];
    const std::uint64_t all = before + affected;
    if (all >= around_.options.mass_change_least && affected > 0) {
        const auto count = around_.store.count(table, std::nullopt);
        if (!count) co_return count.error();
        const auto of = static_cast<std::uint64_t>(std::max<std::int64_t>(*count, 0)) + before;
        auto asking = ask(table, "delete", all, of, false);
        const Result<void> allowed = co_await std::move(asking);
        if (!allowed) co_return allowed;
    }
    cycle_.gone[table] = all;
    co_return Result<void>{};
}

Task<Result<void>> Absence::ask(std::string table, std::string what, std::uint64_t affected, std::uint64_t of,
                                bool outgoing)
{
    const SynchronizerOptions& options = around_.options;
    const std::string question = table + (outgoing ? "/there/" : "/here/") + what;
    if (cycle_.allowed.contains(question)) co_return Result<void>{};
    const MassChangeLimits limits{options.mass_change_share, options.mass_change_least};
    if (!is_mass_change(limits, affected, of)) co_return Result<void>{};
    bool proceed = false;
    if (options.ask_mass_change) {
        const MassChange change{table, what, affected, of, outgoing};
        auto asking =
            around_.loop.ask([ask = options.ask_mass_change, change](std::function<void(bool)> answer) {
                ask(change, std::move(answer));
            });
        proceed = co_await std::move(asking);
    }
    if (proceed) {
        cycle_.allowed.insert(question);
        co_return Result<void>{};
    }
    co_return Error{ErrorKind::stop, std::string(mass_change_code),
                    std::to_string(affected) + " of " + std::to_string(of) + " records of " + table +
                        (what == "delete" ? " would be deleted" : " would change by \"" + what + "\"") +
                        (outgoing ? " at the organization" : " here") +
                        "; this waits for your word. Look whether it is right, then agree: hawser sync --yes "
                        "(in a program: ask_mass_change)"};
}

Task<Result<void>> Absence::confirm(localstore::Scope scope, std::vector<Guid> ids, Suspicion why)
{
    std::vector<dataverse::Presence> found;
    found.reserve(ids.size());
    std::size_t portion = reads_a_batch;
    while (found.size() < ids.size()) {
        const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(found.size());
        const std::size_t count = std::min(portion, ids.size() - found.size());
        auto looking = look(scope, std::vector<Guid>(begin, begin + static_cast<std::ptrdiff_t>(count)));
        const Result<std::vector<dataverse::Presence>> some = co_await std::move(looking);
        const bool halve = !some && count > 1 &&
                           (some.error().kind == ErrorKind::park || some.error().code == "net.too_large");
        if (!some && !halve) co_return some.error();
        if (halve)
            portion = count / 2;
        else
            found.insert(found.end(), some->begin(), some->end());
    }
    if (why == Suspicion::unseen && !scope.filter.empty()) {
        std::vector<Guid> there;
        for (const dataverse::Presence& one : found)
            if (one.state == dataverse::Presence::State::present) there.push_back(one.id);
        auto asking = moved(scope, std::move(there));
        const Result<std::set<Guid>> still = co_await std::move(asking);
        if (!still) co_return still.error();
        std::erase_if(found, [&](const dataverse::Presence& one) { return still->contains(one.id); });
    }
    // What a restored organization lacks stays here.
    if (why == Suspicion::unseen && !cycle_.restored) {
        const auto gone =
            std::ranges::count(found, dataverse::Presence::State::gone, &dataverse::Presence::state);
        auto guarding = guard(scope.table, static_cast<std::uint64_t>(gone));
        const Result<void> allowed = co_await std::move(guarding);
        if (!allowed) co_return allowed;
    }
    for (std::size_t at = 0; at < found.size(); at += records_a_transaction) {
        const Result<void> done =
            act(scope, std::span(found).subspan(at, std::min(records_a_transaction, found.size() - at)), why);
        if (!done) co_return done;
    }
    co_return Result<void>{};
}

Task<Result<void>> Absence::confirm_unseen(localstore::Scope scope, localstore::Generation generation)
{
    std::vector<Guid> ids;
    const Result<void> listed = around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            Guid after{};
            for (;;) {
                const auto some = transaction.rounds.unseen(scope.number, generation, after, 1'000);
                if (!some) return some.error();
                if (some->empty()) return {};
                ids.insert(ids.end(), some->begin(), some->end());
                after = some->back();
            }
        });
    if (!listed) co_return listed;
    auto confirming = confirm(std::move(scope), std::move(ids), Suspicion::unseen);
    co_return co_await std::move(confirming);
}

Task<Result<std::vector<dataverse::Presence>>> Absence::look(localstore::Scope scope, std::vector<Guid> ids)
{
    const auto table = around_.table(scope.table);
    if (!table) co_return table.error();
    const std::vector<dataverse::BatchItem> items = dataverse::confirm_items((*table)->table(), ids);
    http::Request request = dataverse::write_batch(around_.courier.service(), items,
                                                   dataverse::OnError::go_on, around_.courier.request_id());
    auto sending = around_.courier.send(std::move(request));
    const Result<http::Answer> answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    const dataverse::BatchAnswer parts =
        dataverse::parse_batch(*answer, items, dataverse::OnError::go_on, around_.now());
    if (parts.whole) co_return dataverse::to_error(*parts.whole, "look at records that seem to be gone");
    if (const auto quiet = heed_throttling(around_, parts))
        co_return dataverse::to_error(*quiet, "look at records that seem to be gone");
    std::vector<dataverse::Presence> found = dataverse::parse_confirm(parts, ids, around_.now());
    for (const dataverse::Presence& presence : found)
        if (presence.state == dataverse::Presence::State::unknown)
            co_return Error{ErrorKind::retry, "server.unavailable",
                            "the organization gave no usable answer about " + scope.table + " " +
                                presence.id.text()};
    co_return found;
}

Task<Result<std::set<Guid>>> Absence::moved(localstore::Scope scope, std::vector<Guid> ids)
{
    std::set<Guid> within;
    const auto table = around_.table(scope.table);
    if (!table) co_return table.error();
    const auto filter = parse_filter((*table)->table(), scope.filter);
    if (!filter) co_return filter.error();
    const std::string condition = dataverse::wire_filter((*table)->table(), *filter);
    for (std::size_t at = 0; at < ids.size(); at += ids_a_question) {
        const std::vector<dataverse::BatchItem> items =
            dataverse::within_items((*table)->table(), condition,
                                    std::span(ids).subspan(at, std::min(ids_a_question, ids.size() - at)));
        http::Request request = dataverse::write_batch(
            around_.courier.service(), items, dataverse::OnError::go_on, around_.courier.request_id());
        auto sending = around_.courier.send(std::move(request));
        const Result<http::Answer> answer = co_await std::move(sending);
        if (!answer) co_return answer.error();
        const dataverse::BatchAnswer parts =
            dataverse::parse_batch(*answer, items, dataverse::OnError::go_on, around_.now());
        if (const auto quiet = heed_throttling(around_, parts))
            co_return dataverse::to_error(*quiet, "look which records left the scope");
        auto some = dataverse::parse_within((*table)->table(), parts, around_.now());
        if (!some) co_return some.error();
        within.merge(*some);
    }
    co_return within;
}

Result<void> Absence::act(const localstore::Scope& scope, std::span<const dataverse::Presence> found,
                          Suspicion why)
{
    const auto table = around_.table(scope.table);
    if (!table) return table.error();
    // Without a filter there is no scope that a record could have left: it moved behind the end of the round.
    const bool may_leave = why == Suspicion::unseen && !scope.filter.empty();
    return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            for (const dataverse::Presence& presence : found) {
                const bool there = presence.state == dataverse::Presence::State::present;
                if (there && !may_leave) continue;
                const Result<bool> belongs =
                    there ? is_expected(transaction, **table, presence.id, scope) : Result<bool>(false);
                if (!belongs) return belongs.error();
                if (*belongs) continue;
                if (!there && presence.state == dataverse::Presence::State::gone && cycle_.restored) {
                    const Result<void> kept = keep_in_restored(transaction, **table, presence.id);
                    if (!kept) return kept;
                    continue;
                }
                RemoteWord word;
                word.presence = presence.state == dataverse::Presence::State::gone
                                    ? conflict::Presence::deleted
                                    : conflict::Presence::out_of_reach;
                word.tombstone = word.presence == conflict::Presence::deleted && why == Suspicion::tombstone;
                word.scope = scope.number;
                const RecordKey key{scope.table, presence.id};
                const Result<void> done =
                    reconcile_record(cycle_, transaction, **table, key, word, around_.now());
                if (!done) return done;
            }
            return {};
        });
}

/// Whether a record that is there and was not seen belongs here all the same: no scope has brought it
/// yet, as it was made here a moment ago, or something of it is still to be sent, or another scope takes
/// it. What an earlier cycle sent was brought by the pull before this look, if it is in this scope at all.
Result<bool> Absence::is_expected(localstore::Transaction& transaction, const TableWork& table,
                                  const Guid& id, const localstore::Scope& scope)
{
    const auto state = transaction.records.state({table.table().name, id});
    if (!state) return state.error();
    if (!state->scopes.empty()) return false;
    const bool just_made = state->dirty() || state->etag.empty() || state->cycle == cycle_.number;
    const std::optional<localstore::ScopeNumber> left =
        just_made ? std::nullopt : std::optional(scope.number);
    const auto stray = is_stray(around_, table.table(), *state, state->local.value_or(Fields{}), left);
    if (!stray) return stray.error();
    return !*stray;
}

/// A restored organization lacks what was made after its copy: our own changes are queued again, and
/// what others made stays here until a later sweep finds it still missing.
Result<void> Absence::keep_in_restored(localstore::Transaction& transaction, const TableWork& table,
                                       const Guid& id)
{
    const RecordKey key{table.table().name, id};
    const auto state = transaction.records.state(key);
    if (!state) return state.error();
    // What was deleted here as well is what both sides want; it may never reach the organization any more. What is
    // edited here is made again, with all that is here of it.
    const bool is_edited = !state->live.empty() && !state->open_intent;
    const bool was_there = state->shadow && state->shadow->remote == localstore::Remote::present;
    const bool differs = was_there && state->local && *state->local != state->shadow->fields;
    if (state->deletes() || (is_edited && differs))
        return reconcile_record(cycle_, transaction, table, key, {conflict::Presence::deleted, {}, {}, {}},
                                around_.now());
    if (!state->known || state->tombstone || state->dirty()) return {};
    const auto again = requeue_lost(cycle_, transaction, key, std::nullopt, around_.now());
    if (!again) return again.error();
    if (*again) return transaction.records.mark_deleted(key, cycle_.number, around_.now());
    return transaction.journal.decide(cycle_.number, key, "restored",
                                      "The restored organization does not have this record; it stays here.",
                                      around_.now());
}

} // namespace hawser::engine

#include "engine/pull.h"

#include "base/time_text.h"
#include "engine/mass_change.h"
#include "engine/page_trouble.h"
#include "engine/restored.h"
#include "engine/scope_mode.h"
#include "engine/tables.h"
#include "localstore/transaction.h"
#include "transport/odata/url.h"

#include <algorithm>
#include <utility>

namespace hawser::engine {

namespace {

using localstore::Checkpoint;
using localstore::Lane;
using localstore::RoundKind;
using localstore::Scope;

/// A round that begins again more often than this in one cycle has met a server that takes back
/// every link it gives.
constexpr int most_restarts = 16;

/// So many tables in a row without any answer, or refused by a server that is down, are not these tables'
/// trouble: each may have waited long, and one that is down is not helped by more requests.
constexpr int most_unanswered = 3;

/// Organizations keep deletions for days at least; a younger token is refused by a restored one.
constexpr std::chrono::hours too_young_to_expire{20};

/// An idle round keeps the token it asked with, so that idle cycles write nothing; but tokens age.
constexpr std::chrono::hours token_renewal{6};

/// The organization may refuse a request because a table changed since its columns were read.
bool may_be_schema(const Error& error)
{
    return error.code == "server.schema_changed" || error.code == "server.refused";
}

/// "" when the link cannot stand in a batch.
std::string path_of(const dataverse::Service& service, const std::string& link)
{
    const auto absolute = odata::same_service(service.root, link);
    if (!absolute || absolute->size() <= service.root.size()) return {};
    return absolute->substr(service.root.size());
}

} // namespace

std::vector<std::string> left_out(const Scope& scope, const TableWork& table)
{
    std::vector<std::string> left;
    if (scope.columns.empty()) return left;
    for (const std::string& column : table.layout().columns) {
        const bool needed = column == table.table().primary_name || column == "statecode" ||
                            column == "statuscode" ||
                            std::ranges::find(scope.columns, column) != scope.columns.end();
        if (!needed) left.push_back(column);
    }
    return left;
}

PageSize& Puller::size_of(const TableWork& table)
{
    const auto found = sizes_.find(table.table().name);
    if (found != sizes_.end()) return found->second;
    return sizes_
        .emplace(table.table().name, PageSize(around_.options.page_bytes, table.table().columns.size()))
        .first->second;
}

Result<PullMode> Puller::settle_mode(const Scope& scope, const Table& table)
{
    const PullProbe chosen = mode_to_try(scope, table);
    // A table that is off stays so until its rows have come.
    if (scope.mode == "off" && chosen.mode == PullMode::filter) return chosen.mode;
    // A table that changes its mode starts anew: a token means nothing to the other mode.
    if (!scope.mode.empty() && to_text(chosen.mode) != scope.mode) {
        const Result<void> reset = around_.store.transact(
            localstore::Durability::relaxed,
            [&](localstore::Transaction& transaction) { return transaction.rounds.reset(scope.number); });
        if (!reset) return reset.error();
    }
    const Result<void> kept = remember_probe(around_.store, scope, chosen);
    if (!kept) return kept.error();
    return chosen.mode;
}

PullProbe Puller::mode_to_try(const Scope& scope, const Table& table) const
{
    PullProbe chosen = choose_pull_mode(table, known_probe(around_.store, scope), around_.now());
    if (chosen.mode == PullMode::delta && chosen.reason.empty())
        chosen.reason = "the organization tracks changes of this table";
    return chosen;
}

Result<PullRound> Puller::round_of(Scope scope, PullMode mode)
{
    const auto table = around_.table(scope.table);
    if (!table) return table.error();
    PullRound round{.scope = scope,
                    .table = *table,
                    .mode = mode,
                    .plan = (*table)->plan,
                    .trail = PageTrail(scope.table)};
    round.page_rows = size_of(**table).rows();
    if (!scope.filter.empty()) {
        const auto filter = parse_filter((*table)->table(), scope.filter);
        if (!filter) return filter.error();
        if (mode == PullMode::delta)
            round.local_filter = *filter;
        else
            round.wire_filter = dataverse::wire_filter((*table)->table(), *filter);
    }
    round.without = left_out(scope, **table);
    if (!round.without.empty())
        round.plan = dataverse::RowPlan((*table)->table(), (*table)->layout(), round.without);
    const auto checkpoint = around_.store.checkpoint(scope.number, Lane::pull);
    if (!checkpoint) return checkpoint.error();
    round.last_finished = checkpoint->finished_at;
    round.suspect = round.last_finished.has_value();
    return round;
}

Result<void> Puller::begin(PullRound& round, RoundKind kind)
{
    round.kind = kind;
    const Result<void> begun = around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            const auto generation = transaction.rounds.begin_round(round.scope.number, kind, around_.now());
            if (!generation) return generation.error();
            round.generation = *generation;
            return {};
        });
    if (begun) round.begun = true;
    return begun;
}

Result<void> Puller::forget_token(const Scope& scope, const std::string& why, TokenEnd end)
{
    const bool refused = end == TokenEnd::refused;
    return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            const auto checkpoint = transaction.rounds.checkpoint(scope.number, Lane::pull);
            if (!checkpoint) return checkpoint.error();
            // It is as old as the round that brought it, which may have rested for days.
            const Instant finished = checkpoint->finished_at.value_or(Instant{});
            const Instant issued = std::min(checkpoint->begun_at.value_or(finished), finished);
            // Also where the clock was set back since: to compare everything costs less than to forget what is lost.
            const bool young = checkpoint->finished_at && around_.now() - issued < too_young_to_expire;
            if (young && refused) {
                const Result<void> noted = note_restored(cycle_, transaction,
                                                         "it no longer honours a token of " + scope.table +
                                                             " that is less than a day old",
                                                         around_.now());
                if (!noted) return noted;
            }
            const Result<void> reset = transaction.rounds.reset(scope.number);
            if (!reset) return reset;
            return transaction.journal.decide(cycle_.number, {scope.table, {}}, "rebaseline",
                                              scope.table + " is pulled again from the start: " + why,
                                              around_.now());
        });
}

Result<http::Request> Puller::first_request(PullRound& round, const Checkpoint& checkpoint, Extent extent,
                                            bool& resumed)
{
    const dataverse::Service& service = around_.courier.service();
    const Guid id = around_.courier.request_id();
    const auto mode =
        round.mode == PullMode::delta ? dataverse::PullMode::delta : dataverse::PullMode::filter;
    resumed = extent == Extent::changes && checkpoint.under_way && !checkpoint.resume_link.empty();
    if (resumed) {
        round.kind = checkpoint.kind;
        round.generation = checkpoint.generation;
        round.rows = checkpoint.rows;
        round.begun = true;
    }
    const Watermark watermark = parse_watermark(checkpoint.watermark);
    round.newest = round.since = watermark.newest;
    if (resumed) return dataverse::next_page(service, checkpoint.resume_link, mode, round.page_rows, id);
    const bool full =
        extent == Extent::full ||
        (round.mode == PullMode::delta ? checkpoint.token.empty() : checkpoint.watermark.empty());
    round.kind =
        full ? RoundKind::full : (round.mode == PullMode::delta ? RoundKind::delta : RoundKind::filter);
    if (!full && round.mode == PullMode::delta)
        return dataverse::next_page(service, checkpoint.token, mode, round.page_rows, id);
    const dataverse::Selection selection{round.table->table(), round.table->layout(), round.without,
                                         round.page_rows};
    if (round.mode == PullMode::delta) return dataverse::delta_first(service, selection, id);
    if (full) round.newest = round.since = 0;
    return dataverse::filter_first(service, selection, round.wire_filter, full ? 0 : watermark.ask_from, id);
}

/// Every page in the same memory: a large pull must not leave holes that the next page does not fit.
http::Request Puller::for_page(http::Request request)
{
    request.max_body_bytes = around_.options.page_bytes_most;
    body_room_.reserve(around_.options.page_bytes / 4 * 5);
    request.room = std::make_shared<std::string>(std::move(body_room_));
    return request;
}

Task<Result<void>> Puller::run_round(PullRound round, http::Request first)
{
    const auto mode =
        round.mode == PullMode::delta ? dataverse::PullMode::delta : dataverse::PullMode::filter;
    auto flight = around_.courier.dispatch(for_page(std::move(first)));
    for (;;) {
        auto landing = around_.courier.land(std::move(flight));
        Result<http::Answer> answer = co_await std::move(landing);
        if (!answer) co_return answer.error();
        if (around_.leaving) co_return stopped();
        const Result<void> sound = dataverse::check_page(*answer, round.scope.table, around_.now());
        if (!sound) co_return sound.error();
        auto reading = read(round, std::move(*answer));
        Result<ReadPage> page = co_await std::move(reading);
        if (!page) co_return page.error();
        body_room_ = std::move(page->body);
        const std::string& link = page->end.next_link;
        if (!link.empty()) {
            auto request = dataverse::next_page(around_.courier.service(), link, mode, round.page_rows,
                                                around_.courier.request_id());
            if (!request) co_return request.error();
            // The next page comes while this one is stored.
            flight = around_.courier.dispatch(for_page(std::move(*request)));
        }
        auto storing = store(round, *page);
        const Result<Next> next = co_await std::move(storing);
        if (!next) co_return next.error();
        rows_room_ = std::move(page->rows);
        if (*next == Next::round_over) co_return Result<void>{};
        if (between_) {
            auto pausing = between_();
            const Result<void> paused = co_await std::move(pausing);
            if (!paused) co_return paused.error();
        }
    }
}

Result<void> Puller::abandon(const Scope& scope)
{
    return around_.store.transact(localstore::Durability::relaxed, [&](localstore::Transaction& transaction) {
        return transaction.rounds.abandon_round(scope.number, Lane::pull);
    });
}

Result<void> Puller::fall_back_to_filter(Scope& scope, const Error& refusal)
{
    const PullProbe probe = delta_refused(refusal, around_.now());
    Result<void> kept = forget_token(scope, probe.reason, TokenEnd::of_no_use);
    if (kept) kept = remember_probe(around_.store, scope, probe);
    scope.mode = to_text(probe.mode);
    scope.reason = probe.reason;
    return kept;
}

Task<Result<bool>> Puller::schema_moved(std::shared_ptr<const TableWork> before)
{
    Troubles troubles;
    auto refreshing = refresh_tables(around_, {before->table().name}, troubles);
    Result<void> refreshed = co_await std::move(refreshing);
    if (refreshed) refreshed = troubles.outcome();
    if (!refreshed) co_return refreshed.error();
    const auto now = around_.table(before->table().name);
    if (!now) co_return now.error();
    co_return !((*now)->table() == before->table());
}

Result<bool> Puller::remedy(Scope& scope, const Error& error, const PageAsked& asked,
                            std::vector<std::string>& without)
{
    const auto again = [](const Result<void>& done) -> Result<bool> {
        if (!done) return done.error();
        return true;
    };
    switch (remedy_for(error, asked)) {
    case PageRemedy::give_up:
        break;
    case PageRemedy::rebaseline:
        return again(
            forget_token(scope, error.message,
                         error.code == "server.gone_page" ? TokenEnd::of_no_use : TokenEnd::refused));
    case PageRemedy::restart:
        return again(abandon(scope));
    case PageRemedy::use_filter:
        return again(fall_back_to_filter(scope, error));
    case PageRemedy::halve: {
        const auto table = around_.table(scope.table);
        if (!table) return table.error();
        if (size_of(**table).halve()) return true;
        if (!without.empty()) break;
        without = dataverse::large_columns((*table)->table(), (*table)->layout());
        return true;
    }
    case PageRemedy::table_off:
        return false;
    }
    return error;
}

Task<Result<void>> Puller::pull_scope(Scope scope, Extent extent)
{
    const Scope kept_as = scope;
    std::vector<std::string> without;
    bool schema_read = false;
    for (int restarts = 0; restarts < most_restarts; ++restarts) {
        const auto table = around_.table(scope.table);
        if (!table) co_return table.error();
        const auto mode = settle_mode(scope, (*table)->table());
        if (!mode) co_return mode.error();
        scope.mode = to_text(*mode);
        const auto checkpoint = around_.store.checkpoint(scope.number, Lane::pull);
        if (!checkpoint) co_return checkpoint.error();
        if (!checkpoint->under_way) size_of(**table).begin_round();
        auto round = round_of(scope, *mode);
        if (!round && is_refusal(round.error()))
            co_return turn_off(around_, cycle_, scope, round.error().message);
        if (!round) co_return round.error();
        if (!without.empty()) {
            round->without.insert(round->without.end(), without.begin(), without.end());
            round->plan = dataverse::RowPlan((*table)->table(), (*table)->layout(), round->without);
        }
        bool resumed = false;
        auto request = first_request(*round, *checkpoint, extent, resumed);
        PageAsked asked{*mode == PullMode::delta, resumed, round->kind == RoundKind::delta};
        Result<void> done = Result<void>{};
        if (request) {
            const bool by_token = asked.token && !resumed;
            if (!resumed && !by_token) {
                const Result<void> begun = begin(*round, round->kind);
                if (!begun) co_return begun.error();
            }
            auto running = run_round(std::move(*round), std::move(*request));
            done = co_await std::move(running);
        } else {
            done = request.error();
        }
        if (done && kept_as.mode == "off" && *mode == PullMode::filter)
            co_return remember_probe(around_.store, kept_as, mode_to_try(kept_as, (*table)->table()));
        if (done) co_return done;
        const Error error = done.error();
        if (may_be_schema(error) && !std::exchange(schema_read, true)) {
            auto rereading = schema_moved(*table);
            const Result<bool> moved = co_await std::move(rereading);
            if (!moved) co_return moved.error();
            if (*moved) continue;
        }
        const Result<bool> again = remedy(scope, error, asked, without);
        if (!again) co_return again.error();
        if (!*again) co_return turn_off(around_, cycle_, scope, error.message);
    }
    co_return Error{ErrorKind::retry, "server.bad_answer",
                    "the organization took back every link it gave for " + scope.table};
}

Task<Result<bool>> Puller::polled(Scope scope, http::Answer answer)
{
    const Result<void> sound = dataverse::check_page(answer, scope.table, around_.now());
    if (!sound && sound.error().retry_after) around_.courier.hold_back(*sound.error().retry_after);
    if (!sound && ends_the_cycle(sound.error())) co_return sound.error();
    if (!sound) co_return false;
    auto round = round_of(scope, scope.mode == "delta" ? PullMode::delta : PullMode::filter);
    if (!round) co_return round.error();
    const auto checkpoint = around_.store.checkpoint(scope.number, Lane::pull);
    if (!checkpoint) co_return checkpoint.error();
    round->kind = round->mode == PullMode::delta ? RoundKind::delta : RoundKind::filter;
    round->newest = round->since = parse_watermark(checkpoint->watermark).newest;
    auto reading = read(*round, std::move(answer));
    const Result<ReadPage> page = co_await std::move(reading);
    if (!page) co_return page.error();
    const bool nothing = page->end.rows == 0 && page->end.tombstones == 0 && page->end.next_link.empty();
    const bool fresh = checkpoint->finished_at && around_.now() - *checkpoint->finished_at < token_renewal;
    const bool said_changes = round->mode == PullMode::filter || page->end.changes_only;
    if (nothing && said_changes && fresh) co_return true;
    auto storing = store(*round, *page);
    const Result<Next> next = co_await std::move(storing);
    if (!next) co_return next.error();
    co_return *next == Next::round_over;
}

/// What asks, in a batch with the other tables, for the changes of this one; "" when it has to be
/// pulled on its own.
Result<std::string> Puller::poll_path(const Scope& scope, const Checkpoint& checkpoint)
{
    const auto table = around_.table(scope.table);
    if (!table) return table.error();
    const auto mode = settle_mode(scope, (*table)->table());
    if (!mode) return mode.error();
    if (checkpoint.under_way || to_text(*mode) != scope.mode) return std::string();
    if (*mode == PullMode::delta) return path_of(around_.courier.service(), checkpoint.token);
    if (checkpoint.watermark.empty()) return std::string();
    auto round = round_of(scope, *mode);
    if (!round) return round.error();
    bool resumed = false;
    const auto request = first_request(*round, checkpoint, Extent::changes, resumed);
    if (!request) return request.error();
    return path_of(around_.courier.service(), request->url);
}

Task<Result<std::vector<Scope>>> Puller::poll(std::vector<Scope> scopes)
{
    std::vector<Scope> left;
    std::vector<Scope> asked;
    std::vector<dataverse::BatchItem> items;
    for (Scope& scope : scopes) {
        const auto checkpoint = around_.store.checkpoint(scope.number, Lane::pull);
        if (!checkpoint) co_return checkpoint.error();
        auto path = poll_path(scope, *checkpoint);
        if (!path) co_return path.error();
        if (path->empty()) {
            left.push_back(std::move(scope));
            continue;
        }
        dataverse::Step step;
        step.path = std::move(*path);
        items.push_back({{std::move(step)}});
        asked.push_back(std::move(scope));
    }
    if (items.size() < 2) {
        left.insert(left.end(), asked.begin(), asked.end());
        co_return left;
    }
    http::Request request = dataverse::write_batch(around_.courier.service(), items,
                                                   dataverse::OnError::go_on, around_.courier.request_id());
    auto sending = around_.courier.send(std::move(request));
    Result<http::Answer> answer = co_await std::move(sending);
    if (!answer && ends_the_cycle(answer.error())) co_return answer.error();
    dataverse::BatchAnswer parts;
    if (answer) parts = dataverse::parse_batch(*answer, items, dataverse::OnError::go_on, around_.now());
    parts.items.resize(items.size());
    if (parts.whole) {
        const Error whole = dataverse::to_error(*parts.whole, "tell what changed");
        if (ends_the_cycle(whole)) co_return whole;
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
        dataverse::ItemAnswer& item = parts.items[i];
        bool over = false;
        if (item.state == dataverse::ItemAnswer::State::answered && item.answers.size() == 1) {
            auto taking = polled(asked[i], std::move(item.answers.front()));
            const Result<bool> taken = co_await std::move(taking);
            over = taken && *taken;
            if (!taken) {
                if (ends_the_cycle(taken.error())) co_return taken.error();
                // Everything but a question that was asked is tried again by itself, with its remedies.
                over = taken.error().code == mass_change_code;
                if (over) (void)cycle_.troubles.note(asked[i].table, taken.error());
            }
        }
        if (!over) left.push_back(std::move(asked[i]));
    }
    co_return left;
}

Task<Result<void>> Puller::pull(std::vector<Scope> scopes, Extent extent)
{
    if (extent == Extent::changes) {
        auto polling = poll(std::move(scopes));
        Result<std::vector<Scope>> left = co_await std::move(polling);
        if (!left) co_return left.error();
        scopes = std::move(*left);
    }
    int unanswered = 0;
    for (auto scope = scopes.begin(); scope != scopes.end(); ++scope) {
        if (around_.leaving) co_return stopped();
        const std::string table = scope->table;
        auto pulling = pull_scope(std::move(*scope), extent);
        const Result<void> pulled = co_await std::move(pulling);
        if (pulled) {
            unanswered = 0;
            continue;
        }
        const Result<void> noted = cycle_.troubles.note(table, pulled.error());
        if (!noted) co_return noted;
        const std::string& code = pulled.error().code;
        // An answer that is of no use is one all the same: the next would be no better.
        const bool unheard = code == "net.lost_answer" || code == "net.timeout" || code == "net.unreachable";
        if (unheard) cycle_.unheard.insert(table);
        unanswered = code.starts_with("net.") || code == "server.unavailable" ? unanswered + 1 : 0;
        if (unanswered < most_unanswered) continue;
        for (++scope; unheard && scope != scopes.end(); ++scope) cycle_.unheard.insert(scope->table);
        break;
    }
    co_return Result<void>{};
}

} // namespace hawser::engine

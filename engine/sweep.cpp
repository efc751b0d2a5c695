#include "engine/sweep.h"

#include "base/body.h"
#include "engine/page_trail.h"
#include "engine/page_trouble.h"
#include "engine/read_back.h"
#include "engine/reconcile.h"
#include "localstore/transaction.h"
#include "transport/odata/url.h"

namespace hawser::engine {

namespace {

using localstore::Lane;

constexpr std::size_t ids_a_page = 5'000;
constexpr int most_restarts = 3;

Result<std::string> filter_of(const localstore::Scope& scope, const Table& table)
{
    if (scope.filter.empty()) return std::string();
    const auto filter = parse_filter(table, scope.filter);
    if (!filter) return filter.error();
    return dataverse::wire_filter(table, *filter);
}

} // namespace

bool sweep_due(const localstore::Scope& scope, const localstore::Checkpoint& pull,
               const localstore::Checkpoint& sweep, const SynchronizerOptions& options, Instant now)
{
    if (scope.mode == "off" || !pull.full_finished_at) return false;
    if (sweep.under_way) return true;
    const std::chrono::hours every = scope.mode == "delta" ? options.delta_sweep_every : options.sweep_every;
    const Instant last = std::max(sweep.finished_at.value_or(*pull.full_finished_at), *pull.full_finished_at);
    return now >= last + every || now < last - every;
}

Result<std::vector<Guid>> Sweeper::note(const localstore::Scope& scope, localstore::Generation generation,
                                        const PageRows& rows)
{
    std::vector<Guid> wanted;
    std::size_t at = 0;
    while (at < rows.rows().size()) {
        const Result<void> noted = around_.store.transact(
            localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
                for (std::size_t in_turn = 0; at < rows.rows().size(); ++at, ++in_turn) {
                    if (in_turn >= 500 && transaction.should_yield()) return {};
                    const PageRows::Row& row = rows.rows()[at];
                    const auto seen =
                        transaction.rounds.note_seen(scope.number, generation, row.id, rows.etag(row));
                    if (!seen) return seen.error();
                    if (*seen != localstore::Seen::same) wanted.push_back(row.id);
                }
                return {};
            });
        if (!noted) return noted.error();
    }
    return wanted;
}

Task<Result<void>> Sweeper::fetch(localstore::Scope scope, localstore::Generation generation,
                                  std::vector<Guid> ids)
{
    const auto table = around_.table(scope.table);
    if (!table) co_return table.error();
    std::vector<ReadBack> reads;
    for (const Guid& id : ids) reads.push_back({{scope.table, id}, *table});
    auto reading = read_back(around_, reads);
    const Result<std::vector<Found>> found = co_await std::move(reading);
    if (!found) co_return found.error();
    co_return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            auto taker = transaction.rounds.take_rows(scope.number, generation, cycle_.number);
            if (!taker) return taker.error();
            for (std::size_t i = 0; i < reads.size(); ++i) {
                const Found& seen = (*found)[i];
                if (seen.presence != Found::Presence::present) continue;
                const std::string body = encode_body((*table)->layout(), seen.fields);
                const auto taken = taker->take(reads[i].key.id, seen.etag, body);
                if (!taken) return taken.error();
                const bool ours =
                    *taken == localstore::Taken::dirty || *taken == localstore::Taken::in_flight;
                if (*taken != localstore::Taken::unchanged && !ours) ++cycle_.figures.pulled;
                if (!ours) continue;
                const RemoteWord word{conflict::Presence::present, seen.etag, seen.fields, {}};
                const Result<void> done =
                    reconcile_record(cycle_, transaction, **table, reads[i].key, word, around_.now());
                if (!done) return done;
            }
            return {};
        });
}

Result<localstore::Generation> Sweeper::begin(const localstore::Scope& scope)
{
    localstore::Generation generation;
    const Result<void> begun = around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            const auto made =
                transaction.rounds.begin_round(scope.number, localstore::RoundKind::sweep, around_.now());
            if (!made) return made.error();
            generation = *made;
            return {};
        });
    if (!begun) return begun.error();
    return generation;
}

Result<void> Sweeper::keep_link(const localstore::Scope& scope, localstore::Generation generation,
                                const std::string& link, std::int64_t noted)
{
    return around_.store.transact(localstore::Durability::relaxed, [&](localstore::Transaction& transaction) {
        return transaction.rounds.set_resume_link(scope.number, generation, link, noted);
    });
}

Result<void> Sweeper::finish(const localstore::Scope& scope, localstore::Generation generation)
{
    const localstore::Finish end{std::nullopt, std::nullopt, around_.now()};
    return around_.store.transact(localstore::Durability::relaxed, [&](localstore::Transaction& transaction) {
        return transaction.rounds.finish_round(scope.number, generation, end);
    });
}

Task<Result<void>> Sweeper::sweep(localstore::Scope scope)
{
    const auto table = around_.table(scope.table);
    if (!table) co_return table.error();
    const auto filter = filter_of(scope, (*table)->table());
    if (!filter) co_return filter.error();
    const dataverse::RowPlan plan((*table)->table(), Layout{});
    const dataverse::Service& service = around_.courier.service();
    auto checkpoint = around_.store.checkpoint(scope.number, Lane::sweep);
    if (!checkpoint) co_return checkpoint.error();
    localstore::Generation generation = checkpoint->generation;
    std::string link = checkpoint->under_way ? checkpoint->resume_link : std::string();
    std::int64_t noted = link.empty() ? 0 : checkpoint->rows;
    bool begun = !link.empty();
    PageTrail trail(scope.table);
    for (int restarts = 0;;) {
        if (around_.leaving) co_return stopped();
        const Guid id = around_.courier.request_id();
        Result<http::Request> request =
            link.empty() ? Result<http::Request>(
                               dataverse::sweep_first(service, (*table)->table(), *filter, ids_a_page, id))
                         : dataverse::next_page(service, link, dataverse::PullMode::sweep, ids_a_page, id);
        if (!request) co_return request.error();
        if (!begun) {
            const auto started = begin(scope);
            if (!started) co_return started.error();
            generation = *started;
            begun = true;
        }
        auto sending = around_.courier.send(std::move(*request));
        const Result<http::Answer> answer = co_await std::move(sending);
        if (!answer) co_return answer.error();
        const Result<void> sound = dataverse::check_page(*answer, scope.table, around_.now());
        if (!sound) {
            const PageAsked asked{false, !link.empty(), false};
            if (remedy_for(sound.error(), asked) != PageRemedy::restart || ++restarts > most_restarts)
                co_return sound;
            link.clear();
            begun = false;
            continue;
        }
        PageRows rows;
        rows.begin(answer->body.size() / 4);
        const auto end = dataverse::parse_page(plan, answer->body, rows);
        if (!end) co_return end.error();
        if (!end->next_link.empty()) {
            const auto next = odata::same_service(service.root, end->next_link);
            if (!next) co_return next.error();
            const Result<void> followed = trail.follow(end->next_link, end->rows, rows.first());
            if (!followed) co_return followed;
        }
        auto wanted = note(scope, generation, rows);
        if (!wanted) co_return wanted.error();
        noted += static_cast<std::int64_t>(rows.rows().size());
        around_.progress("sweep", scope.table, static_cast<std::uint64_t>(noted), 0);
        auto fetching = fetch(scope, generation, std::move(*wanted));
        const Result<void> fetched = co_await std::move(fetching);
        if (!fetched) co_return fetched;
        if (end->next_link.empty()) break;
        link = end->next_link;
        const Result<void> linked = keep_link(scope, generation, link, noted);
        if (!linked) co_return linked;
    }
    auto confirming = absence_.confirm_unseen(scope, generation);
    const Result<void> confirmed = co_await std::move(confirming);
    if (!confirmed) co_return confirmed;
    co_return finish(scope, generation);
}

} // namespace hawser::engine

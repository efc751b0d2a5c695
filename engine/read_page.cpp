#include "engine/read_page.h"

#include "engine/page_size.h"
#include "engine/page_trail.h"
#include "engine/read_back.h"

#include <algorithm>
#include <span>
#include <vector>

namespace hawser::engine {

namespace {

constexpr std::size_t activities_a_batch = 1'000;

constexpr int most_attempts = 3;
constexpr Clock::Milliseconds pause{200};

/// The pages that the answers of a batch of participants lead to become items of it.
Task<Result<void>> follow_parties(Surroundings& around, std::string table, dataverse::BatchAnswer& parts)
{
    PageTrail trail(std::move(table));
    for (std::size_t at = 0; at < parts.items.size(); ++at) {
        if (parts.items[at].answers.empty()) continue;
        const std::string link = dataverse::next_party_page(parts.items[at].answers.back());
        if (link.empty()) continue;
        const Result<void> followed = trail.follow(link, 1, std::nullopt);
        if (!followed) co_return followed;
        if (around.leaving) co_return stopped();
        auto request = dataverse::next_page(around.courier.service(), link, dataverse::PullMode::filter,
                                            PageSize::most_rows, around.courier.request_id());
        if (!request) co_return request.error();
        auto sending = around.courier.send(std::move(*request));
        Result<http::Answer> answer = co_await std::move(sending);
        if (!answer) co_return answer.error();
        dataverse::ItemAnswer page{dataverse::ItemAnswer::State::answered, {}};
        page.answers.push_back(std::move(*answer));
        parts.items.push_back(std::move(page));
    }
    co_return Result<void>{};
}

Task<Result<dataverse::PartyMap>> read_parties(Surroundings& around, const Table& table,
                                               std::vector<Guid> ids)
{
    dataverse::PartyMap all;
    for (std::size_t at = 0; at < ids.size(); at += activities_a_batch) {
        const std::span<const Guid> some =
            std::span(ids).subspan(at, std::min(activities_a_batch, ids.size() - at));
        const std::vector<dataverse::BatchItem> items = dataverse::party_items(table, some);
        http::Request request = dataverse::write_batch(
            around.courier.service(), items, dataverse::OnError::go_on, around.courier.request_id());
        auto sending = around.courier.send(std::move(request));
        const Result<http::Answer> answer = co_await std::move(sending);
        if (!answer) co_return answer.error();
        dataverse::BatchAnswer parts =
            dataverse::parse_batch(*answer, items, dataverse::OnError::go_on, around.now());
        if (const auto quiet = heed_throttling(around, parts))
            co_return dataverse::to_error(*quiet, "list the participants of " + table.name);
        auto following = follow_parties(around, table.name, parts);
        const Result<void> followed = co_await std::move(following);
        if (!followed) co_return followed.error();
        Result<dataverse::PartyMap> parties = dataverse::parse_parties(table, parts, some, around.now());
        if (!parties) co_return parties;
        all.merge(*parties);
    }
    co_return all;
}

/// Those who take part are asked for after the activity. Whoever lost the right to see it in between is told that
/// nobody does, so that of these the page is read again.
Task<Result<void>> check_empty(Surroundings& around, const Table& table, const dataverse::PartyMap& parties)
{
    std::vector<Guid> empty;
    for (const auto& [id, list] : parties)
        if (list.elements.empty()) empty.push_back(id);
    for (std::size_t at = 0; at < empty.size(); at += activities_a_batch) {
        const std::span<const Guid> some =
            std::span(empty).subspan(at, std::min(activities_a_batch, empty.size() - at));
        const std::vector<dataverse::BatchItem> items = dataverse::confirm_items(table, some);
        http::Request request = dataverse::write_batch(
            around.courier.service(), items, dataverse::OnError::go_on, around.courier.request_id());
        auto sending = around.courier.send(std::move(request));
        const Result<http::Answer> answer = co_await std::move(sending);
        if (!answer) co_return answer.error();
        const dataverse::BatchAnswer parts =
            dataverse::parse_batch(*answer, items, dataverse::OnError::go_on, around.now());
        if (const auto quiet = heed_throttling(around, parts))
            co_return dataverse::to_error(*quiet, "list the participants of " + table.name);
        for (const dataverse::Presence& one : dataverse::parse_confirm(parts, some, around.now()))
            if (one.state != dataverse::Presence::State::present)
                co_return Error{
                    ErrorKind::retry, "engine.torn_page",
                    table.name + " " + one.id.text() +
                        " could be read, and those who take part in it could not; it is read again"};
    }
    co_return Result<void>{};
}

/// One reading of a page, from the request to the rows.
Task<Result<ReadPage>> fetch_page(Surroundings& around, std::shared_ptr<const TableWork> table,
                                  http::Request request)
{
    auto sending = around.courier.send(std::move(request));
    Result<http::Answer> answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    const Result<void> sound = dataverse::check_page(*answer, table->table().name, around.now());
    if (!sound) co_return sound.error();
    auto reading = read_page(around, table, table->plan, std::move(*answer));
    co_return co_await std::move(reading);
}

/// The courier asks again for what was lost on the way. This is for what came, and came broken, and for
/// batches that only read.
Task<Result<ReadPage>> fetch_patiently(Surroundings& around, std::shared_ptr<const TableWork> table,
                                       http::Request request)
{
    for (int attempt = 1;; ++attempt) {
        http::Request copy = request;
        auto fetching = fetch_page(around, table, std::move(copy));
        Result<ReadPage> page = co_await std::move(fetching);
        if (page || page.error().kind != ErrorKind::retry || attempt == most_attempts || around.leaving)
            co_return page;
        auto resting = around.loop.sleep(pause * attempt);
        co_await std::move(resting);
    }
}

} // namespace

Task<Result<ReadPage>> read_page(Surroundings& around, std::shared_ptr<const TableWork> table,
                                 dataverse::RowPlan plan, http::Answer answer, PageRows room)
{
    const dataverse::PageLimits limits{around.options.page_bytes_most, PageSize::most_rows, 16};
    dataverse::PartyMap parties;
    const auto missing = dataverse::missing_parties(plan, answer.body, limits);
    if (!missing) co_return missing.error();
    if (!missing->empty()) {
        auto reading = read_parties(around, table->table(), *missing);
        Result<dataverse::PartyMap> read = co_await std::move(reading);
        if (!read) co_return read.error();
        auto checking = check_empty(around, table->table(), *read);
        const Result<void> sound = co_await std::move(checking);
        if (!sound) co_return sound.error();
        parties = std::move(*read);
    }
    ReadPage page;
    page.bytes = answer.body.size();
    page.rows = std::move(room);
    page.rows.begin(answer.body.size() * 3 / 4);
    const auto end = dataverse::parse_page(plan, answer.body, page.rows, &parties, limits);
    if (!end) co_return end.error();
    page.end = *end;
    page.body = std::move(answer.body);
    co_return page;
}

Task<Result<void>> walk_pages(Surroundings& around, std::shared_ptr<const TableWork> table, AskForRows ask,
                              dataverse::PullMode mode, std::function<Result<void>(const ReadPage&)> each)
{
    PageTrail trail(table->table().name);
    std::size_t rows = PageSize(around.options.page_bytes, table->table().columns.size()).rows();
    std::int64_t since = 0;
    bool begun = false;
    auto request = ask(since, rows);
    for (;;) {
        if (!request) co_return request.error();
        if (around.leaving) co_return stopped();
        request->max_body_bytes = around.options.page_bytes_most;
        http::Request copy = *request;
        auto fetching = fetch_patiently(around, table, std::move(copy));
        const Result<ReadPage> page = co_await std::move(fetching);
        if (!page) {
            // Changes have no order to go on in.
            const bool stuck = rows == 1 || (begun && mode != dataverse::PullMode::filter);
            if (page.error().code != "net.too_large" || stuck) co_return page.error();
            rows /= 2;
            request = ask(since, rows);
            continue;
        }
        begun = true;
        since = std::max(since, page->end.highest_version);
        const Result<void> taken = each(*page);
        if (!taken || page->end.next_link.empty()) co_return taken;
        const Result<void> followed =
            trail.follow(page->end.next_link, page->end.rows + page->end.tombstones, page->rows.first());
        if (!followed) co_return followed;
        request = dataverse::next_page(around.courier.service(), page->end.next_link, mode, rows,
                                       around.courier.request_id());
    }
}

} // namespace hawser::engine

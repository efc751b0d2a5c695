#include "engine/read_back.h"

#include "base/body.h"
#include "transport/dataverse/page.h"
#include "transport/dataverse/write.h"

#include <algorithm>

namespace hawser::engine {

namespace {

constexpr std::size_t reads_a_batch = 200;

dataverse::BatchItem item_of(const ReadBack& read)
{
    if (!read.table) return {{dataverse::receipt_read_step(read.key.id)}};
    return {{dataverse::read_step(read.table->table(), read.table->layout(), read.key.id)}};
}

Found found_of(Surroundings& around, const ReadBack& read, const dataverse::ItemAnswer& item,
               const std::optional<dataverse::Outcome>& whole)
{
    using Kind = dataverse::Outcome::Kind;
    const dataverse::Asked asked{dataverse::Asked::Action::read, read.key.id};
    const dataverse::Outcome outcome = dataverse::classify(item, whole, asked, around.now());
    Found found;
    if (outcome.kind == Kind::gone) found.presence = Found::Presence::absent;
    if (outcome.kind == Kind::access) found.presence = Found::Presence::no_access;
    if (outcome.kind != Kind::applied || item.answers.empty()) return found;
    if (!read.table) {
        found.presence = Found::Presence::present;
        return found;
    }
    const auto copy = found_in(*read.table, item.answers.back().body, nullptr);
    return copy ? *copy : found;
}

} // namespace

std::optional<dataverse::Outcome> heed_throttling(Surroundings& around, const dataverse::BatchAnswer& parts)
{
    std::optional<dataverse::Outcome> first;
    for (const dataverse::ItemAnswer& item : parts.items) {
        if (item.answers.empty()) continue;
        const dataverse::Asked asked{dataverse::Asked::Action::read, {}};
        dataverse::Outcome outcome = dataverse::classify(item.answers.back(), asked, around.now());
        if (outcome.kind != dataverse::Outcome::Kind::throttled || !outcome.retry_after) continue;
        around.courier.hold_back(*outcome.retry_after);
        if (!first) first = std::move(outcome);
    }
    return first;
}

Result<Found> found_in(const TableWork& table, std::string_view body, const Collection* parties)
{
    const auto copy = dataverse::parse_record(table.plan, body, parties);
    if (!copy) return copy.error();
    auto fields = decode_body(table.layout(), table.table(), copy->body);
    if (!fields) return fields.error();
    return Found{Found::Presence::present, copy->etag, std::move(*fields)};
}

Task<Result<std::vector<Found>>> read_back(Surroundings& around, std::vector<ReadBack> reads)
{
    std::vector<Found> found;
    found.reserve(reads.size());
    std::size_t portion = reads_a_batch;
    while (found.size() < reads.size()) {
        const std::size_t at = found.size();
        const std::size_t count = std::min(portion, reads.size() - at);
        std::vector<dataverse::BatchItem> items;
        for (std::size_t i = at; i < at + count; ++i) items.push_back(item_of(reads[i]));
        http::Request request = dataverse::write_batch(
            around.courier.service(), items, dataverse::OnError::go_on, around.courier.request_id());
        request.max_body_bytes = around.options.page_bytes_most;
        auto sending = around.courier.send(std::move(request));
        const Result<http::Answer> answer = co_await std::move(sending);
        const bool too_large = !answer && answer.error().code == "net.too_large";
        if (!answer && !too_large) co_return answer.error();
        dataverse::BatchAnswer parts;
        if (answer) parts = dataverse::parse_batch(*answer, items, dataverse::OnError::go_on, around.now());
        if (too_large || (parts.whole && dataverse::smaller_may_pass(*parts.whole))) {
            if (count == 1) found.emplace_back().too_large = too_large;
            portion = std::max<std::size_t>(count / 2, 1);
            continue;
        }
        if (parts.whole) co_return dataverse::to_error(*parts.whole, "show records");
        (void)heed_throttling(around, parts);
        for (std::size_t i = 0; i < count; ++i)
            found.push_back(found_of(around, reads[at + i], parts.items[i], parts.whole));
    }
    co_return found;
}

} // namespace hawser::engine

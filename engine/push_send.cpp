#include "engine/push.h"
#include "localstore/transaction.h"
#include "transport/dataverse/outcome.h"

#include <algorithm>
#include <utility>

namespace hawser::engine {

namespace {

using Kind = dataverse::Outcome::Kind;

/// What one request should carry at most; a larger unit goes alone.
constexpr std::size_t most_request_bytes = std::size_t{8} << 20;
/// Headers and separators of one operation, about.
constexpr std::size_t bytes_around_a_step = 400;
/// Single changes in a row that something on the way answered in place of the organization.
constexpr int most_blocked = 3;

/// What the organization was asked, for reading its answer.
dataverse::Asked asked_of(const Draft& draft)
{
    using Action = dataverse::Asked::Action;
    if (draft.parts.size() != 1) {
        dataverse::Asked group{Action::group, {}};
        for (const Draft::Part& part : draft.parts) group.members.push_back(part.key.id);
        return group;
    }
    const Draft::Part& part = draft.parts.front();
    switch (part.kind) {
    case localstore::StepKind::create:
        return {Action::create, part.key.id};
    case localstore::StepKind::remove:
        return {Action::remove, part.key.id};
    default:
        return {Action::update, part.key.id};
    }
}

/// A batch that was answered as a whole in one of these ways says the same of every further one.
bool befalls_every_batch(Kind kind)
{
    return kind == Kind::throttled || kind == Kind::sign_in || kind == Kind::stop ||
           kind == Kind::intercepted || kind == Kind::retry;
}

/// Said of one part, these hold for everything that would be sent after it.
bool concerns_the_user(Kind kind)
{
    return kind == Kind::throttled || kind == Kind::sign_in || kind == Kind::stop;
}

/// A read can tell what became of the request.
bool may_be_told_later(const Error& lost)
{
    return lost.kind == ErrorKind::retry || lost.code == "net.too_large";
}

std::size_t bytes_of(const Draft& draft)
{
    std::size_t bytes = 0;
    for (const dataverse::Step& step : draft.item.steps)
        bytes += step.path.size() + step.body.size() + bytes_around_a_step;
    return bytes;
}

} // namespace

std::size_t Pusher::portion_end(const std::vector<Sent>& batch, std::size_t at) const
{
    std::size_t items = portion_;
    if (answer_bytes_ > 0) items = std::min(items, around_.options.page_bytes_most / 4 / answer_bytes_);
    std::size_t bytes = 0;
    std::size_t steps = 0;
    std::size_t end = at;
    while (end < batch.size()) {
        bytes += bytes_of(batch[end].draft);
        steps += batch[end].draft.item.steps.size();
        const bool fits =
            end - at < items && bytes <= most_request_bytes && steps <= dataverse::max_batch_operations;
        if (end > at && !fits) break;
        ++end;
    }
    return end;
}

Task<Result<void>> Pusher::send(std::vector<Sent> batch, Guid request_id)
{
    Result<void> sent{};
    std::size_t at = 0;
    while (sent && at < batch.size()) {
        const std::size_t end = portion_end(batch, at);
        std::vector<Sent> some(batch.begin() + static_cast<std::ptrdiff_t>(at),
                               batch.begin() + static_cast<std::ptrdiff_t>(end));
        if (around_.leaving) {
            sent = stopped();
            break;
        }
        auto sending = send_portion(std::move(some), request_id);
        const Result<Portion> portion = co_await std::move(sending);
        if (!portion) {
            sent = portion.error();
            at = end;
        } else if (*portion == Portion::settled) {
            at = end;
        } else {
            portion_ = std::max<std::size_t>((end - at) / 2, 1);
            // A page in place of an answer proves nothing: the same again may meet its own first effect.
            if (*portion == Portion::blocked)
                for (std::size_t i = at; i < end; ++i) batch[i].resent = true;
        }
    }
    if (at == batch.size()) co_return sent;
    const Result<void> returned = put_back(batch, at);
    co_return returned ? sent : returned;
}

/// What was frozen and did not leave any more.
Result<void> Pusher::put_back(const std::vector<Sent>& batch, std::size_t from)
{
    return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            for (std::size_t i = from; i < batch.size(); ++i) {
                const Result<void> done =
                    batch[i].resent
                        ? store_unknown(transaction, batch[i])
                        : transaction.intents.later(batch[i].draft.intent, "the push ended before it",
                                                    std::nullopt, cycle_.number, around_.now());
                if (!done) return done;
            }
            return {};
        });
}

Task<Result<Pusher::Portion>> Pusher::send_portion(std::vector<Sent> batch, Guid request_id)
{
    std::vector<dataverse::BatchItem> items;
    items.reserve(batch.size());
    for (const Sent& sent : batch) items.push_back(sent.draft.item);
    http::Request request =
        dataverse::write_batch(around_.courier.service(), items, dataverse::OnError::go_on, request_id);
    request.max_body_bytes = around_.options.page_bytes_most;
    auto sending = around_.courier.send(std::move(request));
    const Result<http::Answer> answer = co_await std::move(sending);
    dataverse::BatchAnswer parts;
    parts.items.resize(items.size());
    if (answer)
        parts = dataverse::parse_batch(*answer, items, dataverse::OnError::go_on, around_.now());
    else
        parts.whole = dataverse::classify(answer.error(), {dataverse::Asked::Action::action, {}});
    if (answer && parts.whole && dataverse::smaller_may_pass(*parts.whole)) {
        const bool blocked = parts.whole->kind == Kind::unknown;
        if (items.size() > 1) co_return blocked ? Portion::blocked : Portion::refused;
        blocked_ = blocked ? blocked_ + 1 : 0;
    } else {
        blocked_ = 0;
    }
    weigh(answer, items.size());
    // Failures before the request was sent, the courier's own among them, are known not to have arrived.
    const bool never_sent =
        !answer && (!answer.error().code.starts_with("net.") || !http::may_have_arrived(answer.error()));
    if (never_sent)
        for (dataverse::ItemAnswer& item : parts.items) item.state = dataverse::ItemAnswer::State::not_run;
    Followed followed;
    const Result<void> settled = settle_all(batch, parts, never_sent, followed);
    if (!settled) co_return settled.error();
    if (!answer && (never_sent || around_.leaving || !may_be_told_later(answer.error())))
        co_return answer.error();
    if (parts.whole && answer && (befalls_every_batch(parts.whole->kind) || blocked_ >= most_blocked))
        co_return dataverse::to_error(*parts.whole, "take changes");
    if (followed.ending) {
        if (followed.ending->retry_after) around_.courier.hold_back(*followed.ending->retry_after);
        co_return dataverse::to_error(*followed.ending, "take changes");
    }
    auto following = follow_up(std::move(followed.back), std::move(followed.anew));
    const Result<void> done = co_await std::move(following);
    if (!done) co_return done.error();
    co_return Portion::settled;
}

/// What an answer weighs decides how many changes the next request asks about.
void Pusher::weigh(const Result<http::Answer>& answer, std::size_t items)
{
    if (answer)
        answer_bytes_ = std::max(answer_bytes_, answer->body.size() / std::max<std::size_t>(items, 1));
    else if (answer.error().code == "net.too_large")
        portion_ = std::max<std::size_t>(items / 2, 1);
}

Result<void> Pusher::settle_all(const std::vector<Sent>& batch, const dataverse::BatchAnswer& parts,
                                bool never_sent, Followed& followed)
{
    return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            followed = {};
            for (std::size_t i = 0; i < batch.size(); ++i) {
                const dataverse::Asked asked = asked_of(batch[i].draft);
                dataverse::Outcome outcome =
                    dataverse::classify(parts.items[i], parts.whole, asked, around_.now());
                if (never_sent) outcome.kind = Kind::not_run;
                if (!parts.whole && !followed.ending && concerns_the_user(outcome.kind))
                    followed.ending = outcome;
                const auto follow = settle(transaction, batch[i], parts.items[i], outcome);
                if (!follow) return follow.error();
                if (*follow == Follow::read_back) followed.back.push_back(batch[i]);
                if (*follow == Follow::decide_anew) followed.anew.push_back(batch[i]);
                if (*follow == Follow::recover) recover_now_ = true;
            }
            return {};
        });
}

} // namespace hawser::engine

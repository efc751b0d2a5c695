#include "engine/courier.h"

#include "transport/dataverse/outcome.h"
#include "transport/odata/answer.h"
#include "transport/odata/url.h"

#include <algorithm>
#include <utility>

namespace hawser::engine {

namespace {

constexpr int most_waits = 3;
constexpr Clock::Milliseconds first_pause{300};

/// A read changes nothing, so it may be asked again when its answer was lost or the organization
/// stumbled. Where nobody answers at all, asking again at once helps nobody.
bool worth_repeating(const http::Request& request, const Result<http::Answer>& answer)
{
    if (request.method != "GET") return false;
    if (!answer) return answer.error().code == "net.lost_answer";
    return answer->status == 500 || (answer->status >= 502 && answer->status <= 504);
}

Error refused_token(const dataverse::Service& service)
{
    return {ErrorKind::sign_in, "server.sign_in",
            service.host() + " does not accept the sign-in any more; sign in again"};
}

/// What the log says of a request. A query may hold what people wrote; the path holds names and ids.
struct Sketch {
    std::string method;
    std::string path;
    std::string id; ///< x-ms-client-request-id, which support at the organization asks for.
};

Sketch sketch_of(const dataverse::Service& service, const http::Request& request)
{
    Sketch sketch{request.method, request.url.substr(0, request.url.find('?')), {}};
    if (sketch.path.starts_with(service.root)) sketch.path.erase(0, service.root.size());
    for (const http::Header& header : request.headers)
        if (header.name == "x-ms-client-request-id") sketch.id = header.value;
    return sketch;
}

} // namespace

Courier::Courier(Loop& loop, dataverse::Service service, std::shared_ptr<http::Exchange> exchange,
                 std::shared_ptr<TokenProvider> tokens, std::shared_ptr<Random> random,
                 std::optional<Expected> expected, Log log)
    : loop_(loop),
      service_(std::move(service)),
      exchange_(std::move(exchange)),
      tokens_(std::move(tokens)),
      random_(std::move(random)),
      expected_(expected),
      log_(std::move(log))
{
}

Task<Result<http::Answer>> Courier::send(http::Request request)
{
    return send_as(std::move(request), expected_.has_value());
}

std::shared_ptr<Courier::Flight> Courier::dispatch(http::Request request)
{
    auto flight = std::make_shared<Flight>();
    loop_.start([this, flight, request = std::move(request)]() -> Task<void> {
        auto sending = send(request);
        flight->answer.emplace(co_await std::move(sending));
        flight->landed.ring();
    });
    return flight;
}

Task<Result<http::Answer>> Courier::land(std::shared_ptr<Flight> flight)
{
    while (!flight->answer) {
        auto resting = loop_.rest(flight->landed, std::nullopt);
        co_await std::move(resting);
    }
    co_return std::move(*flight->answer);
}

Task<Result<http::Answer>> Courier::send_as(http::Request request, bool confirm)
{
    const Result<std::string> target = odata::same_service(service_.root, request.url);
    if (!target) co_return target.error();
    bool renewed = false;
    int repeats = 0;
    for (int waits = 0;; ++waits) {
        const Result<void> rested = co_await sit_out(waits);
        if (!rested) co_return rested.error();
        if (token_.empty()) {
            const Result<void> got = co_await renew(std::string());
            if (!got) co_return got.error();
        }
        if (confirm && !identity_) {
            const Result<dataverse::Identity> confirmed = co_await identify();
            if (!confirmed) co_return confirmed.error();
        }
        const std::string used = token_;
        http::Request copy = request;
        Result<http::Answer> answer = co_await take_turn(std::move(copy), waits);
        if (worth_repeating(request, answer)) {
            if (repeats < most_repeats && !in_vain_) {
                co_await pause_before_repeat(repeats++);
                continue;
            }
            // One that is down is not helped by three times as many requests from everybody.
            in_vain_ = true;
        } else if (answer && answer->status < 500) {
            in_vain_ = false;
        }
        if (!answer) co_return answer;
        if (answer->status == 401) {
            if (std::exchange(renewed, true)) co_return refused_token(service_);
            const Result<void> got = co_await renew(used);
            if (!got) co_return got.error();
            continue;
        }
        if (answer->status != 429 || waits >= most_waits) co_return answer;
    }
}

/// Others may have been asked for quiet while this one waited for its turn.
Task<Result<http::Answer>> Courier::take_turn(http::Request request, int refusals)
{
    while ((held() && !loop_.is_interrupted()) || under_way_ >= parallelism_) {
        const Result<void> rested = co_await sit_out(refusals);
        if (!rested) co_return rested.error();
        if (under_way_ < parallelism_) continue;
        auto bell = std::make_shared<Bell>();
        waiting_for_turn_.push_back(bell);
        auto resting = loop_.rest(*bell, std::nullopt);
        co_await std::move(resting);
    }
    ++under_way_;
    Result<http::Answer> answer = co_await send_once(std::move(request));
    --under_way_;
    for (const auto& bell : std::exchange(waiting_for_turn_, {})) bell->ring();
    co_return answer;
}

/// Jittered, so that many replicas do not come back at the same moment.
Task<void> Courier::pause_before_repeat(int repeat)
{
    const auto most = first_pause.count() << repeat;
    auto sleeping = loop_.sleep(Clock::Milliseconds{
        most / 2 + static_cast<Clock::Milliseconds::rep>(below(*random_, static_cast<std::uint64_t>(most)))});
    co_await std::move(sleeping);
}

Task<Result<http::Answer>> Courier::send_once(http::Request request)
{
    request.headers.push_back({"Authorization", "Bearer " + token_});
    ++requests_;
    const Sketch sketch = sketch_of(service_, request);
    const auto sent = loop_.clock().elapsed();
    auto exchanging = loop_.exchange(*exchange_, std::move(request));
    Result<http::Answer> answer = co_await std::move(exchanging);
    const std::int64_t milliseconds = (loop_.clock().elapsed() - sent).count();
    if (!answer) {
        log_.debug("request.failed", {{"method", sketch.method},
                                      {"path", sketch.path},
                                      {"request", sketch.id},
                                      {"code", answer.error().code},
                                      {"milliseconds", milliseconds}});
        if (answer.error().kind == ErrorKind::offline) doubt();
        co_return answer;
    }
    log_.debug("request", {{"method", sketch.method},
                           {"path", sketch.path},
                           {"request", sketch.id},
                           {"status", answer->status},
                           {"bytes", static_cast<std::int64_t>(answer->body.size())},
                           {"milliseconds", milliseconds}});
    if (const auto hint = dataverse::parallelism_hint(*answer)) parallelism_ = *hint;
    if (answer->status == 429)
        hold_back(odata::retry_after(*answer, loop_.clock().now()).value_or(std::chrono::seconds{5}));
    co_return answer;
}

void Courier::hold_back(std::chrono::seconds wait)
{
    wait = std::min<std::chrono::seconds>(wait, longest_wait);
    log_.warning("throttled", {{"seconds", wait.count()}});
    held_until_ = std::max(held_until_, loop_.clock().elapsed() + Clock::Milliseconds{wait});
    if (wait > short_wait && on_hold) on_hold(loop_.clock().now() + wait);
}

std::optional<Error> Courier::held() const
{
    const auto left = held_until_ - loop_.clock().elapsed();
    if (left <= Clock::Milliseconds{0}) return std::nullopt;
    Error wait{ErrorKind::wait, "server.throttled",
               service_.host() + " asked us to send nothing for a while"};
    wait.retry_after = std::chrono::ceil<std::chrono::seconds>(left);
    return wait;
}

/// Everybody may have been asked for quiet until the same moment: they come back spread over a time that
/// doubles with each refusal. Meanwhile another request may have been asked for more of it.
Task<Result<void>> Courier::sit_out(int refusals)
{
    for (;;) {
        const auto left = held_until_ - loop_.clock().elapsed();
        // Who is interrupted sleeps no more, and sends nothing.
        if (left <= Clock::Milliseconds{0} || loop_.is_interrupted()) co_return Result<void>{};
        if (left > Clock::Milliseconds{short_wait}) co_return *held();
        const auto widest =
            std::min<Clock::Milliseconds>(left * (1 << std::max(refusals - 1, 0)), short_wait);
        auto sleeping = loop_.sleep(left + Clock::Milliseconds{static_cast<std::int64_t>(below(
                                               *random_, static_cast<std::uint64_t>(widest.count()) + 1))});
        co_await std::move(sleeping);
    }
}

Task<Result<void>> Courier::renew(std::string refused)
{
    while (renewing_) {
        auto bell = std::make_shared<Bell>();
        waiting_for_token_.push_back(bell);
        auto resting = loop_.rest(*bell, std::nullopt);
        co_await std::move(resting);
    }
    // Another request was refused with the same token and has renewed it meanwhile.
    if (token_ != refused) co_return Result<void>{};
    renewing_ = true;
    log_.info("token",
              {{"why", refused.empty() ? "there is none yet" : "the organization refused the last one"}});
    auto asking = loop_.token(*tokens_, !refused.empty());
    Result<std::string> token = co_await std::move(asking);
    renewing_ = false;
    for (const auto& bell : std::exchange(waiting_for_token_, {})) bell->ring();
    if (!token) co_return token.error();
    if (token->empty()) co_return refused_token(service_);
    if (*token != token_) identity_.reset();
    token_ = std::move(*token);
    co_return Result<void>{};
}

Task<Result<dataverse::Identity>> Courier::identify()
{
    if (identity_) co_return *identity_;
    http::Request question = dataverse::who_am_i(service_, request_id());
    auto asking = send_as(std::move(question), false);
    const Result<http::Answer> answer = co_await std::move(asking);
    if (!answer) co_return answer.error();
    Result<dataverse::Identity> identity = dataverse::parse_who_am_i(*answer, loop_.clock().now());
    if (!identity) co_return identity;
    const Result<void> right = check(*identity);
    if (!right) {
        // The provider may know a better one by the next time.
        token_.clear();
        co_return right.error();
    }
    identity_ = *identity;
    co_return identity;
}

Result<void> Courier::check(const dataverse::Identity& identity) const
{
    if (!expected_) return {};
    if (identity.organization_id != expected_->organization)
        return Error{ErrorKind::stop, "engine.other_organization",
                     "this replica belongs to organization " + expected_->organization.text() + ", but " +
                         service_.host() + " is organization " + identity.organization_id.text() +
                         "; nothing was sent. Open the right address, or make another replica for it"};
    if (identity.user_id != expected_->user)
        return Error{ErrorKind::stop, "engine.other_user",
                     "this replica belongs to user " + expected_->user.text() +
                         ", but the sign-in is that of user " + identity.user_id.text() +
                         "; nothing was sent. Sign in as the right user"};
    return {};
}

} // namespace hawser::engine

#include "tests/simulation/network.h"

#include <algorithm>
#include <utility>

namespace hawser::simulation {

namespace {

using Milliseconds = Clock::Milliseconds;

http::Answer page(int status, const char* words)
{
    return {status, {{"Content-Type", "text/html"}}, std::string("<html>") + words + "</html>"};
}

http::Answer refusal(int status, const char* code, const char* words)
{
    const std::string body =
        std::string(R"({"error":{"code":")") + code + R"(","message":")" + words + R"("}})";
    return {status, {{"Content-Type", "application/json; odata.metadata=minimal"}}, body};
}

} // namespace

http::Exchange::Ticket Network::send(http::Request request, Done done)
{
    const std::uint64_t number = ++number_;
    world_.sends(where_, request);
    if (clock_->elapsed() < quiet_until_) world_.sent_too_soon(where_, request);
    Draw draw(stirred(stirred(script_.seed, 2000 + where_), number));
    auto journey = std::make_shared<Journey>();
    journey->there = Milliseconds{draw.between(5, 200)};
    journey->back = Milliseconds{draw.between(5, 200)};
    journey->life = life_;
    journey->number = number;
    journey->request = std::move(request);
    journey->done = std::move(done);
    const bool changes_a_record = journey->request.body.find("If-Match: W/") != std::string::npos;
    Mishap mishap = calm ? Mishap::none : befalls(script_, where_, number, changes_a_record);
    if (mishap == Mishap::outrun && !world_.outrun(journey->request)) mishap = Mishap::none;
    if (mishap != Mishap::none) world_.befell(where_, number, mishap, journey->request);
    start(journey, mishap, draw);
    return number;
}

void Network::start(const Shared& journey, Mishap mishap, Draw draw)
{
    switch (mishap) {
    case Mishap::reordered:
        journey->there += Milliseconds{draw.between(1'000, 9'000)};
        [[fallthrough]];
    case Mishap::none:
    case Mishap::outrun:
        after(journey->there, [this, journey] { arrive(journey); });
        break;
    case Mishap::duplicate:
        after(journey->there, [this, journey] {
            (void)world_.carry(where_, journey->request);
            arrive(journey);
        });
        break;
    case Mishap::truncated:
        after(journey->there, [this, journey, draw]() mutable {
            http::Answer answer = world_.carry(where_, journey->request);
            if (!answer.body.empty()) answer.body.resize(draw.below(answer.body.size()));
            deliver(journey, std::move(answer));
        });
        break;
    default:
        start_unlucky(journey, mishap, draw);
    }
}

void Network::start_unlucky(const Shared& journey, Mishap mishap, Draw draw)
{
    const auto carried = [this, journey] {
        world_.comes_late(where_);
        (void)world_.carry(where_, journey->request);
    };
    const Milliseconds given_up{draw.between(300, 30'000)};
    switch (mishap) {
    case Mishap::unreachable:
        return fail(journey, journey->there, "net.unreachable");
    case Mishap::request_lost:
        return fail(journey, given_up, "net.lost_answer");
    case Mishap::answer_lost:
        after(journey->there, carried);
        return fail(journey, journey->there + given_up, "net.lost_answer");
    case Mishap::late:
        fail(journey, given_up, "net.lost_answer");
        return after(given_up + Milliseconds{draw.between(100, 60'000)}, carried);
    case Mishap::slow:
        after(Milliseconds{draw.between(5, 90'000)}, carried);
        return fail(journey, journey->request.timeout, "net.timeout");
    case Mishap::unauthorized:
        return reply(journey, {401, {{"WWW-Authenticate", "Bearer"}}, ""});
    case Mishap::gateway_403:
        return reply(journey, page(403, "Forbidden"));
    case Mishap::gateway_404:
        return reply(journey, page(404, "Not Found"));
    case Mishap::gateway_410:
        return reply(journey, page(410, "Gone"));
    case Mishap::throttled: {
        http::Answer answer = refusal(429, "0x80072322", "Number of requests exceeded");
        const std::chrono::seconds quiet{draw.between(1, 90)};
        answer.headers.push_back({"Retry-After", std::to_string(quiet.count())});
        after(journey->there + journey->back, [this, quiet, journey] {
            const bool heard = journey->life == life_ && !unheard_.contains(journey->number);
            if (heard) quiet_until_ = std::max(quiet_until_, clock_->elapsed() + quiet);
        });
        return reply(journey, std::move(answer));
    }
    case Mishap::server_error:
        return reply(journey, refusal(500, "0x80040216", "An unexpected error occurred."));
    case Mishap::unavailable:
        return reply(journey, page(503, "Service Unavailable"));
    case Mishap::portal:
        return reply(journey, page(200, "Welcome to the hotel"));
    case Mishap::killed_after:
        after(Milliseconds{draw.between(5, 20'000)}, carried);
        [[fallthrough]];
    default:
        return world_.kill(where_);
    }
}

void Network::arrive(const Shared& journey)
{
    deliver(journey, world_.carry(where_, journey->request));
}

void Network::deliver(const Shared& journey, http::Answer answer)
{
    after(journey->back, [this, journey, answer = std::move(answer)] {
        world_.delivers(where_, journey->request, answer);
        journey->done(answer);
    });
}

void Network::reply(const Shared& journey, http::Answer answer)
{
    after(journey->there + journey->back, [journey, answer = std::move(answer)] { journey->done(answer); });
}

void Network::fail(const Shared& journey, Milliseconds wait, const char* code)
{
    const ErrorKind kind =
        std::string_view(code) == "net.unreachable" ? ErrorKind::offline : ErrorKind::retry;
    after(wait, [journey, kind, code] { journey->done(Error{kind, code, "the connection broke"}); });
}

} // namespace hawser::simulation

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
    journey->place = world_.next_place();
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
        wait_to_be_overtaken(journey, clock_->elapsed() + std::min(Milliseconds{draw.between(1'000, 90'000)},
                                                                   journey->request.timeout * 4 / 5));
        break;
    case Mishap::none:
    case Mishap::outrun:
        after(journey->there, [this, journey] { arrive(journey); });
        break;
    case Mishap::duplicate:
        arrive_twice(journey, draw);
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
    const bool is_done = draw.chance(0.5);
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
        return answer_instead(journey, page(403, "Forbidden"), is_done);
    case Mishap::gateway_404:
        return answer_instead(journey, page(404, "Not Found"), is_done);
    case Mishap::gateway_410:
        return answer_instead(journey, page(410, "Gone"), is_done);
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
        return answer_instead(journey, refusal(500, "0x80040216", "An unexpected error occurred."), is_done);
    case Mishap::unavailable:
        return answer_instead(journey, page(503, "Service Unavailable"), is_done);
    case Mishap::portal:
        return answer_instead(journey, page(200, "Welcome to the hotel"), is_done);
    case Mishap::killed_after:
        after(Milliseconds{draw.between(5, 20'000)}, carried);
        [[fallthrough]];
    default:
        return world_.kill(where_);
    }
}

void Network::arrive_twice(const Shared& journey, Draw draw)
{
    // At once, when only the second answer comes back, or whenever the copy that took another way arrives.
    const bool at_once = draw.chance(0.5);
    const Milliseconds apart{draw.between(1, 60'000)};
    after(journey->there, [this, journey, at_once] {
        if (at_once) (void)world_.carry(where_, journey->request);
        arrive(journey);
    });
    if (at_once) return;
    after(journey->there + apart, [this, journey] {
        world_.comes_late(where_);
        (void)world_.carry(where_, journey->request);
    });
}

void Network::wait_to_be_overtaken(const Shared& journey, Milliseconds until)
{
    constexpr Milliseconds step{500};
    after(std::max(journey->there, step), [this, journey, until] {
        const bool overtaken = world_.is_overtaken(journey->place);
        if (!overtaken && clock_->elapsed() < until) return wait_to_be_overtaken(journey, until);
        if (overtaken) world_.was_overtaken();
        arrive(journey);
    });
}

void Network::answer_instead(const Shared& journey, http::Answer answer, bool is_done)
{
    if (is_done) {
        world_.hides_the_answer(journey->request);
        after(journey->there, [this, journey] {
            world_.comes_late(where_);
            (void)world_.carry(where_, journey->request);
        });
    }
    reply(journey, std::move(answer));
}

void Network::arrive(const Shared& journey)
{
    world_.arrives(journey->place);
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

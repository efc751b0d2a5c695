#include "tests/simulation/struck_network.h"

#include <algorithm>
#include <utility>

namespace hawser::simulation {

using Milliseconds = Clock::Milliseconds;

http::Exchange::Ticket StruckNetwork::send(http::Request request, Done done)
{
    const std::uint64_t number = ++number_;
    Draw draw(stirred(stirred(script_.seed, 2000 + where_), number));
    const Milliseconds there{draw.between(5, 200)};
    const Milliseconds back{draw.between(5, 200)};
    const auto journey =
        std::make_shared<Journey>(Journey{std::move(request), std::move(done), clock_->elapsed()});
    if (state_ == State::disconnected)
        clock_->call_after(there, [journey] {
            journey->done(Error{ErrorKind::offline, "net.unreachable", "there is no connection"});
        });
    else if (state_ == State::requests_lost)
        give_up(journey);
    else
        clock_->call_after(there, [this, journey, back] { carry(journey, back); });
    return number;
}

void StruckNetwork::carry(const Shared& journey, Milliseconds back)
{
    http::Answer answer = world_.carry(where_, journey->request);
    clock_->call_after(back, [this, journey, answer = std::move(answer)] { hand_over(journey, answer); });
}

void StruckNetwork::hand_over(const Shared& journey, const http::Answer& answer)
{
    switch (state_) {
    case State::whole:
    case State::requests_lost:
        world_.delivers(where_, journey->request, answer);
        return journey->done(answer);
    case State::disconnected:
        return journey->done(Error{ErrorKind::retry, "net.lost_answer", "the connection broke"});
    case State::answers_lost:
        return give_up(journey);
    case State::receiver_asleep:
        waiting_.push_back([this, journey, answer] { hand_over(journey, answer); });
        return;
    }
}

/// When the sender's patience is over.
void StruckNetwork::give_up(const Shared& journey)
{
    const Milliseconds over = journey->begun + journey->request.timeout;
    clock_->call_after(std::max(over - clock_->elapsed(), Milliseconds{0}), [this, journey] {
        const auto done = [journey] {
            journey->done(Error{ErrorKind::retry, "net.timeout", "no answer came in time"});
        };
        if (state_ == State::receiver_asleep)
            waiting_.push_back(done);
        else
            done();
    });
}

void StruckNetwork::become(State state)
{
    state_ = state;
    if (state != State::whole) return;
    for (const auto& delivery : std::exchange(waiting_, {})) delivery();
}

} // namespace hawser::simulation

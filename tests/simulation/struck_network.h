#pragma once

#include "tests/simulation/network.h"

#include <functional>
#include <memory>
#include <vector>

namespace hawser::simulation {

/// A way to the organization that is whole or broken as a whole, as the world says.
///
/// What was sent before a break is under way during it: its answer meets the break.
class StruckNetwork : public Network {
public:
    enum class State {
        whole,
        disconnected,    ///< net.unreachable at once; what is under way breaks off.
        answers_lost,    ///< Carried out; the sender waits until its time is over.
        requests_lost,   ///< Not carried out; the sender waits until its time is over.
        receiver_asleep, ///< Answers wait until the process gets to run.
    };

    StruckNetwork(Surrounding& world, Script& script, std::shared_ptr<Clock> clock, std::size_t where)
        : Network(world, script, clock, where), world_(world), script_(script), clock_(clock), where_(where)
    {
    }

    Ticket send(http::Request request, Done done) override;
    /// From now on. With `whole`, what waited for its receiver is delivered.
    void become(State state);

private:
    struct Journey {
        http::Request request;
        Done done;
        Clock::Milliseconds begun{};
    };
    using Shared = std::shared_ptr<Journey>;

    void carry(const Shared& journey, Clock::Milliseconds back);
    void hand_over(const Shared& journey, const http::Answer& answer);
    void give_up(const Shared& journey);

    Surrounding& world_;
    Script& script_;
    std::shared_ptr<Clock> clock_;
    std::size_t where_;
    std::uint64_t number_ = 0;
    State state_ = State::whole;
    std::vector<std::function<void()>> waiting_{};
};

} // namespace hawser::simulation

#pragma once

#include "hawser/clock.h"
#include "tests/simulation/draw.h"
#include "tests/simulation/script.h"
#include "transport/http/exchange.h"

#include <functional>
#include <memory>
#include <set>

namespace hawser::simulation {

/// What a network asks of the world around it.
class Surrounding {
public:
    virtual ~Surrounding() = default;
    /// A request leaves installation `where`, whatever becomes of it.
    virtual void sends(std::size_t, const http::Request&) {}
    /// The organization's answer to what installation `where` sent.
    virtual http::Answer carry(std::size_t where, const http::Request& request) = 0;
    /// What is carried next was given up by its sender.
    virtual void comes_late(std::size_t) {}
    /// Something on the way answers, after the organization did what was asked.
    virtual void hides_the_answer(const http::Request&) {}
    /// The place of a request among all that anybody sends.
    virtual std::uint64_t next_place() { return 0; }
    /// Whether one with a later place has arrived.
    virtual bool is_overtaken(std::uint64_t) const { return true; }
    virtual void arrives(std::uint64_t) {}
    virtual void was_overtaken() {}
    /// An answer is about to be delivered.
    virtual void delivers(std::size_t where, const http::Request& request, const http::Answer& answer) = 0;
    /// A colleague is faster. False when the request is about no record that is there.
    virtual bool outrun(const http::Request& request) = 0;
    /// The process ends as soon as it waits.
    virtual void kill(std::size_t where) = 0;
    /// A request left before the time was over for which the organization had asked for quiet.
    virtual void sent_too_soon(std::size_t where, const http::Request& request) = 0;
    virtual void befell(std::size_t where, std::uint64_t number, Mishap mishap,
                        const http::Request& request) = 0;
};

/// One installation's way to the organization, in virtual time. What was sent arrives even if its sender
/// is no more.
///
/// Not for more than one thread. Must outlive the clock's timers.
class Network : public http::Exchange {
public:
    Network(Surrounding& world, Script& script, std::shared_ptr<Clock> clock, std::size_t where)
        : world_(world), script_(script), clock_(std::move(clock)), where_(where)
    {
    }

    Ticket send(http::Request request, Done done) override;
    /// Answers come all the same; nobody listens.
    void cancel(Ticket ticket) override { unheard_.insert(ticket); }

    /// The process is another one: it may not know for how long it should be quiet.
    void forget()
    {
        quiet_until_ = {};
        ++life_;
    }

    /// Nothing befalls any more.
    bool calm = false;

private:
    struct Journey {
        http::Request request;
        Done done;
        Clock::Milliseconds there{};
        Clock::Milliseconds back{};
        int life = 0; ///< Of the process that sent it.
        Ticket number = 0;
        std::uint64_t place = 0;
    };
    using Shared = std::shared_ptr<Journey>;

    void start(const Shared& journey, Mishap mishap, Draw draw);
    void start_unlucky(const Shared& journey, Mishap mishap, Draw draw);
    void arrive(const Shared& journey);
    void arrive_twice(const Shared& journey, Draw draw);
    void wait_to_be_overtaken(const Shared& journey, Clock::Milliseconds until);
    void answer_instead(const Shared& journey, http::Answer answer, bool is_done);
    void deliver(const Shared& journey, http::Answer answer);
    void fail(const Shared& journey, Clock::Milliseconds after, const char* code);
    void reply(const Shared& journey, http::Answer answer);
    void after(Clock::Milliseconds wait, std::function<void()> what)
    {
        clock_->call_after(wait, std::move(what));
    }

    Surrounding& world_;
    Script& script_;
    std::shared_ptr<Clock> clock_;
    std::size_t where_;
    std::uint64_t number_ = 0;
    std::set<Ticket> unheard_{};
    Clock::Milliseconds quiet_until_{};
    int life_ = 0;
};

} // namespace hawser::simulation

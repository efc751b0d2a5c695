#pragma once

#include "hawser/clock.h"
#include "hawser/random.h"
#include "tools/server/core/organization.h"
#include "transport/http/exchange.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::tests {

/// What befalls one request on its way.
enum class Fault {
    none,
    unreachable,   ///< No connection: it certainly did not arrive.
    drop_request,  ///< Lost on the way there; the sender cannot know.
    drop_answer,   ///< Carried out; the answer is lost.
    late,          ///< Lost for the sender, and carried out only after the next request.
    duplicate,     ///< Carried out twice; the second answer arrives.
    portal,        ///< A network's sign-in page answers.
    busy,          ///< 503 with HTML, not carried out.
    throttle,      ///< 429 with Retry-After: 3, not carried out.
    truncate,      ///< Carried out; half of the answer comes, with nothing to tell that.
    expired_token, ///< 401, not carried out.
    hang,          ///< Never arrives and is never answered: for killing the engine while it waits.
    hang_done,     ///< Carried out and never answered.
};

inline constexpr Fault all_faults[] = {
    Fault::unreachable, Fault::drop_request, Fault::drop_answer, Fault::late,     Fault::duplicate,
    Fault::portal,      Fault::busy,         Fault::throttle,    Fault::truncate, Fault::expired_token};

constexpr std::string_view name(Fault fault)
{
    constexpr std::string_view names[] = {
        "none", "unreachable", "drop_request", "drop_answer",   "late", "duplicate", "portal",
        "busy", "throttle",    "truncate",     "expired_token", "hang", "hang_done"};
    return names[static_cast<std::size_t>(fault)];
}

/// Hands a request to the organization as if the network had brought it there.
http::Answer carry_out(server::Organization& organization, const http::Request& request, Instant now,
                       Random& random);

/// The path and query of an address.
std::string target_of(const std::string& url);

/// An Exchange that hands requests to an embedded organization in the same process, with a script of
/// faults by request number. Answers come before `send` returns; the engine posts them anyway.
///
/// Not for more than one thread.
class OrganizationExchange : public http::Exchange {
public:
    struct Seen {
        std::string method;
        std::string target;
        std::string authorization;
        std::size_t body_bytes = 0;
    };
    /// Called before each request, with its number from 0.
    std::function<Fault(std::size_t number, const http::Request&)> script{};
    /// Called after each request that was carried out: another user's edits in between.
    std::function<void(std::size_t number)> after{};
    /// Takes an answer in hand before it is delivered.
    std::function<void(const http::Request&, http::Answer&)> alter{};
    std::vector<Seen> seen{};

    OrganizationExchange(server::Organization& organization, const Clock& clock, Random& random)
        : organization_(organization), clock_(clock), random_(random)
    {
    }

    Ticket send(http::Request request, Done done) override;
    void cancel(Ticket) override {}

    /// What is still on its way arrives now.
    void deliver_late();

private:
    Result<http::Answer> carry(const http::Request& request, Fault fault);
    http::Answer carry_out(const http::Request& request)
    {
        return tests::carry_out(organization_, request, clock_.now(), random_);
    }

    server::Organization& organization_;
    const Clock& clock_;
    Random& random_;
    std::optional<http::Request> late_{};
};

} // namespace hawser::tests

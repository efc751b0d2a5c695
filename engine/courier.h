#pragma once

#include "engine/log.h"
#include "engine/loop.h"
#include "hawser/guid.h"
#include "hawser/random.h"
#include "hawser/synchronizer.h"
#include "transport/dataverse/identity.h"
#include "transport/dataverse/service.h"
#include "transport/http/exchange.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hawser::engine {

/// Whom a replica may talk to, and as whom (I8).
struct Expected {
    Guid organization;
    Guid user;
};

/// Carries requests to one organization as one user.
///
/// Guarantees: nothing goes to another origin or API path than the service's. With `Expected` given,
/// nothing but WhoAmI goes out under a token before the organization confirmed, for that very token,
/// that it stands for this user of this organization. A refused token is renewed once a request.
/// After a 429 nothing at all is sent before the server's time is over; a wait up to
/// `short_wait` is sat out here, a little longer by chance and at most a few times a request; else it
/// is the caller's error to plan by. A read (GET) whose answer was lost on the way, or that met a passing
/// fault (500, 502 to 504), is asked again `most_repeats` times, unless that was in vain the last time and
/// nothing was answered since. No more requests are under way at once than the organization's
/// `x-ms-dop-hint`, 4 before it gave one.
///
/// `send` returns the answer whatever its status, except 401 (sign_in) and such waits.
/// Threads: the loop's.
class Courier {
public:
    static constexpr std::chrono::seconds short_wait{20};
    static constexpr std::chrono::hours longest_wait{1};
    static constexpr int most_repeats = 2;

    Courier(Loop& loop, dataverse::Service service, std::shared_ptr<http::Exchange> exchange,
            std::shared_ptr<TokenProvider> tokens, std::shared_ptr<Random> random,
            std::optional<Expected> expected, Log log = {});

    const dataverse::Service& service() const { return service_; }
    Guid request_id() { return Guid::make(*random_); }

    Task<Result<http::Answer>> send(http::Request request);

    /// A request on its way while its sender does something else.
    struct Flight {
        std::optional<Result<http::Answer>> answer{};
        Bell landed{};
    };
    std::shared_ptr<Flight> dispatch(http::Request request);
    Task<Result<http::Answer>> land(std::shared_ptr<Flight> flight);

    /// Confirms whom the present token stands for, unless that was done for it already.
    Task<Result<dataverse::Identity>> identify();
    /// The organization was out of reach, or somebody asks: confirm again before anything else.
    void doubt() { identity_.reset(); }

    /// The organization asked for quiet, perhaps in one part of a batch, or an earlier process was asked.
    /// At most an hour counts: no organization asks for more, and a wrong one must not silence a replica.
    void hold_back(std::chrono::seconds wait);
    /// The error of a wait that is not over, however short.
    std::optional<Error> held() const;
    /// Told of every wait that is longer than `short_wait`, for those who come later.
    std::function<void(Instant until)> on_hold{};

    std::uint64_t requests() const { return requests_; }

private:
    Task<Result<http::Answer>> send_once(http::Request request);
    Task<Result<http::Answer>> take_turn(http::Request request, int refusals);
    Task<void> pause_before_repeat(int repeat);
    Task<Result<void>> renew(std::string refused);
    Task<Result<void>> sit_out(int refusals);
    Task<Result<http::Answer>> send_as(http::Request request, bool confirm);
    Result<void> check(const dataverse::Identity& identity) const;

    Loop& loop_;
    dataverse::Service service_;
    std::shared_ptr<http::Exchange> exchange_;
    std::shared_ptr<TokenProvider> tokens_;
    std::shared_ptr<Random> random_;
    std::optional<Expected> expected_;
    Log log_;

    std::string token_;
    std::vector<std::shared_ptr<Bell>> waiting_for_token_{};
    bool renewing_ = false;
    bool in_vain_ = false;                        ///< Asking again did not help the last time.
    std::optional<dataverse::Identity> identity_; ///< Of `token_`, once confirmed.
    Clock::Milliseconds held_until_{0};
    std::uint64_t requests_ = 0;
    int parallelism_ = 4;
    int under_way_ = 0;
    std::vector<std::shared_ptr<Bell>> waiting_for_turn_{};
};

} // namespace hawser::engine

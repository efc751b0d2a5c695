#pragma once

#include "hawser/clock.h"
#include "hawser/random.h"
#include "tools/server/core/organization.h"
#include "transport/http/exchange.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
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

    Ticket send(http::Request request, Done done) override
    {
        const std::size_t number = seen.size();
        const std::string* token = http::find_header(request.headers, "Authorization");
        seen.push_back({request.method, target_of(request.url), token ? *token : "", request.body.size()});
        const Fault fault = script ? script(number, request) : Fault::none;
        if (fault == Fault::hang || fault == Fault::hang_done) {
            if (fault == Fault::hang_done) carry_out(request);
            return number + 1;
        }
        Result<http::Answer> answer = carry(request, fault);
        if (fault != Fault::late && late_) {
            carry_out(*std::exchange(late_, std::nullopt));
        }
        if (answer && alter) alter(request, *answer);
        if (after) after(number);
        if (answer && answer->body.size() > request.max_body_bytes)
            answer = Error{ErrorKind::refuse, "net.too_large", "the answer is too large"};
        done(std::move(answer));
        return number + 1;
    }

    void cancel(Ticket) override {}

    /// What is still on its way arrives now.
    void deliver_late()
    {
        if (late_) carry_out(*std::exchange(late_, std::nullopt));
    }

    static std::string target_of(const std::string& url)
    {
        const auto host = url.find("://");
        const auto path = url.find('/', host == std::string::npos ? 0 : host + 3);
        return path == std::string::npos ? "/" : url.substr(path);
    }

private:
    static std::string host_of(const std::string& url)
    {
        const auto begin = url.find("://") + 3;
        return url.substr(begin, url.find('/', begin) - begin);
    }

    Result<http::Answer> carry(const http::Request& request, Fault fault)
    {
        const Error lost{ErrorKind::retry, "net.lost_answer", "the connection broke before the answer came"};
        switch (fault) {
        case Fault::none:
            return carry_out(request);
        case Fault::unreachable:
            return Error{ErrorKind::offline, "net.unreachable", "no connection to organization.example"};
        case Fault::drop_request:
            return lost;
        case Fault::drop_answer:
            carry_out(request);
            return lost;
        case Fault::late:
            late_ = request;
            return lost;
        case Fault::duplicate:
            carry_out(request);
            return carry_out(request);
        case Fault::portal:
            return http::Answer{200, {{"Content-Type", "text/html"}}, "<html>Welcome to the hotel</html>"};
        case Fault::busy:
            return http::Answer{503, {{"Content-Type", "text/html"}}, "<html>Service Unavailable</html>"};
        case Fault::throttle:
            return http::Answer{429,
                                {{"Content-Type", "application/json"}, {"Retry-After", "3"}},
                                R"({"error":{"code":"0x80072322","message":"Number of requests exceeded"}})"};
        case Fault::truncate: {
            http::Answer answer = carry_out(request);
            answer.body.resize(answer.body.size() / 2);
            return answer;
        }
        case Fault::hang:
        case Fault::hang_done:
            break;
        case Fault::expired_token:
            return http::Answer{401, {{"WWW-Authenticate", "Bearer"}}, ""};
        }
        return lost;
    }

    http::Answer carry_out(const http::Request& request)
    {
        server::Request asked;
        asked.method = request.method;
        asked.target = target_of(request.url);
        asked.body = request.body;
        asked.headers.emplace_back("Host", host_of(request.url));
        for (const http::Header& header : request.headers)
            asked.headers.emplace_back(header.name, header.value);
        const server::Answer given = organization_.handle(asked, clock_.now(), random_);
        http::Answer answer;
        answer.status = given.status;
        answer.body = given.body;
        for (const auto& [header, value] : given.headers) answer.headers.push_back({header, value});
        return answer;
    }

    server::Organization& organization_;
    const Clock& clock_;
    Random& random_;
    std::optional<http::Request> late_{};
};

} // namespace hawser::tests

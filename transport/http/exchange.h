#pragma once

#include "hawser/result.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::http {

struct Header {
    std::string name;
    std::string value;
    friend bool operator==(const Header&, const Header&) = default;
};

/// Whether two header names are the same one (ASCII case is ignored).
inline bool same_name(std::string_view left, std::string_view right)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(left, right, [&](char a, char b) { return lower(a) == lower(b); });
}

/// The first header of that name, or null.
inline const std::string* find_header(const std::vector<Header>& headers, std::string_view name)
{
    const auto found =
        std::ranges::find_if(headers, [&](const Header& h) { return same_name(h.name, name); });
    return found == headers.end() ? nullptr : &found->value;
}

struct Request {
    std::string method = "GET";
    std::string url; ///< Absolute, http or https.
    std::vector<Header> headers{};
    std::string body{};
    std::chrono::milliseconds timeout{60'000};          ///< For the whole exchange.
    std::size_t max_body_bytes = std::size_t{32} << 20; ///< Of the answer, decoded.
    std::shared_ptr<std::string> room{}; ///< Its memory is taken for the answer's body, if there is any.
};

struct Answer {
    int status = 0;
    std::vector<Header> headers{};
    std::string body{}; ///< Decoded (no gzip).

    const std::string* header(std::string_view name) const { return find_header(headers, name); }
};

/// The network, as the engine sees it: request bytes in, answer bytes or a failure out. Any answer
/// with a status is a success here, whatever the status; redirects are answers too.
///
/// Failures and whether the server may have got the request:
///
/// | code            | kind    | may have arrived |                                              |
/// |-----------------|---------|------------------|----------------------------------------------|
/// | net.bad_url     | refuse  | no  | not an absolute http or https address                     |
/// | net.insecure    | refuse  | no  | a token over plain http to something not loopback         |
/// | net.name        | offline | no  | the host name is unknown                                  |
/// | net.unreachable | offline | no  | no connection (refused, no route, proxy down, connect timeout) |
/// | net.tls         | offline | no  | no trusted secure connection                              |
/// | net.timeout     | retry   | yes | no whole answer in time                                   |
/// | net.lost_answer | retry   | yes | the connection broke before the whole answer came         |
/// | net.too_large   | refuse  | yes | the answer exceeds `max_body_bytes` or the ratio limit    |
/// | net.bad_answer  | retry   | yes | the answer is not HTTP or not decodable                   |
/// | net.cancelled   | retry   | yes | `cancel`, or the exchange was destroyed                   |
/// | net.internal    | stop    | yes | no memory or no threads                                   |
///
/// Threads: every member may be called from any thread.
class Exchange {
public:
    using Done = std::function<void(Result<Answer>)>;
    using Ticket = std::uint64_t;

    virtual ~Exchange() = default;

    /// Starts one exchange. `done` is called exactly once, from a thread of the exchange's choosing,
    /// possibly before `send` returns; it must not block.
    virtual Ticket send(Request request, Done done) = 0;

    /// Asks for an early end: `done` is then called with net.cancelled unless its answer was
    /// already on the way. Does not wait. Unknown tickets are ignored.
    virtual void cancel(Ticket ticket) = 0;
};

/// False only when it is certain that the server did not get the request.
inline bool may_have_arrived(const Error& error)
{
    constexpr std::string_view never[] = {"net.bad_url", "net.insecure", "net.name", "net.unreachable",
                                          "net.tls"};
    return std::ranges::find(never, std::string_view(error.code)) == std::ranges::end(never);
}

} // namespace hawser::http

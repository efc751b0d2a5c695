#pragma once

#include "transport/http/exchange.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace hawser::http {

struct CurlOptions {
    std::string proxy{};   ///< "http://proxy.example:3128"; "" = none, the environment is not read.
    std::string ca_file{}; ///< A PEM file of trusted authorities; "" = the system's.
    std::string user_agent = "hawser";

    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::seconds stall_timeout{30}; ///< Gives up when less than a byte a second moves this long.
    std::uint64_t bytes_a_second = 0;       ///< Of each request, each way; 0 = as fast as it goes.
    long max_connections = 8;               ///< To all hosts together; further requests wait their turn.

    /// A compressed answer may unpack to at most this many times its size (beyond 1 MB): real
    /// record pages stay under 40, a bomb is near 1,000.
    std::size_t max_ratio = 200;
};

/// The real network: libcurl's multi handle on a thread of its own. HTTP/2 where TLS offers it,
/// gzip, keep-alive; TLS 1.2 or newer, always verified; redirects are answers and never followed;
/// plain http with an Authorization header only to a loopback literal.
///
/// Completions run on its thread. Destruction ends every open exchange with net.cancelled, calls
/// the remaining `done`s and joins the thread; it must not happen on that thread.
std::shared_ptr<Exchange> curl_exchange(CurlOptions options = {});

} // namespace hawser::http

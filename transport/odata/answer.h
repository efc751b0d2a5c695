#pragma once

#include "hawser/clock.h"
#include "hawser/result.h"
#include "transport/http/exchange.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace hawser::odata {

/// What an error answer says, however it says it.
struct ErrorBody {
    enum class Form { json, html, empty, other };
    Form form = Form::empty;
    std::string code{}; ///< Lower case "0x80040217"; "" when absent. Negative decimals are converted.
    std::string text{}; ///< The server's words, control characters removed, at most 2,000 bytes.
};

ErrorBody parse_error_body(const http::Answer& answer);

/// The first line of a page's or text's words, for messages; at most 200 bytes.
std::string excerpt(std::string_view body);

/// An HTTP date in any of the three forms of RFC 9110; empty for anything else.
std::optional<Instant> http_date(std::string_view text);

/// Seconds, or an HTTP date seen from `now` (any of the three forms). Empty when absent or neither;
/// never negative, at most one day.
std::optional<std::chrono::seconds> retry_after(const http::Answer& answer, Instant now);

/// Empty when the answer can be what a Web API sends for `status` 2xx with `expected` content
/// ("application/json", "multipart/mixed"). An HTML page in its place is a network that wants a
/// sign-in: "net.captive_portal", kind offline. Anything else unexpected: "odata.bad_answer".
std::optional<Error> unexpected_content(const http::Answer& answer, std::string_view expected);

} // namespace hawser::odata

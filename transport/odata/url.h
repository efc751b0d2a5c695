#pragma once

#include "hawser/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hawser::odata {

/// An absolute http or https address in parts; scheme and host in lower case.
struct Url {
    std::string scheme;
    std::string host; ///< IPv6 literals with their brackets.
    std::uint16_t port = 0;
    std::string path;  ///< Starts with "/", as it was spelled.
    std::string query; ///< Without "?".
    friend bool operator==(const Url&, const Url&) = default;
};

/// Refuses ("odata.bad_url") user names, fragments, white space, control characters, other schemes
/// and anything over 64 KB.
Result<Url> parse_url(std::string_view text);

/// Everything but unreserved characters (letters, digits, "-._~") as %XX: for a value in a query.
std::string percent_encode(std::string_view text);
/// Like `percent_encode`, but leaves what is legal and readable in an OData query option: $ , ( ) ' = @ : / ;
/// *
std::string encode_option(std::string_view text);
/// Empty when a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

/// An OData string literal: 'O''Brien'. Not percent-encoded.
std::string text_literal(std::string_view text);

/// Where a server's link leads, made absolute against `root` ("https://host/api/data/v9.2/").
/// Refused with "odata.foreign_link" (kind stop) unless it has the scheme, host, port and API path
/// of `root`: no token may leave for another host. Dot segments are refused; the rest of the link
/// is kept to the byte.
Result<std::string> same_service(std::string_view root, std::string_view link);

} // namespace hawser::odata

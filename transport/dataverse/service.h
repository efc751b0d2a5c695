#pragma once

#include "hawser/guid.h"
#include "hawser/metadata.h"
#include "hawser/result.h"
#include "transport/http/exchange.h"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace hawser::dataverse {

/// Where one organization's Web API is. Everything in this folder is a function of values: a builder
/// makes an http::Request without a token (the engine adds Authorization) and a parser reads the
/// http::Answer. Nothing here keeps state, and everything may be called from any thread.
struct Service {
    std::string root; ///< "https://org.example/path/api/data/v9.2/": absolute, ends in "/".

    std::chrono::milliseconds timeout{60'000};
    std::chrono::milliseconds batch_timeout{180'000};
    std::size_t max_answer_bytes = std::size_t{16} << 20; ///< Decoded; a page aims at 4 MB.

    std::string path() const; ///< "/path/api/data/v9.2/".
    std::string host() const; ///< "org.example" or "org.example:8443", for messages.
};

/// Accepts the organization's address with or without "/api/data/vN.N" and keeps a path in front of
/// it (on-premises). Fails with "odata.bad_url".
Result<Service> parse_service(std::string_view organization_url);

/// Entity set names by logical name, for binding lookups.
using EntitySets = std::map<std::string, std::string, std::less<>>;

/// GET `path` (relative to the root, query included and encoded) with the headers every request has:
/// Accept, OData versions, x-ms-client-request-id.
http::Request get(const Service& service, std::string_view path, const Guid& request_id);

/// The server's recommended degree of parallelism, from any answer; 1 to 52.
std::optional<int> parallelism_hint(const http::Answer& answer);

/// The server's own id of the exchange, for logs; "" when absent.
std::string server_request_id(const http::Answer& answer);

} // namespace hawser::dataverse

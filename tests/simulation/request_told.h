#pragma once

#include "hawser/clock.h"
#include "hawser/value.h"
#include "transport/http/exchange.h"

#include <string>
#include <vector>

namespace hawser::simulation {

/// What somebody does with a request, to go behind their name: "asks for contacts", "sends as one:
/// writes contact 1b0000dc-…, deletes account …".
std::string told(const http::Request& request);

/// When each of the change-tracking tokens in a request was handed out.
std::vector<Instant> delta_tokens_in(const http::Request& request);

/// The records that a batch writes to, in its order.
std::vector<RecordKey> written_by(const std::string& body);

} // namespace hawser::simulation

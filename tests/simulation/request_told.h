#pragma once

#include "transport/http/exchange.h"

#include <string>

namespace hawser::simulation {

/// What somebody does with a request, to go behind their name: "asks for contacts", "sends as one:
/// writes contact 1b0000dc-…, deletes account …".
std::string told(const http::Request& request);

} // namespace hawser::simulation

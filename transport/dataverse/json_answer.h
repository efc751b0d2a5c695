#pragma once

#include "hawser/clock.h"
#include "hawser/guid.h"
#include "hawser/result.h"
#include "transport/dataverse/outcome.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace hawser::dataverse {

/// The answer's JSON object, or why there is none; `what` as in `to_error`. At most 32 levels.
Result<boost::json::object> parse_object(const http::Answer& answer, const Asked& asked,
                                         std::string_view what, Instant now);

/// An answer that says success and makes no sense.
Error bad_answer(std::string_view what, std::string_view why);

/// Members of the wanted kind; empty or null when absent or of another kind.
std::string_view text_at(const boost::json::object& object, std::string_view name);
std::optional<std::int64_t> integer_at(const boost::json::object& object, std::string_view name);
std::optional<bool> boolean_at(const boost::json::object& object, std::string_view name);
std::optional<Guid> guid_at(const boost::json::object& object, std::string_view name);
const boost::json::object* object_at(const boost::json::object& object, std::string_view name);
const boost::json::array* array_at(const boost::json::object& object, std::string_view name);

} // namespace hawser::dataverse

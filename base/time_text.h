#pragma once

#include "hawser/clock.h"

#include <optional>
#include <string>
#include <string_view>

namespace hawser {

/// "2021-04-04T20:00:00Z".
std::string to_text(Instant instant);

/// Any RFC 3339 form, with offset and fractions of a second (dropped); "Z" is assumed when no zone
/// is given. Empty when the text is no such time.
std::optional<Instant> parse_instant(std::string_view text);

/// "2021-04-04" when the text is a valid day, else empty.
std::optional<std::string> parse_day(std::string_view text);

} // namespace hawser

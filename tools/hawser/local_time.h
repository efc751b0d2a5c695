#pragma once

#include "hawser/clock.h"
#include "hawser/result.h"

#include <string>
#include <string_view>

namespace hawser::cli {

/// Reads a time as a person types it, in the zone of the TZ variable or else the system's:
/// "2026-11-21 14:00", with seconds, with "T", with a zone ("…Z", "…+02:00") which then counts,
/// "2026-11-21" (midnight), "now", "today", "tomorrow" and "yesterday", alone or with a time.
///
/// A time that the clocks skip is refused; of a time that they pass twice the first is taken.
Result<Instant> parse_local_time(std::string_view text, Instant now);

/// Reads a day: "2026-11-21", "today", "tomorrow", "yesterday". The result is "2026-11-21".
Result<std::string> parse_local_day(std::string_view text, Instant now);

/// "2026-11-21 14:00", with seconds when they are not 0.
std::string local_time_text(Instant moment);

/// "14:00:07".
std::string local_clock_text(Instant moment);

} // namespace hawser::cli

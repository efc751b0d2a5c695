#pragma once

#include "hawser/clock.h"
#include "hawser/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::cli {

/// "1 change", "2 changes", "12,000 records". `plural` is needed where it is not singular + "s".
std::string count_of(std::uint64_t number, std::string_view singular, std::string_view plural = {});

/// "12,345".
std::string grouped(std::uint64_t number);

/// "12 seconds", "5 minutes", "3 hours", "2 days": the largest unit that fits, rounded down.
std::string duration_text(std::chrono::seconds duration);

/// Reads "90s", "30m", "2h", "3d" or "1w"; a number alone is refused, as nobody knows of what. At most ten years.
Result<std::chrono::seconds> parse_duration(std::string_view text);

/// Reads bytes a second: "5000", "64k" (64,000), "2m"; from 5,000, with which a table's definition still comes in time, to
/// 10 GB.
Result<std::uint64_t> parse_rate(std::string_view text);

/// "5 minutes ago", "just now", "in 2 minutes".
std::string relative_text(Instant moment, Instant now);

/// "1.2 MB".
std::string size_text(std::uint64_t bytes);

/// The sentence without the full stop at its end, to be part of another one.
std::string without_stop(std::string_view sentence);

/// "a, b and c" (or another joining word).
std::string listed(const std::vector<std::string>& items, std::string_view word = "and");

/// " Did you mean "contact" or "contracts"?", or "" when nothing known is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

} // namespace hawser::cli

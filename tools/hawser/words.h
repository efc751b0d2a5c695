#pragma once

#include "hawser/clock.h"

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

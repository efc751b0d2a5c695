#pragma once

#include "hawser/value.h"

#include <compare>
#include <optional>
#include <string_view>

namespace hawser {

/// Reads a number in any usual spelling ("1e3", "+1.50", "007", "-0", ".5") into the canonical one.
/// Empty when the text is no number, or when its canonical text would be longer than 400 characters.
std::optional<Decimal> parse_decimal(std::string_view text);

/// By size, exactly. Both must be canonical.
std::strong_ordering compare(const Decimal& left, const Decimal& right);

/// Exact; canonical when both are.
Decimal add(const Decimal& left, const Decimal& right);
Decimal negate(const Decimal& number);

} // namespace hawser

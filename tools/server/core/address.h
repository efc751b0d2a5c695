#pragma once

#include "tools/server/core/outcome.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::server {

/// One step of a resource path: "contacts(…)" is name "contacts" with a key.
struct Segment {
    std::string name;
    std::optional<std::string> key{};
};

/// A resource below the service root, decoded.
struct Address {
    std::vector<Segment> path{};
    std::vector<std::pair<std::string, std::string>> options{};

    const std::string* option(std::string_view name) const;
};

std::string percent_decoded(std::string_view text, bool plus_is_blank);
std::string percent_encoded(std::string_view text);

/// Reads "contacts(…)/name?$select=…".
Outcome<Address> parse_address(std::string_view relative);

/// The part of a URL (absolute, root-relative or relative) that follows ".../api/data/vN.N/";
/// empty when the URL lies outside of `prefix`.
std::optional<std::string_view> below_service_root(std::string_view url, std::string_view prefix);

/// Splits at a separator that is outside of quotes, parentheses and brackets; parts are trimmed.
std::vector<std::string_view> split_outside(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);
bool same_word(std::string_view one, std::string_view other); ///< ASCII, without regard to case.

} // namespace hawser::server

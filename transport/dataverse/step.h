#pragma once

#include "hawser/guid.h"
#include "hawser/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace hawser::dataverse {

/// One frozen request of an intent: everything that decides its effect, as it goes to disk before
/// the first byte and is resent unchanged. Relative to the service's root, so that it outlives a
/// change of the organization's address.
struct Step {
    enum class Method { get, post, put, patch, remove };
    enum class Condition {
        none,      ///< Only behind a conditional step of the same change set, or for reads.
        if_match,  ///< `etag`, or "*" for "must exist".
        if_absent, ///< If-None-Match: *
    };
    enum class Wants { status, representation };

    Method method = Method::get;
    std::string path; ///< "contacts(<guid>)?$select=…": encoded, no leading slash.
    Condition condition = Condition::none;
    std::string etag{}; ///< With if_match.
    std::string body{}; ///< JSON, or "".
    Wants wants = Wants::status;

    friend bool operator==(const Step&, const Step&) = default;
};

/// "GET", "POST", "PUT", "PATCH", "DELETE".
std::string_view text(Step::Method method);
std::optional<Step::Method> method_from(std::string_view text);

/// The condition as one header line, for storing: "", "If-Match: W/\"12\"", "If-None-Match: *".
std::string condition_text(const Step& step);
/// The inverse; false (and `step` unchanged) when `text` is none of these.
bool set_condition(Step& step, std::string_view text);

} // namespace hawser::dataverse

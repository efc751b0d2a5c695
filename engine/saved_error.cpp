#include "engine/saved_error.h"

#include <boost/json.hpp>

#include <array>
#include <utility>

namespace hawser::engine {

namespace {

constexpr std::array<std::pair<std::string_view, ErrorKind>, 8> kinds{{
    {"refuse", ErrorKind::refuse},
    {"retry", ErrorKind::retry},
    {"wait", ErrorKind::wait},
    {"offline", ErrorKind::offline},
    {"sign_in", ErrorKind::sign_in},
    {"rebaseline", ErrorKind::rebaseline},
    {"park", ErrorKind::park},
    {"stop", ErrorKind::stop},
}};

} // namespace

std::string error_text(const Error& error)
{
    boost::json::object object;
    for (const auto& [name, kind] : kinds)
        if (kind == error.kind) object["kind"] = name;
    object["code"] = error.code;
    object["message"] = error.message;
    if (error.retry_after) object["retry_after"] = error.retry_after->count();
    return boost::json::serialize(object);
}

std::optional<Error> parse_saved_error(std::string_view text)
{
    boost::system::error_code failure;
    const boost::json::value value = boost::json::parse(text, failure);
    if (failure || !value.is_object()) return std::nullopt;
    const boost::json::object& object = value.get_object();
    const auto member = [&](std::string_view name) -> std::string {
        const boost::json::value* found = object.if_contains(name);
        return found && found->is_string() ? std::string(found->get_string()) : std::string();
    };
    Error error;
    error.code = member("code");
    error.message = member("message");
    if (error.code.empty()) return std::nullopt;
    for (const auto& [name, kind] : kinds)
        if (name == member("kind")) error.kind = kind;
    if (const boost::json::value* wait = object.if_contains("retry_after"); wait && wait->is_int64())
        error.retry_after = std::chrono::seconds{wait->get_int64()};
    return error;
}

} // namespace hawser::engine

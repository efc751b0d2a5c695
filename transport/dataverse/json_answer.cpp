#include "transport/dataverse/json_answer.h"

#include <boost/json.hpp>

namespace hawser::dataverse {

namespace json = boost::json;

Error bad_answer(std::string_view what, std::string_view why)
{
    return {ErrorKind::retry, "server.bad_answer",
            "the organization did not " + std::string(what) + ": its answer cannot be used (" +
                std::string(why) + ")"};
}

Result<json::object> parse_object(const http::Answer& answer, const Asked& asked, std::string_view what,
                                  Instant now)
{
    const auto outcome = classify(answer, asked, now);
    if (outcome.kind != Outcome::Kind::applied) return to_error(outcome, what);
    json::error_code failure;
    auto value = json::parse(answer.body, failure);
    if (failure) return bad_answer(what, failure.message());
    if (!value.is_object()) return bad_answer(what, "it is no JSON object");
    return std::move(value.get_object());
}

std::string_view text_at(const json::object& object, std::string_view name)
{
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::optional<std::int64_t> integer_at(const json::object& object, std::string_view name)
{
    const auto* value = object.if_contains(name);
    return value && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

std::optional<bool> boolean_at(const json::object& object, std::string_view name)
{
    const auto* value = object.if_contains(name);
    return value && value->is_bool() ? std::optional(value->get_bool()) : std::nullopt;
}

std::optional<Guid> guid_at(const json::object& object, std::string_view name)
{
    return Guid::parse(text_at(object, name));
}

const json::object* object_at(const json::object& object, std::string_view name)
{
    const auto* value = object.if_contains(name);
    return value && value->is_object() ? &value->get_object() : nullptr;
}

const json::array* array_at(const json::object& object, std::string_view name)
{
    const auto* value = object.if_contains(name);
    return value && value->is_array() ? &value->get_array() : nullptr;
}

} // namespace hawser::dataverse

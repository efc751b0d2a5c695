#include "base/time_text.h"
#include "tools/server/core/json_text.h"
#include "tools/server/core/payload.h"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace hawser::server {
namespace {

using Stored = Outcome<std::optional<std::string>>;

const char* edm_name(Kind kind)
{
    switch (kind) {
    case Kind::integer:
    case Kind::choice:
    case Kind::state:
    case Kind::status:
        return "Edm.Int32";
    case Kind::big_integer:
        return "Edm.Int64";
    case Kind::decimal:
    case Kind::money:
        return "Edm.Decimal";
    case Kind::boolean:
        return "Edm.Boolean";
    case Kind::date_time:
        return "Edm.DateTimeOffset";
    case Kind::date:
        return "Edm.Date";
    case Kind::guid:
        return "Edm.Guid";
    default:
        return "Edm.String";
    }
}

Refusal wrong_type(const Table& table, const Column& column)
{
    return bad_payload(table.set, "Cannot convert the value of '" + column.name + "' to the expected type '" +
                                      edm_name(column.kind) + "'.");
}

Stored text_bytes(const Table& table, const Column& column, std::string_view text, Blanks blanks)
{
    if (blanks == Blanks::trim) {
        const auto last = text.find_last_not_of(" \t");
        text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
    }
    if (column.max_length > 0 && text.size() > column.max_length && utf16_length(text) > column.max_length)
        return Refusal{400, "0x80044331",
                       "A validation error occurred.  The length of the '" + column.name +
                           "' attribute of the '" + table.name +
                           "' entity exceeded the maximum allowed length of '" +
                           std::to_string(column.max_length) + "'."};
    if (text.empty() && blanks == Blanks::trim) return std::optional<std::string>();
    return std::optional(quoted_text(text));
}

Stored integer_bytes(const Table& table, const Column& column, const boost::json::value& value)
{
    if (!value.is_int64()) return wrong_type(table, column);
    const std::int64_t number = value.get_int64();
    if (column.kind != Kind::big_integer && (number > INT32_MAX || number < INT32_MIN))
        return wrong_type(table, column);
    const bool limited =
        column.kind == Kind::choice || column.kind == Kind::state || column.kind == Kind::status;
    if (limited && !column.option(number)) {
        std::string accepted;
        for (const Option& option : column.options)
            accepted += (accepted.empty() ? "" : ",") + std::to_string(option.value);
        return Refusal{400, "0x80048408",
                       "A validation error occurred. The value " + std::to_string(number) + " of '" +
                           column.name + "' on record of type '" + table.name +
                           "' is outside the valid range. Accepted Values: " + accepted};
    }
    return std::optional(std::to_string(number));
}

/// Money has two decimal places here, decimals up to ten; as the server shows them.
Stored decimal_bytes(const Table& table, const Column& column, const boost::json::value& value)
{
    double number = 0;
    if (value.is_int64()) {
        number = static_cast<double>(value.get_int64());
    } else if (value.is_uint64()) {
        number = static_cast<double>(value.get_uint64());
    } else if (value.is_double()) {
        number = value.get_double();
    } else {
        return wrong_type(table, column);
    }
    if (!(std::fabs(number) <= 922337203685477.0))
        return bad_request("The value of '" + column.name + "' is outside the valid range.");
    char text[64];
    if (column.kind == Kind::money) {
        std::snprintf(text, sizeof text, "%.2f", number);
        return std::optional<std::string>(text);
    }
    const double rounded = std::round(number * 1e10) / 1e10;
    const auto end = std::to_chars(text, text + sizeof text, rounded, std::chars_format::fixed).ptr;
    return std::optional(std::string(text, end));
}

Stored time_bytes(const Table& table, const Column& column, std::string_view text)
{
    constexpr std::string_view earliest = "1753-01-01";
    std::string canonical;
    if (column.kind == Kind::date) {
        std::optional<std::string> day = parse_day(text);
        if (!day) return wrong_type(table, column);
        canonical = std::move(*day);
    } else {
        std::optional<Instant> instant = parse_instant(text);
        if (!instant && text.size() == 10) instant = parse_instant(std::string(text) + "T00:00:00Z");
        if (!instant) return wrong_type(table, column);
        canonical = to_text(*instant);
    }
    if (canonical < earliest || canonical.size() > 20)
        return Refusal{400, "0x80040239",
                       "The date-time '" + canonical + "' of '" + column.name +
                           "' is less than the minimum value supported by CrmDateTime: 01/01/1753 00:00:00"};
    return std::optional(quoted_text(canonical));
}

Stored choices_bytes(const Table& table, const Column& column, std::string_view text)
{
    std::vector<std::int64_t> numbers;
    for (const std::string_view part : split_outside(text, ',')) {
        if (part.empty()) continue;
        std::int64_t number = 0;
        const auto end = std::from_chars(part.data(), part.data() + part.size(), number);
        if (end.ptr != part.data() + part.size()) return wrong_type(table, column);
        if (!column.option(number))
            return Refusal{400, "0x80048408",
                           "A validation error occurred. The value " + std::to_string(number) + " of '" +
                               column.name + "' is outside the valid range."};
        numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    std::string joined;
    for (const std::int64_t number : numbers) joined += (joined.empty() ? "" : ",") + std::to_string(number);
    if (joined.empty()) return std::optional<std::string>();
    return std::optional(quoted_text(joined));
}

Stored string_bytes(const Table& table, const Column& column, std::string_view text, Blanks blanks)
{
    switch (column.kind) {
    case Kind::text:
    case Kind::memo:
        return text_bytes(table, column, text, blanks);
    case Kind::date_time:
    case Kind::date:
        return time_bytes(table, column, text);
    case Kind::multi_choice:
        return choices_bytes(table, column, text);
    case Kind::guid: {
        const std::optional<Guid> id = Guid::parse(text);
        if (!id) return wrong_type(table, column);
        return std::optional(guid_bytes(*id));
    }
    default:
        return wrong_type(table, column);
    }
}

} // namespace

Stored stored_bytes(const Table& table, const Column& column, const boost::json::value& value, Blanks blanks)
{
    if (value.is_null()) return std::optional<std::string>();
    if (value.is_string())
        return string_bytes(table, column, {value.get_string().data(), value.get_string().size()}, blanks);
    if (value.is_bool()) {
        if (column.kind != Kind::boolean) return wrong_type(table, column);
        return std::optional<std::string>(value.get_bool() ? "true" : "false");
    }
    switch (column.kind) {
    case Kind::integer:
    case Kind::big_integer:
    case Kind::choice:
    case Kind::state:
    case Kind::status:
        return integer_bytes(table, column, value);
    case Kind::decimal:
    case Kind::money:
        return decimal_bytes(table, column, value);
    default:
        return wrong_type(table, column);
    }
}

} // namespace hawser::server

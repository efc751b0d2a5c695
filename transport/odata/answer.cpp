#include "transport/odata/answer.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

namespace hawser::odata {
namespace {

namespace json = boost::json;

constexpr std::size_t max_error_body = std::size_t{1} << 20;
constexpr std::size_t max_text = 2'000;

bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string lowered(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

// Cuts at a character's start, so that what is shown stays UTF-8.
std::string clean(std::string_view text, std::size_t limit)
{
    if (text.size() > limit) {
        while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
        text = text.substr(0, limit);
    }
    std::string result(text);
    std::ranges::replace_if(
        result, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
    return result;
}

bool looks_like_html(std::string_view body)
{
    const auto start = lowered(trimmed(body).substr(0, 64));
    return start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head") ||
           start.starts_with("<body");
}

bool content_is(const http::Answer& answer, std::string_view type)
{
    const auto* header = answer.header("Content-Type");
    return header && lowered(trimmed(*header)).starts_with(type);
}

// "0x8004…" in any case, or the same number as a signed decimal.
std::string normal_code(std::string_view code)
{
    code = trimmed(code).substr(0, 64);
    if (code.starts_with("-")) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), number);
        if (error == std::errc() && end == code.data() + code.size() && number >= INT32_MIN) {
            std::array<char, 8> digits{};
            const auto bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(number));
            const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), bits, 16);
            return "0x" + std::string(digits.data(), written.ptr);
        }
    }
    return clean(lowered(code), 64);
}

std::string_view text_of(const json::value* value)
{
    if (!value) return {};
    if (value->is_string()) return value->get_string();
    if (value->is_object()) return text_of(value->get_object().if_contains("value"));
    return {};
}

ErrorBody from_json(const json::object& root)
{
    ErrorBody result{ErrorBody::Form::json, {}, {}};
    const json::value* error = root.if_contains("error");
    if (!error) {
        for (const char* name : {"Message", "message", "error_description"}) {
            if (const auto text = text_of(root.if_contains(name)); !text.empty()) {
                result.text = clean(text, max_text);
                break;
            }
        }
        return result;
    }
    if (error->is_string()) {
        result.text = clean(error->get_string(), max_text);
        return result;
    }
    if (!error->is_object()) return result;
    const auto& object = error->get_object();
    if (const auto* code = object.if_contains("code")) {
        if (code->is_string()) result.code = normal_code(code->get_string());
        if (code->is_int64()) result.code = normal_code(std::to_string(code->get_int64()));
    }
    auto text = text_of(object.if_contains("message"));
    if (const auto* inner = object.if_contains("innererror"); text.empty() && inner && inner->is_object())
        text = text_of(inner->get_object().if_contains("message"));
    result.text = clean(text, max_text);
    return result;
}

std::string without_tags(std::string_view body)
{
    std::string result;
    bool in_tag = false;
    std::string_view skipped_until;
    for (std::size_t i = 0; i < body.size() && result.size() < 1'000; ++i) {
        if (!skipped_until.empty()) {
            if (lowered(body.substr(i, skipped_until.size())) == skipped_until) skipped_until = {};
            continue;
        }
        const char c = body[i];
        if (c == '<') {
            const auto tag = lowered(body.substr(i, 8));
            if (tag.starts_with("<script")) skipped_until = "</script";
            if (tag.starts_with("<style")) skipped_until = "</style";
            in_tag = true;
        } else if (c == '>' && in_tag) {
            in_tag = false;
            result += ' ';
        } else if (!in_tag) {
            result += c;
        }
    }
    return result;
}

struct DateParts {
    int day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;
};

std::optional<int> number(std::string_view text)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

bool read_time(std::string_view token, DateParts& parts)
{
    if (token.size() != 8 || token[2] != ':' || token[5] != ':') return false;
    const auto h = number(token.substr(0, 2)), m = number(token.substr(3, 2)), s = number(token.substr(6, 2));
    if (!h || !m || !s || *h > 23 || *m > 59 || *s > 60) return false;
    parts.hour = *h;
    parts.minute = *m;
    parts.second = *s;
    return true;
}

int month_of(std::string_view token)
{
    constexpr std::string_view names = "janfebmaraprmayjunjulaugsepoctnovdec";
    const auto at = token.size() == 3 ? names.find(lowered(token)) : std::string_view::npos;
    return at == std::string_view::npos || at % 3 != 0 ? 0 : static_cast<int>(at / 3) + 1;
}

} // namespace

// All three forms name the month and give the time; what is left are day and year, in that order.
std::optional<Instant> http_date(std::string_view text)
{
    DateParts parts;
    bool timed = false;
    std::vector<std::string_view> numbers;
    std::size_t start = 0;
    while (start < text.size()) {
        const auto end = std::min(text.find_first_of(" ,-", start), text.size());
        const auto token = text.substr(start, end - start);
        if (token.find(':') != std::string_view::npos) {
            timed = read_time(token, parts);
        } else if (const int month = month_of(token); month != 0) {
            parts.month = month;
        } else if (number(token) && numbers.size() < 2) {
            numbers.push_back(token);
        }
        start = end + 1;
    }
    if (!timed || parts.month == 0 || numbers.size() != 2) return std::nullopt;
    parts.day = *number(numbers[0]);
    parts.year = *number(numbers[1]);
    if (numbers[1].size() == 2) parts.year += parts.year < 70 ? 2000 : 1900;
    const std::chrono::year_month_day date{std::chrono::year(parts.year),
                                           std::chrono::month(static_cast<unsigned>(parts.month)),
                                           std::chrono::day(static_cast<unsigned>(parts.day))};
    if (!date.ok() || parts.year > 9999) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(parts.hour) + std::chrono::minutes(parts.minute) +
           std::chrono::seconds(parts.second);
}

ErrorBody parse_error_body(const http::Answer& answer)
{
    const auto body = trimmed(answer.body);
    if (body.empty()) return {};
    if (body.front() == '{' && body.size() <= max_error_body) {
        json::error_code failure;
        const auto value = json::parse(body, failure);
        if (!failure && value.is_object()) return from_json(value.get_object());
    }
    const bool html = content_is(answer, "text/html") || looks_like_html(body);
    return {html ? ErrorBody::Form::html : ErrorBody::Form::other, {}, excerpt(body)};
}

std::string excerpt(std::string_view body)
{
    const bool html = looks_like_html(body.substr(0, 4'096));
    const std::string words = html ? without_tags(body) : std::string(body.substr(0, 1'000));
    std::string result;
    for (const char c : words) {
        const bool space = blank(c);
        if (space && (result.empty() || result.back() == ' ')) continue;
        result += space ? ' ' : c;
    }
    return clean(trimmed(result), 200);
}

std::optional<std::chrono::seconds> retry_after(const http::Answer& answer, Instant now)
{
    constexpr std::chrono::seconds longest{86'400};
    const auto* header = answer.header("Retry-After");
    if (!header) return std::nullopt;
    const auto text = trimmed(*header);
    if (!text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        const auto seconds = number(text);
        return seconds ? std::min(std::chrono::seconds(*seconds), longest) : longest;
    }
    const auto date = http_date(text);
    if (!date) return std::nullopt;
    return std::clamp(std::chrono::duration_cast<std::chrono::seconds>(*date - now), std::chrono::seconds(0),
                      longest);
}

std::optional<Error> unexpected_content(const http::Answer& answer, std::string_view expected)
{
    const auto body = std::string_view(answer.body);
    if (content_is(answer, expected)) return std::nullopt;
    if (!answer.header("Content-Type") && !looks_like_html(body)) return std::nullopt;
    if (content_is(answer, "text/html") || looks_like_html(body))
        return Error{
            ErrorKind::offline, "net.captive_portal",
            "this network wants you to sign in: a web page came where the organization's answer should be"};
    return Error{ErrorKind::retry, "odata.bad_answer",
                 "the organization sent " +
                     clean(answer.header("Content-Type") ? *answer.header("Content-Type") : "", 80) +
                     " where " + std::string(expected) + " was expected"};
}

} // namespace hawser::odata

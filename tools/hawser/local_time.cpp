#include "tools/hawser/local_time.h"

#include "base/time_text.h"
#include "tools/hawser/exit_code.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <ctime>
#include <optional>

namespace hawser::cli {

namespace {

std::tm local_parts(Instant moment)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(moment);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return parts;
}

std::string day_text(const std::tm& parts)
{
    return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

struct DayWord {
    std::string_view word;
    int days;
};
constexpr std::array day_words{DayWord{"today", 0}, DayWord{"tomorrow", 1}, DayWord{"yesterday", -1}};

std::string day_from_now(Instant now, int days)
{
    std::tm parts = local_parts(now);
    parts.tm_mday += days;
    parts.tm_hour = 12; // Noon exists on every day, whatever the clocks do.
    parts.tm_isdst = -1;
    const std::time_t noon = std::mktime(&parts);
    localtime_r(&noon, &parts);
    return day_text(parts);
}

/// "tomorrow 9:00" becomes "2026-11-22 9:00"; anything else stays.
std::string without_day_word(std::string_view text, Instant now)
{
    for (const DayWord& day : day_words)
        if (text.starts_with(day.word))
            return day_from_now(now, day.days) + std::string(text.substr(day.word.size()));
    return std::string(text);
}

std::optional<int> number(std::string_view digits, int least, int most)
{
    int value = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (fault != std::errc{} || end != digits.data() + digits.size() || digits.size() > 2) return {};
    if (value < least || value > most) return {};
    return value;
}

/// "14:00" or "14:00:30" into the parts; whether it was one.
bool read_clock(std::string_view text, std::tm& parts)
{
    const std::size_t first = text.find(':');
    if (first == std::string_view::npos) return false;
    const std::size_t second = text.find(':', first + 1);
    const auto hour = number(text.substr(0, first), 0, 23);
    const auto minute =
        number(text.substr(first + 1,
                           second == std::string_view::npos ? std::string_view::npos : second - first - 1),
               0, 59);
    const auto sec = second == std::string_view::npos ? 0 : number(text.substr(second + 1), 0, 59);
    if (!hour || !minute || !sec) return false;
    parts.tm_hour = *hour;
    parts.tm_min = *minute;
    parts.tm_sec = *sec;
    return true;
}

/// The moment at which the local clocks show these parts, the first one when they do so twice.
std::optional<Instant> moment_of(const std::tm& wanted)
{
    std::optional<Instant> first;
    for (const int summer_time : {1, 0, -1}) {
        std::tm parts = wanted;
        parts.tm_isdst = summer_time;
        const std::time_t seconds = std::mktime(&parts);
        const std::tm shown = local_parts(Instant{std::chrono::seconds{seconds}});
        const bool same = day_text(shown) == day_text(wanted) && shown.tm_hour == wanted.tm_hour &&
                          shown.tm_min == wanted.tm_min && shown.tm_sec == wanted.tm_sec;
        const Instant moment{std::chrono::seconds{seconds}};
        if (same && (!first || moment < *first)) first = moment;
    }
    return first;
}

Error not_a_time(std::string_view text)
{
    return usage_error(fmt::format("\"{}\" is not a time; write it as \"2026-11-21 14:00\" (local), "
                                   "\"2026-11-21T14:00:00Z\", \"now\" or \"tomorrow 9:00\"",
                                   text));
}

} // namespace

Result<Instant> parse_local_time(std::string_view text, Instant now)
{
    if (text == "now") return now;
    const std::string plain = without_day_word(text, now);
    const auto day = parse_day(std::string_view(plain).substr(0, 10));
    if (!day) return not_a_time(text);
    std::tm parts{};
    parts.tm_year = std::stoi(day->substr(0, 4)) - 1900;
    parts.tm_mon = std::stoi(day->substr(5, 2)) - 1;
    parts.tm_mday = std::stoi(day->substr(8, 2));
    if (plain.size() > 10) {
        const bool separated = plain[10] == ' ' || plain[10] == 'T' || plain[10] == 't';
        if (!separated) return not_a_time(text);
        if (!read_clock(std::string_view(plain).substr(11), parts)) {
            // Not a bare clock: a zone or a fraction stands behind it, and RFC 3339 knows those.
            const auto zoned = parse_instant(plain);
            return zoned ? Result<Instant>(*zoned) : Result<Instant>(not_a_time(text));
        }
    }
    const auto moment = moment_of(parts);
    if (!moment)
        return usage_error(fmt::format("the time \"{}\" does not exist here: the clocks skip it", text));
    return *moment;
}

Result<std::string> parse_local_day(std::string_view text, Instant now)
{
    const auto day = parse_day(without_day_word(text, now));
    if (day) return *day;
    return usage_error(fmt::format("\"{}\" is not a day; write it as 2026-11-21", text));
}

std::string local_time_text(Instant moment)
{
    const std::tm parts = local_parts(moment);
    std::string text = fmt::format("{} {:02}:{:02}", day_text(parts), parts.tm_hour, parts.tm_min);
    if (parts.tm_sec != 0) text += fmt::format(":{:02}", parts.tm_sec);
    return text;
}

std::string local_clock_text(Instant moment)
{
    const std::tm parts = local_parts(moment);
    return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

} // namespace hawser::cli

#include "tools/hawser/local_time.h"

#include "base/time_text.h"
#include "tools/hawser/exit_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>
#include <vector>

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

/// The moments at which the local clocks show these parts, earliest first: none when they skip it, two
/// when they are put back.
std::vector<Instant> moments_of(const std::tm& wanted)
{
    std::vector<Instant> moments;
    for (const int summer_time : {1, 0, -1}) {
        std::tm parts = wanted;
        parts.tm_isdst = summer_time;
        const std::time_t seconds = std::mktime(&parts);
        const std::tm shown = local_parts(Instant{std::chrono::seconds{seconds}});
        const bool same = day_text(shown) == day_text(wanted) && shown.tm_hour == wanted.tm_hour &&
                          shown.tm_min == wanted.tm_min && shown.tm_sec == wanted.tm_sec;
        const Instant moment{std::chrono::seconds{seconds}};
        if (same && std::ranges::find(moments, moment) == moments.end()) moments.push_back(moment);
    }
    std::ranges::sort(moments);
    return moments;
}

/// A zone that the C library does not know is UTC to it, without a word.
Result<void> check_zone()
{
    const char* given = std::getenv("TZ");
    std::string_view zone = given ? given : "";
    if (zone.starts_with(':')) zone.remove_prefix(1);
    if (zone.empty() || zone == "UTC" || zone == "GMT") return {};
    std::error_code ignored;
    const char* folder = std::getenv("TZDIR");
    if (std::filesystem::exists(std::filesystem::path(folder ? folder : "/usr/share/zoneinfo") / zone,
                                ignored))
        return {};
    // "CET-1CEST" and "<+03>-3" need no file: a name, then how far it is from UTC.
    const std::size_t name_end = zone.starts_with('<') ? zone.find('>') : zone.find_first_of("+-0123456789");
    const bool has_offset = name_end != std::string_view::npos && name_end >= 3 &&
                            zone.find_first_of("0123456789", name_end) != std::string_view::npos &&
                            zone.find('/') == std::string_view::npos;
    if (has_offset) return {};
    return usage_error(fmt::format("the time zone \"{}\" in TZ is not known here; give the time with its "
                                   "zone, such as 2026-11-21T14:00:00+01:00, or correct TZ",
                                   zone));
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
    if (const auto known = check_zone(); !known) return known.error();
    const std::vector<Instant> moments = moments_of(parts);
    if (moments.empty())
        return usage_error(fmt::format("the time \"{}\" does not exist here: the clocks skip it", text));
    if (moments.size() > 1 && plain.size() > 10)
        return usage_error(fmt::format("the time \"{}\" comes twice here, because the clocks are put back; "
                                       "write {} or {}",
                                       text, to_text(moments.front()), to_text(moments.back())));
    return moments.front();
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

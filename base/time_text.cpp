#include "base/time_text.h"

#include <algorithm>

namespace hawser {
namespace {

using namespace std::chrono;

constexpr Instant earliest = sys_days{year{0} / January / 1};
constexpr Instant latest = sys_days{year{9999} / December / 31} + hours{24} - seconds{1};

/// Reads a text from the front; every member answers whether it found what it wanted.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool number(std::size_t digits, int& value)
    {
        if (rest_.size() < digits) return false;
        value = 0;
        for (const char c : rest_.substr(0, digits)) {
            if (c < '0' || c > '9') return false;
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(digits);
        return true;
    }

    bool one_of(std::string_view characters, char& found)
    {
        if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
        found = rest_.front();
        rest_.remove_prefix(1);
        return true;
    }

    bool one_of(std::string_view characters)
    {
        char found = 0;
        return one_of(characters, found);
    }

    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

std::optional<sys_days> read_day(Reader& reader)
{
    int y = 0;
    int m = 0;
    int d = 0;
    if (!reader.number(4, y) || !reader.one_of("-") || !reader.number(2, m) || !reader.one_of("-") ||
        !reader.number(2, d))
        return std::nullopt;
    const year_month_day date{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
    if (!date.ok()) return std::nullopt;
    return sys_days{date};
}

std::optional<seconds> read_time_of_day(Reader& reader)
{
    int h = 0;
    int m = 0;
    int s = 0;
    if (!reader.number(2, h) || !reader.one_of(":") || !reader.number(2, m)) return std::nullopt;
    if (reader.one_of(":")) {
        if (!reader.number(2, s)) return std::nullopt;
        if (reader.one_of(".")) {
            int digit = 0;
            if (!reader.number(1, digit)) return std::nullopt;
            while (reader.number(1, digit)) {
            }
        }
    }
    // 60 is a leap second; it counts as the first second of the next minute.
    if (h > 23 || m > 59 || s > 60) return std::nullopt;
    return hours{h} + minutes{m} + seconds{s};
}

std::optional<minutes> read_offset(Reader& reader)
{
    if (reader.at_end() || reader.one_of("Zz")) return minutes{0};
    char sign = 0;
    int h = 0;
    int m = 0;
    if (!reader.one_of("+-", sign) || !reader.number(2, h) || !reader.one_of(":") || !reader.number(2, m))
        return std::nullopt;
    if (h > 23 || m > 59) return std::nullopt;
    const minutes offset = hours{h} + minutes{m};
    return sign == '-' ? -offset : offset;
}

void append_number(std::string& out, int value, int digits)
{
    int divisor = 1;
    for (int i = 1; i < digits; ++i) divisor *= 10;
    for (; divisor > 0; divisor /= 10) out += static_cast<char>('0' + value / divisor % 10);
}

} // namespace

std::string to_text(Instant instant)
{
    instant = std::clamp(instant, earliest, latest);
    const auto day_start = floor<days>(instant);
    const year_month_day date{day_start};
    const hh_mm_ss time{instant - day_start};
    std::string text;
    text.reserve(20);
    append_number(text, static_cast<int>(date.year()), 4);
    text += '-';
    append_number(text, static_cast<int>(static_cast<unsigned>(date.month())), 2);
    text += '-';
    append_number(text, static_cast<int>(static_cast<unsigned>(date.day())), 2);
    text += 'T';
    append_number(text, static_cast<int>(time.hours().count()), 2);
    text += ':';
    append_number(text, static_cast<int>(time.minutes().count()), 2);
    text += ':';
    append_number(text, static_cast<int>(time.seconds().count()), 2);
    text += 'Z';
    return text;
}

std::optional<Instant> parse_instant(std::string_view text)
{
    Reader reader(text);
    const auto date = read_day(reader);
    if (!date || !reader.one_of("Tt ")) return std::nullopt;
    const auto time = read_time_of_day(reader);
    if (!time) return std::nullopt;
    const auto offset = read_offset(reader);
    if (!offset || !reader.at_end()) return std::nullopt;
    const Instant instant = *date + *time - *offset;
    if (instant < earliest || instant > latest) return std::nullopt;
    return instant;
}

std::optional<std::string> parse_day(std::string_view text)
{
    Reader reader(text);
    if (!read_day(reader) || !reader.at_end()) return std::nullopt;
    return std::string(text);
}

} // namespace hawser

#include "tools/hawser/words.h"

#include "base/filter.h"
#include "tools/hawser/exit_code.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace hawser::cli {

namespace {

struct Unit {
    std::int64_t seconds;
    std::string_view name;
};

constexpr std::array units{Unit{24 * 60 * 60, "day"}, Unit{60 * 60, "hour"}, Unit{60, "minute"},
                           Unit{1, "second"}};

} // namespace

std::string grouped(std::uint64_t number)
{
    std::string text = std::to_string(number);
    for (std::size_t place = text.size(); place > 3;) {
        place -= 3;
        text.insert(place, 1, ',');
    }
    return text;
}

std::string count_of(std::uint64_t number, std::string_view singular, std::string_view plural)
{
    if (number == 1) return fmt::format("1 {}", singular);
    if (plural.empty()) return fmt::format("{} {}s", grouped(number), singular);
    return fmt::format("{} {}", grouped(number), plural);
}

std::string duration_text(std::chrono::seconds duration)
{
    const std::int64_t seconds = duration.count() < 0 ? -duration.count() : duration.count();
    for (const Unit& unit : units)
        if (seconds >= unit.seconds)
            return count_of(static_cast<std::uint64_t>(seconds / unit.seconds), unit.name);
    return "0 seconds";
}

Result<std::chrono::seconds> parse_duration(std::string_view text)
{
    constexpr std::int64_t most = 10LL * 366 * 24 * 60 * 60;
    constexpr std::array letters{std::pair{'s', 1LL}, std::pair{'m', 60LL}, std::pair{'h', 3'600LL},
                                 std::pair{'d', 86'400LL}, std::pair{'w', 604'800LL}};
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool one_letter = failed == std::errc() && end + 1 == text.data() + text.size();
    for (const auto& [letter, seconds] : letters)
        if (one_letter && *end == letter && number >= 0 && number <= most / seconds)
            return std::chrono::seconds{number * seconds};
    return usage_error(fmt::format("\"{}\" is no time: 90s, 30m, 2h, 3d and 1w are, up to ten years", text));
}

Result<std::uint64_t> parse_rate(std::string_view text)
{
    constexpr std::uint64_t least = 5'000, most = 10'000'000'000;
    std::uint64_t number = 0, unit = 1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (rest == "k") unit = 1'000;
    if (rest == "m") unit = 1'000'000;
    const bool known = failed == std::errc() && (rest.empty() || unit > 1) && number <= most / unit;
    if (known && number * unit >= least) return number * unit;
    return usage_error(
        fmt::format("\"{}\" is no rate: 5000, 64k and 2m are, from 5,000 bytes a second on", text));
}

std::string relative_text(Instant moment, Instant now)
{
    const std::chrono::seconds distance = now - moment;
    if (distance.count() > -2 && distance.count() < 2) return "just now";
    return distance.count() > 0 ? duration_text(distance) + " ago" : "in " + duration_text(distance);
}

std::string size_text(std::uint64_t bytes)
{
    constexpr std::array names{"bytes", "KB", "MB", "GB", "TB"};
    double size = static_cast<double>(bytes);
    std::size_t name = 0;
    while (size >= 1000 && name + 1 < names.size()) {
        size /= 1000;
        ++name;
    }
    if (name == 0) return count_of(bytes, "byte");
    return fmt::format("{:.1f} {}", size, names[name]);
}

std::string without_stop(std::string_view sentence)
{
    while (sentence.ends_with('.')) sentence.remove_suffix(1);
    return std::string(sentence);
}

std::string listed(const std::vector<std::string>& items, std::string_view word)
{
    std::string text;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) text += i + 1 == items.size() ? fmt::format(" {} ", word) : ", ";
        text += items[i];
    }
    return text;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known)
{
    std::vector<std::string> near = nearest(name, known);
    if (near.empty()) return {};
    for (std::string& candidate : near) candidate = fmt::format("\"{}\"", candidate);
    return fmt::format(" Did you mean {}?", listed(near, "or"));
}

} // namespace hawser::cli

#include "tools/hawser/words.h"

#include "base/filter.h"

#include <fmt/format.h>

#include <array>

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

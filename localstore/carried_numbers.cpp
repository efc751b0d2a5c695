#include "localstore/carried_numbers.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace hawser::localstore {
namespace {

/// Takes a positive number from the front of `text`; 0 when there is none.
std::int64_t take_number(std::string_view& text)
{
    std::int64_t number = 0;
    const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || number <= 0) return 0;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return number;
}

bool take(std::string_view& text, char wanted)
{
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(1);
    return true;
}

} // namespace

CarriedNumbers::CarriedNumbers(std::string_view text)
{
    while (!text.empty()) {
        std::string_view run = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), run.size() + 1));
        const std::int64_t first = take_number(run);
        const std::int64_t last = take(run, '-') ? take_number(run) : first;
        const std::int64_t here = take(run, '=') ? take_number(run) : 0;
        if (first > 0 && last >= first && here > 0 && run.empty())
            add(Sequence{first}, Sequence{here}, last - first + 1);
    }
}

void CarriedNumbers::add(Sequence there, Sequence here, std::int64_t count)
{
    while (count > 0 && this->here(there)) {
        ++there.value;
        ++here.value;
        --count;
    }
    if (count <= 0) return;
    const auto next = runs_.upper_bound(there.value);
    if (next != runs_.end() && next->first < there.value + count) {
        const std::int64_t free = next->first - there.value;
        add(there, here, free);
        add(Sequence{there.value + free}, Sequence{here.value + free}, count - free);
        return;
    }
    if (next != runs_.begin()) {
        Run& before = std::prev(next)->second;
        const bool follows =
            std::prev(next)->first + before.count == there.value && before.here + before.count == here.value;
        if (follows) {
            before.count += count;
            return;
        }
    }
    runs_.emplace(there.value, Run{count, here.value});
}

std::optional<Sequence> CarriedNumbers::here(Sequence there) const
{
    const auto next = runs_.upper_bound(there.value);
    if (next == runs_.begin()) return std::nullopt;
    const auto& [first, run] = *std::prev(next);
    if (there.value >= first + run.count) return std::nullopt;
    return Sequence{run.here + (there.value - first)};
}

std::optional<Sequence> CarriedNumbers::there(Sequence here) const
{
    for (const auto& [first, run] : runs_)
        if (here.value >= run.here && here.value < run.here + run.count)
            return Sequence{first + (here.value - run.here)};
    return std::nullopt;
}

std::string CarriedNumbers::text() const
{
    std::string text;
    for (const auto& [first, run] : runs_) {
        if (!text.empty()) text += ',';
        text += std::to_string(first);
        if (run.count > 1) text += "-" + std::to_string(first + run.count - 1);
        text += "=" + std::to_string(run.here);
    }
    return text;
}

} // namespace hawser::localstore

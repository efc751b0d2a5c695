#include "base/filter.h"
#include "base/utf8.h"

#include <algorithm>
#include <utility>

namespace hawser {
namespace {

/// Letters added, dropped, changed, or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

} // namespace

std::vector<std::string> nearest(std::string_view name, const std::vector<std::string>& known)
{
    constexpr std::size_t longest_name = 128;
    constexpr std::size_t most = 3;
    if (name.empty() || name.size() > longest_name) return {};
    const std::string wanted = ascii_lower(name);
    const std::size_t furthest = std::max<std::size_t>(2, wanted.size() / 3);
    std::vector<std::pair<std::size_t, std::string>> found;
    for (const std::string& candidate : known) {
        if (candidate.size() > longest_name) continue;
        const std::string lowered = ascii_lower(candidate);
        std::size_t distance = edit_distance(wanted, lowered);
        if (wanted.size() >= 3 && lowered.starts_with(wanted)) distance = std::min<std::size_t>(distance, 2);
        // A short name shares nothing with another one once every letter has changed.
        if (distance <= furthest && distance < std::max(wanted.size(), lowered.size()))
            found.emplace_back(distance, candidate);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    std::vector<std::string> names;
    for (std::size_t i = 0; i < found.size() && i < most; ++i) names.push_back(std::move(found[i].second));
    return names;
}

} // namespace hawser

#include "conflict/text_merge.h"

#include "conflict/shortest_edit.h"

#include <algorithm>
#include <vector>

namespace hawser::conflict {
namespace {

using Lines = std::vector<std::string_view>;

Lines split(std::string_view text)
{
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
        lines.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return lines;
}

int size_of(const Lines& lines)
{
    return static_cast<int>(lines.size());
}

/// A stretch of lines that stands between two lines which all three versions share.
struct Stretch {
    const Lines& lines;
    int begin = 0;
    int end = 0;

    bool operator==(const Stretch& other) const
    {
        return std::equal(lines.begin() + begin, lines.begin() + end, other.lines.begin() + other.begin,
                          other.lines.begin() + other.end);
    }
    void append_to(std::string& out) const
    {
        for (int i = begin; i < end; ++i) out += lines[static_cast<std::size_t>(i)];
    }
};

bool append_merged(std::string& out, const Stretch& base, const Stretch& mine, const Stretch& theirs)
{
    if (mine == base || mine == theirs) {
        theirs.append_to(out);
        return true;
    }
    if (theirs == base) {
        mine.append_to(out);
        return true;
    }
    return false;
}

} // namespace

std::optional<std::string> merge_lines(std::string_view base, std::string_view mine, std::string_view theirs)
{
    const Lines b = split(base);
    const Lines m = split(mine);
    const Lines t = split(theirs);
    const auto to_mine = match_items(b, m);
    const auto to_theirs = match_items(b, t);
    if (!to_mine || !to_theirs) return std::nullopt;
    std::string merged;
    int b_at = 0;
    int m_at = 0;
    int t_at = 0;
    for (int i = 0; i <= size_of(b); ++i) {
        const bool at_end = i == size_of(b);
        const int m_end = at_end ? size_of(m) : (*to_mine)[static_cast<std::size_t>(i)];
        const int t_end = at_end ? size_of(t) : (*to_theirs)[static_cast<std::size_t>(i)];
        if (m_end == unmatched || t_end == unmatched) continue;
        if (!append_merged(merged, {b, b_at, i}, {m, m_at, m_end}, {t, t_at, t_end})) return std::nullopt;
        if (!at_end) merged += b[static_cast<std::size_t>(i)];
        b_at = i + 1;
        m_at = m_end + 1;
        t_at = t_end + 1;
    }
    return merged;
}

} // namespace hawser::conflict

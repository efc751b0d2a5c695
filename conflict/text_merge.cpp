#include "conflict/text_merge.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace hawser::conflict {
namespace {

/// Comparing two versions takes memory and time that grow with the square of their difference.
constexpr int most_differences = 1000;

constexpr int unmatched = -1;

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

/// Myers' shortest edit script between the lines that remain once what both versions begin and end
/// with is set aside. Keeps the furthest point of each diagonal after each step, to walk back.
class Comparison {
public:
    Comparison(const Lines& base, const Lines& other, int begin, int base_end, int other_end)
        : base_(base), other_(other), begin_(begin), n_(base_end - begin), m_(other_end - begin)
    {
    }

    /// Fills in for each base line which line of the other version it became.
    bool run(std::vector<int>& match)
    {
        std::vector<int> furthest{0};
        for (int d = 0; d <= most_differences; ++d) {
            std::vector<int> next(static_cast<std::size_t>(2 * d + 1));
            for (int k = -d; k <= d; k += 2) {
                int x = d == 0 ? 0 : start(furthest, d, k);
                while (x < n_ && x - k < m_ && x - k >= 0 && equal(x, x - k)) ++x;
                next[index(d, k)] = x;
                if (x >= n_ && x - k >= m_) {
                    steps_.push_back(std::move(next));
                    walk_back(d, k, match);
                    return true;
                }
            }
            steps_.push_back(next);
            furthest = std::move(next);
        }
        return false;
    }

private:
    static std::size_t index(int d, int k) { return static_cast<std::size_t>(k + d); }

    bool equal(int x, int y) const
    {
        return base_[static_cast<std::size_t>(begin_ + x)] == other_[static_cast<std::size_t>(begin_ + y)];
    }

    static bool goes_down(const std::vector<int>& furthest, int d, int k)
    {
        if (k == -d) return true;
        if (k == d) return false;
        return furthest[index(d - 1, k - 1)] < furthest[index(d - 1, k + 1)];
    }

    static int start(const std::vector<int>& furthest, int d, int k)
    {
        return goes_down(furthest, d, k) ? furthest[index(d - 1, k + 1)] : furthest[index(d - 1, k - 1)] + 1;
    }

    void walk_back(int d, int k, std::vector<int>& match) const
    {
        int x = steps_.back()[index(d, k)];
        for (; d >= 0; --d) {
            const int from = d == 0 ? 0 : start(steps_[static_cast<std::size_t>(d - 1)], d, k);
            for (; x > from; --x) match[static_cast<std::size_t>(begin_ + x - 1)] = begin_ + x - 1 - k;
            if (d == 0) break;
            const auto& before = steps_[static_cast<std::size_t>(d - 1)];
            k = goes_down(before, d, k) ? k + 1 : k - 1;
            x = before[index(d - 1, k)];
        }
    }

    const Lines& base_;
    const Lines& other_;
    int begin_;
    int n_;
    int m_;
    std::vector<std::vector<int>> steps_;
};

std::optional<std::vector<int>> match_lines(const Lines& base, const Lines& other)
{
    std::vector<int> match(base.size(), unmatched);
    int begin = 0;
    int base_end = size_of(base);
    int other_end = size_of(other);
    const auto same = [&](int x, int y) {
        return base[static_cast<std::size_t>(x)] == other[static_cast<std::size_t>(y)];
    };
    while (begin < base_end && begin < other_end && same(begin, begin)) {
        match[static_cast<std::size_t>(begin)] = begin;
        ++begin;
    }
    while (base_end > begin && other_end > begin && same(base_end - 1, other_end - 1)) {
        --base_end;
        --other_end;
        match[static_cast<std::size_t>(base_end)] = other_end;
    }
    if (!Comparison(base, other, begin, base_end, other_end).run(match)) return std::nullopt;
    return match;
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
    const auto to_mine = match_lines(b, m);
    const auto to_theirs = match_lines(b, t);
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

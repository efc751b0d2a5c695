#include "conflict/shortest_edit.h"

#include <cstddef>
#include <utility>

namespace hawser::conflict {
namespace {

constexpr int most_differences = 1000;

using Items = std::vector<std::string_view>;

/// The edit script between the items that remain once what both versions begin and end with is set aside. Keeps the furthest point of each diagonal after each step, to walk back.
class Comparison {
public:
    Comparison(const Items& base, const Items& other, int begin, int base_end, int other_end)
        : base_(base), other_(other), begin_(begin), n_(base_end - begin), m_(other_end - begin)
    {
    }

    /// Fills in for each item of the first which one of the other it became.
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

    const Items& base_;
    const Items& other_;
    int begin_;
    int n_;
    int m_;
    std::vector<std::vector<int>> steps_;
};

} // namespace

std::optional<std::vector<int>> match_items(const Items& base, const Items& other)
{
    std::vector<int> match(base.size(), unmatched);
    int begin = 0;
    int base_end = static_cast<int>(base.size());
    int other_end = static_cast<int>(other.size());
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

} // namespace hawser::conflict

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

namespace hawser::engine {

/// How many rows to ask for a page, so that a page has about `target` bytes. Constant within a
/// round, because a server's next links hold only for the size they were made for; what the pages
/// of a round weigh decides the size of the next round.
class PageSize {
public:
    static constexpr std::size_t most_rows = 5'000;

    PageSize(std::size_t target_bytes, std::size_t columns)
        : target_(std::max<std::size_t>(target_bytes, 1)), rows_(fitting(30 * columns + 1'200))
    {
    }

    std::size_t rows() const { return rows_; }

    /// A page of so many bytes and rows came in.
    void weighed(std::size_t bytes, std::size_t rows)
    {
        bytes_ += bytes;
        weighed_rows_ += rows;
    }

    /// A round begins: the size follows what was weighed. Too few rows say nothing.
    void begin_round()
    {
        if (weighed_rows_ >= 100) rows_ = std::min(fitting(bytes_ / weighed_rows_), ceiling_);
        bytes_ = weighed_rows_ = 0;
    }

    /// A page was over the limit: half the size from now on. False when it was one row already.
    bool halve()
    {
        bytes_ = weighed_rows_ = 0;
        if (rows_ <= 1) return false;
        rows_ /= 2;
        ceiling_ = rows_;
        return true;
    }

private:
    std::size_t fitting(std::size_t row_bytes) const
    {
        return std::clamp<std::size_t>(target_ / std::max<std::size_t>(row_bytes, 1), 1, most_rows);
    }

    std::size_t target_;
    std::size_t ceiling_ = most_rows;
    std::size_t rows_;
    std::size_t bytes_ = 0;
    std::size_t weighed_rows_ = 0;
};

} // namespace hawser::engine

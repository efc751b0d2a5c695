#pragma once

#include "hawser/result.h"

#include <cstddef>
#include <set>
#include <string>

namespace hawser::engine {

/// The links that one reading of many pages has followed. Refuses what would never end: a link that
/// came before, and too many pages in a row that bring nothing but a link to the next.
class PageTrail {
public:
    static constexpr int most_empty_pages = 500;

    explicit PageTrail(std::string table) : table_(std::move(table)) {}

    /// Before the next link of a page is followed; `rows` is what the page brought.
    Result<void> follow(const std::string& link, std::size_t rows);

private:
    std::string table_;
    std::set<std::string> links_{};
    int empty_ = 0;
};

} // namespace hawser::engine

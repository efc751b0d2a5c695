#pragma once

#include "hawser/guid.h"
#include "hawser/result.h"

#include <cstddef>
#include <optional>
#include <set>
#include <string>

namespace hawser::engine {

/// The links that one reading of many pages has followed. Refuses what would never end: a link that
/// came before, and too many pages in a row that bring nothing new, be they empty or repeated. Holds
/// a few bytes a page.
class PageTrail {
public:
    static constexpr int most_idle_pages = 100;

    explicit PageTrail(std::string table) : table_(std::move(table)) {}

    /// Before the next link of a page is followed; `rows` is what the page brought, `first` the first
    /// of them.
    Result<void> follow(const std::string& link, std::size_t rows, const std::optional<Guid>& first);

private:
    std::string table_;
    std::set<std::size_t> links_{}; ///< Their hashes.
    std::set<Guid> firsts_{};
    int idle_ = 0;
};

} // namespace hawser::engine

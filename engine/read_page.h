#pragma once

#include "engine/page_rows.h"
#include "engine/surroundings.h"
#include "transport/dataverse/page.h"
#include "transport/dataverse/pull.h"

#include <functional>
#include <memory>

namespace hawser::engine {

/// One page, read whole.
struct ReadPage {
    PageRows rows{};
    dataverse::PageEnd end{};
    std::size_t bytes = 0;
    std::string body{}; ///< Read and done with: room for the next answer.
};

/// From an answer that `check_page` let through to its rows; fetches the participants that the page
/// itself lacks. Nothing is stored. The memory of `room` is used for the rows.
Task<Result<ReadPage>> read_page(Surroundings& around, std::shared_ptr<const TableWork> table,
                                 dataverse::RowPlan plan, http::Answer answer, PageRows room = {});

/// Reads page after page from `first` on and hands each to `each`; stores nothing. For comparing and
/// dry runs. `each` ends it early with an error.
Task<Result<void>> walk_pages(Surroundings& around, std::shared_ptr<const TableWork> table,
                              http::Request first, dataverse::PullMode mode,
                              std::function<Result<void>(const ReadPage&)> each);

} // namespace hawser::engine

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

/// The request for rows with versions above `since`, so many a page; only filter mode heeds `since`.
using AskForRows = std::function<Result<http::Request>(std::int64_t since, std::size_t rows)>;

/// Reads page after page and hands each to `each`; stores nothing. For comparing and dry runs. A page
/// that is too large is asked for again with half the rows, from where the last one ended. `each` ends
/// it early with an error.
Task<Result<void>> walk_pages(Surroundings& around, std::shared_ptr<const TableWork> table, AskForRows ask,
                              dataverse::PullMode mode, std::function<Result<void>(const ReadPage&)> each);

} // namespace hawser::engine

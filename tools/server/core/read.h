#pragma once

#include "tools/server/core/query.h"

#include <functional>
#include <string>

namespace hawser::server {

Answer retrieve(const Call& call, const Table& table, const Guid& id);
Answer retrieve_many(const Call& call, const Table& table);
Answer retrieve_count(const Call& call, const Table& table); ///< set/$count
Answer retrieve_column(const Call& call, const Table& table, const Guid& id, const Column& column, bool raw);
Answer retrieve_expanded(const Call& call, const Table& table, const Guid& id, const std::string& navigation);

/// A page of rows, as every kind of reading produces it.
struct Page {
    std::string rows{}; ///< The members of "value", without brackets.
    std::size_t size = 0;
    std::string next_token{}; ///< "" on the last page.
};

/// Where a page starts, and how many rows it may have.
struct PageRequest {
    std::string after{}; ///< A payload that an earlier page gave as `next_token`; "" at the start.
    std::size_t limit = 0;
};

/// Runs a query whose rows go out through `write`. Pages keep their place by key, so that rows
/// changed in between neither shift nor hide others.
Outcome<Page> read_page(const Call& call, const Query& query, const PageRequest& request,
                        const std::function<void(std::string&, const Row&)>& write);

/// Rows that meet the query and the caller may see, up to `limit`.
std::size_t count_rows(const Call& call, const Query& query, std::size_t limit);

std::size_t page_size(const Call& call);

/// The request's own URL with another token in place of `$skiptoken` and `$deltatoken`.
std::string link_with(const Call& call, std::string_view option, std::string_view token);

/// {"@odata.context":"…","value":[…] with the extra members before "value".
Answer page_answer(const Call& call, const std::string& context, const std::string& extra,
                   const std::string& rows);

} // namespace hawser::server

#pragma once

#include "base/filter.h"
#include "localstore/database.h"
#include "localstore/query.h"
#include "localstore/tables.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hawser::localstore {

/// A value to bind, in the order of the parameters.
using Bound = std::variant<std::monostate, std::int64_t, double, std::string, Guid>;

/// SQL with its values. Nothing from outside is ever part of the text.
struct SqlText {
    std::string text;
    std::vector<Bound> values;

    void bind(Bound value) ///< Appends a parameter.
    {
        text += '?';
        values.push_back(std::move(value));
    }
    void append(const SqlText& other);
};

/// A condition over hawser_record that is true for exactly the rows that hawser::matches accepts.
Result<SqlText> condition(const KnownTable& table, const Filter& filter);

/// SQL that a column sorts by, with its collation; also what its index is made on.
Result<std::string> sort_expression(const KnownTable& table, std::string_view column);

/// A statement for one page, and how its rows are read:
/// record, id, etag, body, flags, cycle, then one column a sort key.
Result<SqlText> page_statement(const KnownTable& table, const Query& query, const std::string& index);
Result<SqlText> count_statement(const KnownTable& table, const std::optional<Filter>& filter,
                                const std::string& index);

/// The name of a column's index, made or not.
std::string index_name(const KnownTable& table, std::string_view column);

/// The index that serves the query best: on a column that the filter fixes, else on the first that
/// is sorted by; "" when there is none. Named in the statement, because without figures about its
/// content SQLite would rather look up all records of the table and sort them.
std::string best_index(Database& database, const KnownTable& table, const std::optional<Filter>& filter,
                       const std::vector<SortKey>& sort);

/// Where the next page begins: the sort values and the number of a row that was read by a page
/// statement, as opaque text.
std::string cursor_of(const Statement& row, std::size_t sort_keys);

void bind_all(Statement& statement, const std::vector<Bound>& values);

} // namespace hawser::localstore

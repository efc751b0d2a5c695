#pragma once

#include "hawser/metadata.h"
#include "hawser/result.h"
#include "hawser/value.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hawser {

/// A condition on the columns of one table, in the OData spelling that Dataverse uses:
/// eq ne gt ge lt le, `in` with a list of at most 500, and or not, parentheses, contains startswith
/// endswith, null, true, false, numbers, 'text' (quotes doubled), bare GUIDs, times and dates. Lookups compare
/// by id, with or without the wire's "_…_value". Text compares without regard to case (ASCII).
///
/// A comparison with null on either side is false except `eq null` and `ne null`, as on the server.
struct Filter {
    enum class Kind { all, any, negation, comparison, contains, starts_with, ends_with };
    enum class Operator { eq, ne, gt, ge, lt, le };

    Kind kind = Kind::all;
    std::vector<Filter> parts{}; ///< For all, any, negation. `all` of nothing is true.
    std::string column{};        ///< Logical name, for the rest.
    Operator comparison = Operator::eq;
    Value operand{};
};

/// Reads a condition and checks it against the table: an unknown column is refused naming it and
/// the nearest known ones; an operand is put in the column's canonical spelling. At most 64 levels.
Result<Filter> parse_filter(const Table& table, std::string_view text);

/// Whether a record with these columns meets the condition.
bool matches(const Filter& filter, const Fields& fields);

/// The known names nearest to a mistyped one, best first, at most three, for "did you mean".
std::vector<std::string> nearest(std::string_view name, const std::vector<std::string>& known);

} // namespace hawser

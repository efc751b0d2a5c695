#pragma once

#include "tools/server/core/catalogue.h"
#include "tools/server/core/outcome.h"
#include "tools/server/core/row.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::server {

enum class Compare { eq, ne, gt, ge, lt, le };

/// What a column holds, in a form that compares: nothing, a number, or text (lower-cased text,
/// times and dates as they are spelled, 16 bytes of a GUID, "true" or "false").
struct Comparable {
    enum class Type { null, number, text } type = Type::null;
    double number = 0;
    std::string text{};

    friend bool operator==(const Comparable&, const Comparable&) = default;
};

/// A condition on one row. Comparisons with null are false, except eq null and ne null.
struct Condition {
    enum class Kind { all, any, negation, comparison, contains, starts_with, ends_with, in };
    Kind kind = Kind::all;
    std::vector<Condition> parts{};
    const Column* column = nullptr;
    Compare compare = Compare::eq;
    std::vector<Comparable> operands{}; ///< One, or for `in` any number.
};

struct Identity {
    Guid unit;
    Guid user;
    Guid team; ///< The default team, that owns what was loaded.
};

/// Reads $filter. Limits: 64 levels, 500 conditions.
Outcome<Condition> parse_condition(const Table& table, std::string_view text, const Identity& identity);

/// Puts an operand given as text (of FetchXML, or of In(…)) in the column's comparable form.
Outcome<Comparable> comparable_operand(const Table& table, const Column& column, std::string_view text);

Comparable comparable(const Column& column, const Row& row, const Identity& identity);
bool holds(const Condition& condition, const Row& row, const Identity& identity);
bool holds(Compare compare, const Comparable& left, const Comparable& right);

/// The only values the column can have in a row that meets the condition, if that is known.
std::optional<std::vector<Guid>> only_ids(const Condition& condition, const Column& column);

/// The lowest and highest row version that can meet the condition (exclusive, inclusive).
struct VersionRange {
    std::int64_t after = -1;
    std::int64_t up_to = INT64_MAX;
    bool bounded = false;
};
VersionRange version_range(const Condition& condition);

} // namespace hawser::server

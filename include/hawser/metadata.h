#pragma once

#include "hawser/export.h"
#include "hawser/result.h"
#include "hawser/value.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser {

/// The kinds of column that behave differently anywhere in Hawser.
enum class ColumnType {
    text,
    memo, ///< Long text; may be megabytes.
    integer,
    big_integer,
    decimal, ///< Decimal, double and money: kept as text.
    boolean,
    date_time, ///< Whole seconds UTC.
    date,      ///< A day without a time zone.
    choice,    ///< One number of `choices`.
    multi_choice,
    state,  ///< statecode.
    status, ///< statuscode; each choice belongs to a state.
    lookup,
    guid,
    parties, ///< The owned collection of an activity's participants.
};

struct Choice {
    std::int64_t value = 0;
    std::string label;
    std::optional<std::int64_t> state{};          ///< For status: the state it belongs to.
    std::optional<std::int64_t> default_status{}; ///< For state: the status it comes with.
    friend bool operator==(const Choice&, const Choice&) = default;
};

/// One table a lookup may refer to, and the navigation property that sets it on the wire.
struct LookupTarget {
    std::string table;
    std::string navigation_property;
    friend bool operator==(const LookupTarget&, const LookupTarget&) = default;
};

struct Column {
    std::string name; ///< Logical name; lookups without the wire's "_…_value".
    ColumnType type = ColumnType::text;
    std::string label; ///< What a person reads.
    bool required = false;
    bool creatable = true;
    bool updatable = true;
    bool offered = true; ///< False: the organization dropped it; what is held of it can still be read.
    std::int64_t max_length = 0; ///< UTF-16 units, for text and memo; 0 = no limit known.
    std::vector<Choice> choices{};
    std::vector<LookupTarget> targets{};
    friend bool operator==(const Column&, const Column&) = default;
};

/// What the organization says of one table; kept in the replica so that it is there offline.
struct Table {
    std::string name;         ///< Logical name: "contact".
    std::string entity_set;   ///< "contacts". Never derived; from metadata.
    std::string primary_id;   ///< "contactid".
    std::string primary_name; ///< "fullname"; "" when the table has none.
    std::string label;
    bool is_activity = false;
    bool change_tracking = false;
    bool optimistic_concurrency = true; ///< Without it the table is read-only (I3).
    std::vector<Column> columns{};      ///< In the organization's order; without the primary id.

    HAWSER_API const Column* column(std::string_view name) const;
    friend bool operator==(const Table&, const Table&) = default;
};

/// What people call a record of the table: its primary name; while the organization has not made that
/// yet, first and last name where the table has them. "" when there is neither.
HAWSER_API std::string name_in(const Table& table, const Fields& fields);

/// Puts a value in the one spelling of the column's type (times to whole seconds UTC, decimals and
/// GUIDs canonical, "" to null), or refuses it naming table, column, what was given and the limit.
HAWSER_API Result<Value> canonical(const Table& table, const Column& column, Value value);

} // namespace hawser

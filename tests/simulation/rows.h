#pragma once

#include "hawser/value.h"

#include <boost/json/object.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::simulation {

/// A record as both sides can say it: tracked columns as text, without what is empty.
using Texts = std::map<std::string, std::string, std::less<>>;
/// Empty when it is not there.
using Row = std::optional<Texts>;

/// How two edits of one column meet.
enum class Meeting { asks, adds, merges_lines, theirs, mine, unites };

struct TrackedColumn {
    std::string_view name;
    std::string_view on_the_wire;
    Meeting meeting = Meeting::asks;
};

/// A table of the story and the columns that are looked at.
struct TrackedTable {
    std::string_view name;
    std::string_view set;
    std::string_view id; ///< The column.
    std::vector<TrackedColumn> columns;

    /// What a request asks for to read them.
    std::string select() const;
    const TrackedColumn* column(std::string_view column_name) const;
};

const std::vector<TrackedTable>& tracked_tables();
/// Those that are there: without appointments, where nobody meets.
std::span<const TrackedTable> tables_of(bool meetings);
/// Null when the table plays no part.
const TrackedTable* tracked(std::string_view table);

/// The column of contacts that a plug-in rewrites where there is one, and what it puts in front of a text.
inline constexpr std::string_view rewritten_column = "firstname";
inline constexpr std::string_view rewritten_prefix = "Mx. ";

/// The merge policy file of the stories.
std::string_view policy_text();

Texts texts_of(const TrackedTable& table, const Fields& fields);
Texts texts_of(const TrackedTable& table, const boost::json::object& row);

/// A column of a row; "" when it is empty or the row is not there.
std::string text_of(const Row& row, std::string_view column);
std::string plain(const Value& value);
/// The participants in a text: who they are, and their role.
std::set<std::string> guests_in(std::string_view text);
/// The whole number that a text begins with, else 0.
std::int64_t number(std::string_view text);
/// A record as sentences name it: "contact 45449047…2c48".
std::string called(const RecordKey& key);

} // namespace hawser::simulation

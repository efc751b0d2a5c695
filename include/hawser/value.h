#pragma once

#include "hawser/export.h"
#include "hawser/guid.h"
#include "hawser/result.h"

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hawser {

/// A number kept as text so that no binary rounding makes a false difference. Canonical: optional
/// '-', digits, optional '.' and digits without trailing zeros; no exponent, no '+', no "-0".
struct Decimal {
    std::string text;
    friend auto operator<=>(const Decimal&, const Decimal&) = default;
};

/// A reference to one record of one table.
struct Lookup {
    std::string table;
    Guid id;
    friend auto operator<=>(const Lookup&, const Lookup&) = default;
};

/// One member of an owned collection. `key` says which member it is and never changes; `value` is
/// canonical JSON (members sorted, no spaces) that says what is true of it.
struct Element {
    std::string key;
    std::string value;
    friend auto operator<=>(const Element&, const Element&) = default;
};

/// An owned collection, such as the parties of an activity: sorted by key, keys unique.
struct Collection {
    std::vector<Element> elements;
    friend auto operator<=>(const Collection&, const Collection&) = default;
};

using Null = std::monostate;

/// What one column holds. Times, dates and plain GUIDs are text in their one spelling
/// ("2021-04-04T20:00:00Z", "2021-04-04", lower-case GUID); choices are integers; a multiple
/// choice is text with its numbers ascending and comma-separated.
using Value = std::variant<Null, bool, std::int64_t, Decimal, std::string, Lookup, Collection>;

inline bool is_null(const Value& value)
{
    return std::holds_alternative<Null>(value);
}

/// Columns by logical name. Ordered, so that nothing depends on hashing.
using Fields = std::map<std::string, Value, std::less<>>;

/// A record's place in the world: its table's logical name and its id.
struct RecordKey {
    std::string table;
    Guid id;
    friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};

/// One participant of an activity, as people see it. The key of its Element is "table:guid" when
/// the participant is a record, else "address:" and the lower-cased address. One participant may
/// hold several roles (sender and recipient of the same mail): they are one element.
struct Party {
    Lookup record;          ///< Empty table when only an address is known.
    std::string address;    ///< "" when unknown.
    std::vector<int> roles; ///< Dataverse participationtypemask, ascending, at least one.
};

HAWSER_API Collection parties_to_collection(const std::vector<Party>& parties);
HAWSER_API Result<std::vector<Party>> collection_to_parties(const Collection& collection);

/// Canonical JSON of a value, as `hawser --json`, exports and logs print it: null, true, 12,
/// "12.5" for decimals, "text", {"id":…,"table":…} for lookups, [{"key":…,"value":…}] for
/// collections. Objects have their members sorted.
HAWSER_API std::string to_json(const Value& value);
HAWSER_API std::string to_json(const Fields& fields);

} // namespace hawser

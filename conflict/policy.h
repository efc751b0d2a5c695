#pragma once

#include "hawser/metadata.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::conflict {

/// What happens to a column that both sides changed, differently. A column that only one side
/// changed takes that side's value under every rule.
enum class Rule {
    ask,             ///< A person decides; mine stays here, theirs on the server. The default.
    theirs,          ///< The organization's value replaces mine. Mine is kept in the queue's history.
    mine,            ///< Mine replaces the organization's, by a conditional write.
    union_of,        ///< Sets merge by key, removals respected: parties, multiple choices.
    max,             ///< The greater: numbers, times, days.
    min,             ///< The smaller.
    add,             ///< A counter: theirs plus what I added.
    text,            ///< Lines merge; overlapping lines ask.
    volatile_column, ///< The server's bookkeeping: never sent, never contested, theirs.
};

/// Whether what several people make of the column is put together: an edit says only what it adds and takes away.
inline bool is_put_together(Rule rule)
{
    return rule == Rule::union_of || rule == Rule::add || rule == Rule::text;
}

/// "ask", "theirs", "mine", "union", "max", "min", "add", "text", "volatile".
std::string_view rule_name(Rule rule);
std::optional<Rule> rule_named(std::string_view name);

/// Columns that mean one thing. They are merged, sent and contested together: a side that changed
/// any of them brings them all.
struct AtomicGroup {
    std::string name;
    std::vector<std::string> columns;
    friend bool operator==(const AtomicGroup&, const AtomicGroup&) = default;
};

/// The rules of one table. A column is in at most one group; volatile columns are in none.
struct Policy {
    std::map<std::string, Rule, std::less<>> rules{};
    Rule fallback = Rule::ask;
    std::vector<AtomicGroup> groups{};
    int version = 1;

    Rule rule_of(std::string_view column) const;
    const AtomicGroup* group_of(std::string_view column) const;

    /// A group asks, unless all its columns have the rule `mine` or all have `theirs`: no other
    /// rule can take several columns as one.
    Rule rule_of(const AtomicGroup& group) const;

    friend bool operator==(const Policy&, const Policy&) = default;
};

/// The columns and every column of the groups they are in. What a change touches is recorded with
/// its whole groups, so that folding it can never mix two sides' halves of one group.
std::set<std::string> with_groups(const std::set<std::string>& columns, const Policy& policy);

/// The rules of a table nobody configured: start + end + all-day, the recurrence, each address and
/// state + status + percent complete + actual end are groups; parties and multiple choices union;
/// the server's bookkeeping that nobody can write is volatile; other columns that cannot be updated
/// are theirs; what people type asks.
Policy default_policy(const Table& table);

} // namespace hawser::conflict

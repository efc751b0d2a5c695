#pragma once

#include "transport/dataverse/page.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hawser::dataverse {

/// What a member of a row on the wire is for.
struct Member {
    enum class Use {
        ignore,
        id,
        etag,
        version,
        context,
        tombstone_id,
        reason,
        value,
        lookup_table,
        parties,
        parties_next
    };
    std::string name;
    Use use = Use::ignore;
    std::size_t position = 0; ///< In the layout, for value and lookup_table.
};

/// How one position of the layout is filled.
struct ColumnRule {
    std::string name;
    std::string only_target; ///< The table of a lookup with one target.
    ColumnType type = ColumnType::text;
};

struct RowPlan::Detail {
    std::string table;
    std::vector<ColumnRule> columns;
    std::vector<Member> members;
    std::unordered_map<std::string_view, const Member*> by_name;
    std::optional<std::size_t> parties; ///< Their position, when they are asked for.
    bool partial = false;
    bool conditional = true; ///< Writes carry the row's etag: a row without one is of no use.

    const Member* find(std::string_view name) const
    {
        const auto found = by_name.find(name);
        return found == by_name.end() ? nullptr : found->second;
    }
};

/// A value of one row as it stood on the wire, kept until the row is complete.
struct Slot {
    enum class Kind { none, text, integer, number, boolean };
    Kind kind = Kind::none;
    std::string_view text;    ///< For text and number.
    std::int64_t integer = 0; ///< For integer and boolean.
};

/// Puts a slot in the column's one spelling and appends it. Not empty when the value is none of the
/// column's: what is wrong, for the message.
std::string_view append_value(BodyWriter& writer, const ColumnRule& rule, const Slot& slot,
                              const Slot& lookup_table);

/// Gathers the participants of one activity from their wire form. Owner and regarding (roles 9 and
/// 8) mirror columns of the activity, are kept up by the server and are left out.
class PartyGatherer {
public:
    void clear();
    void begin_party();
    void member(std::string_view name, const Slot& slot);
    void end_party();
    Collection collection() const { return parties_to_collection(parties_); }

private:
    std::vector<Party> parties_;
    Party current_;
    std::int64_t role_ = 0;
    std::optional<Guid> record_;
};

/// The column's name on the wire in a $select: "_x_value" for lookups.
std::string wire_name(const Column& column);
/// "email_activity_parties".
std::string parties_collection(const Table& table);
/// Can be the condition of a write: W/"…" or "…" of printable characters. Anything else, "*" and ""
/// among it, would make a write that overwrites whatever is there (I3).
bool is_usable_etag(std::string_view etag);
/// The number in W/"123"; 0 when there is none.
std::int64_t version_in(std::string_view etag);

} // namespace hawser::dataverse

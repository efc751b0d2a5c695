#pragma once

#include "hawser/replica.h"
#include "tools/hawser/party_words.h"

#include <map>
#include <string>
#include <string_view>

namespace hawser::cli {

/// The table of that logical or entity set name ("contact", "contacts"); an unknown one is refused
/// with the nearest known names.
Result<Table> find_table(const Replica& replica, std::string_view name);

/// The record whose id begins with the text. A whole id is taken as it is, so that records that are
/// deleted here can be named too. Several or none are refused.
Result<RecordKey> find_record(const Replica& replica, const Table& table, std::string_view id_prefix);

/// The same, for "table:idprefix".
RecordResolver record_resolver(const Replica& replica);

/// An open conflict, and the revision of it that the words speak of.
struct NamedConflict {
    Conflict conflict;
    std::int64_t revision = 1;
};

/// The open conflict of that label ("3" is its first revision, "3.2" its second), or about the record
/// whose id begins with the text, in its first revision. Up to seven digits are a number: ids are shown
/// with eight. A revision that has never been is refused.
Result<NamedConflict> find_open_conflict(const Replica& replica, std::string_view label_or_id);

/// What people call records. Asks the replica once for each.
///
/// Not for more than one thread at a time.
class RecordNames {
public:
    explicit RecordNames(const Replica& replica) : replica_(replica) {}

    /// The primary name, or "table:12345678" when the record is not here or has none.
    std::string name_of(const Lookup& record);

    /// For things that carry their name with them: the given one unless it is "".
    std::string name_of(const RecordKey& record, const std::string& given);

private:
    const Replica& replica_;
    std::map<Lookup, std::string> known_;
};

/// The beginning of an id that people see: eight digits.
std::string short_id(const Guid& id);

} // namespace hawser::cli

#pragma once

#include "localstore/change.h"
#include "localstore/database.h"
#include "localstore/tables.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hawser::localstore {

/// The change of that number; empty when there is none.
std::optional<Change> find_change(Database& database, const TableSet& tables, Sequence sequence);

/// The live changes of one record, in order.
std::vector<Change> live_changes(Database& database, const KnownTable& table, const Guid& id);

std::vector<Change> list_changes(Database& database, const TableSet& tables, const ChangeFilter& filter);

/// Appends a new change with its references and gives it its number.
void add_change(Database& database, const KnownTable& table, Change& change);

/// Rewrites what may change of a change: state, settled, attempts, words, times; and `before` and
/// `after`, for changes whose predecessor was undone. Keeps the references in step with `live`.
void update_change(Database& database, const Change& change);

/// Cheaper: nothing but the state and what belongs to it.
void update_change_state(Database& database, const Change& change);

Sequence next_sequence(Database& database);

/// The open intent that froze the change; 0 = none.
void set_intent(Database& database, Sequence sequence, std::int64_t intent);

/// Where a change refers to, by lookup or party: role 1 for what `after` holds, 2 for what `before`
/// holds and `after` does not (or the change deletes).
struct Reference {
    std::string target;
    Guid id;
    int role = 1;
    friend auto operator<=>(const Reference&, const Reference&) = default;
};
std::set<Reference> references(const Change& change);
/// Adds those of a live change to the ones that are stored.
void write_references(Database& database, const Change& change);

/// Columns of the change that are not settled.
std::vector<std::string> open_columns(const Change& change);

/// Takes the change out of the queue.
void leave_queue(Change& change, ChangeState state, std::string_view reason, Instant now);

/// What the checksum of a change covers.
std::int64_t change_sum(const Change& change, std::string_view before, std::string_view after);

} // namespace hawser::localstore

#pragma once

#include "localstore/change.h"
#include "localstore/conflict.h"
#include "localstore/record.h"
#include "localstore/record_row.h"
#include "localstore/store_impl.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

/// One record under work in a write transaction: its row and all that makes it dirty. Verbs load it,
/// change its parts, and call `finish`, which restores every rule of the algebra.
class Subject {
public:
    /// Follows no alias. A record that is not here has `row.record` 0.
    static Subject load(TransactionState& state, std::shared_ptr<const KnownTable> table, const Guid& id);

    RecordRow row;
    std::optional<Shadow> shadow;
    std::vector<Change> live;
    std::optional<Conflict> conflict;

    const KnownTable& table() const { return *table_; }
    RecordKey key() const { return {table_->table.name, row.id}; }
    bool known() const { return row.record != 0; }
    Copy local() const;
    Fields decode(std::string_view body) const;

    /// Gives a clean record its shadow: the server's version, which its row still is.
    void make_dirty();
    /// Replaces the base. `finish` stores it.
    void set_shadow(Shadow shadow);

    /// Inserts the change and appends it to `live`.
    void add(Change change);
    /// Stores a changed state; a change that is not live any more leaves `live`.
    void store_state(Sequence sequence);
    Change* find(Sequence sequence);

    /// What the open conflict masks (`masked_columns`).
    ColumnSet masked() const;

    /// Folds again, masks, follows the conflict's sides, gives each change its state, and makes the
    /// record clean when nothing is left. `now` dates what this closes.
    void finish(Instant now);

private:
    Subject(TransactionState& state, std::shared_ptr<const KnownTable> table)
        : state_(&state), table_(std::move(table))
    {
    }

    void withdraw_conflict_without_claims(Instant now);
    void cancel_never_sent(Instant now);
    void cancel_taken_back(Instant now);
    void mask(Copy& local);
    void follow_sides(const Copy& local);
    void give_states();
    void store_dirty(const Copy& local);
    void become_clean();

    TransactionState* state_;
    std::shared_ptr<const KnownTable> table_;
    bool shadow_changed_ = false;
};

std::optional<Shadow> find_shadow(Database& database, const KnownTable& table, std::int64_t record);

/// The present key of a record that may have been known by another.
RecordKey follow_alias(Database& database, const TableSet& tables, const RecordKey& key);

} // namespace hawser::localstore

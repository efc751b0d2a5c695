#pragma once

#include "tools/server/core/payload.h"
#include "tools/server/core/precondition.h"

namespace hawser::server {

// The writes of the Web API. Each expects to run in a savepoint that the caller undoes when the
// answer's status is 400 or more.

Answer create(const Call& call, const Table& table);                           ///< POST set
Answer update_or_create(const Call& call, const Table& table, const Guid& id); ///< PATCH set(id)
Answer erase(const Call& call, const Table& table, const Guid& id);            ///< DELETE set(id)
Answer put_column(const Call& call, const Table& table, const Guid& id, const Column& column);
Answer clear_column(const Call& call, const Table& table, const Guid& id, const Column& column);
/// PUT and DELETE set(id)/lookup/$ref
Answer set_reference(const Call& call, const Table& table, const Guid& id, std::string_view navigation);
Answer clear_reference(const Call& call, const Table& table, const Guid& id, const Column& column);
/// POST and DELETE set(id)/collection/$ref
Answer add_member(const Call& call, const Guid& id, const Table& table, const CollectionProperty& collection);
Answer remove_member(const Call& call, const CollectionProperty& collection, const Guid& member);
/// PUT set(id)/…_activity_parties
Answer replace_parties(const Call& call, const Table& table, const Guid& id,
                       const CollectionProperty& property);

// The same one step below, without privileges of the caller's answer around them.

Outcome<StoredRow> insert_row(const Call& call, const Table& table, const Guid& id, const Payload& payload,
                              const std::string& condition);
Outcome<StoredRow> change_row(const Call& call, const Table& table, const StoredRow& row,
                              const Payload& payload, const std::string& condition);
std::optional<Refusal> insert_parties(const Call& call, const Table& table, const Guid& activity,
                                      const std::vector<Payload>& parties);
/// Gives the row a new version as if it had been written, without changing a column of the caller's.
void touch_row(const Call& call, const Table& table, StoredRow& row);
void erase_tree(const Call& call, const Table& table, const Row& row, const std::string& condition);

} // namespace hawser::server

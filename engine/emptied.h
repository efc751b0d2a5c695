#pragma once

#include "localstore/record.h"
#include "localstore/transaction.h"

#include <functional>

namespace hawser::engine {

using StateOf = std::function<Result<localstore::RecordState>(const RecordKey&)>;

inline StateOf state_in(localstore::Transaction& transaction)
{
    return [&transaction](const RecordKey& key) { return transaction.records.state(key); };
}

/// Whether the organization is known to have deleted the record, also by a deletion of ours that is on its way.
bool is_deleted_there(const localstore::RecordState& state);

/// The organization empties what refers to a record that is deleted, and gives those records another version:
/// nobody's edit. Takes out of `base` the references that `remote` lacks and whose record is known to be
/// deleted there, also by a deletion of ours that is on its way.
Result<void> forget_emptied(const StateOf& state_of, Fields& base, const Fields& remote);

/// What was sent, with nothing in place of those references.
Result<Fields> with_emptied(const StateOf& state_of, const Fields& sent, const Fields& remote);

} // namespace hawser::engine

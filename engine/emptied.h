#pragma once

#include "localstore/transaction.h"

namespace hawser::engine {

/// The organization empties what refers to a record that is deleted, and gives those records another version:
/// nobody's edit. Takes out of `base` the references that `remote` lacks and whose record is known to be
/// deleted there, also by a deletion of ours that is on its way.
Result<void> forget_emptied(localstore::Transaction& transaction, Fields& base, const Fields& remote);

} // namespace hawser::engine

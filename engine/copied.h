#pragma once

#include "localstore/intent.h"
#include "localstore/store.h"

namespace hawser::engine {

/// The file is a copy, or was restored from one: from here on it is another installation, which compares before it
/// sends anything. Durable when it returns; after a crash before that the next one that takes the lock finds the same.
Result<void> begin_as_copy(localstore::Store& store, const Guid& instance, Instant now);

/// Whether the intent was opened by the installation that this one is a copy of. That one settles it, too, and then
/// removes its receipt: a receipt that is not there proves nothing of it.
bool is_from_another(const localstore::Store& store, const localstore::Intent& intent);

/// Whether that installation has a change of the intent, too, and may have sent a part of it after a decision there.
bool is_shared(const localstore::Store& store, const localstore::Intent& intent);

} // namespace hawser::engine

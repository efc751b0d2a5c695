#pragma once

#include "hawser/change.h"
#include "localstore/store.h"

#include <filesystem>

namespace hawser::carry {

/// Writes all that waits in a replica, as of one moment, to a journal that does not exist yet (JournalWriter says what
/// fails and what is left then). No token, no password and, redacted, no content and no name is in it. Any thread; others
/// may write meanwhile.
Result<Exported> write_journal(localstore::Store& store, const std::filesystem::path& file, Contents contents,
                               Instant now);

} // namespace hawser::carry

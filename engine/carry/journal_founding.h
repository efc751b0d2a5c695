#pragma once

#include "hawser/change.h"
#include "localstore/store.h"

#include <filesystem>

namespace hawser::carry {

/// Queues the creation of each record that a journal's changes stand on or refer to, as it was there, for an
/// organization that has none of them. A column that cannot be given at a creation is left out, and so is a reference to
/// what is not among these records, such as an owner. All or nothing, and once: a replica in which they were queued
/// remembers of which journal.
///
/// Fails with what a JournalReader refuses, journal.redacted, and as an edit does. Any thread.
Result<Founded> found_records(localstore::Store& store, const std::filesystem::path& file, Instant now);

} // namespace hawser::carry

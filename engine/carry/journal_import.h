#pragma once

#include "hawser/change.h"
#include "localstore/store.h"

#include <filesystem>

namespace hawser::carry {

/// Takes over what waits in a journal: all of it in one transaction that is on disk when it returns, or nothing. It is
/// read to its end before anything is taken. Changes that this replica has, also those that are done with, are not
/// taken again. A request without an answer is opened again, to be settled by reading; where that cannot be, because its
/// records have edits of their own here, its changes are held. From then on the replica compares with the whole
/// organization before it sends anything, unless the options say otherwise: the other installation may be alive and have
/// sent the same.
///
/// Fails with what a JournalReader refuses; journal.redacted; journal.other_organization and journal.other_user, which
/// name both; journal.damaged for what is no part of a journal, with its byte; and with what refuses an edit, naming the
/// change. Any thread.
Result<Imported> read_journal(localstore::Store& store, const std::filesystem::path& file,
                              const ImportOptions& options, Instant now);

/// What its first line says.
Result<JournalAbout> about_journal(const std::filesystem::path& file);

} // namespace hawser::carry

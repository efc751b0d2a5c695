#pragma once

#include "engine/emptied.h"
#include "engine/read_back.h"
#include "localstore/intent.h"

#include <set>
#include <utility>
#include <vector>

namespace hawser::engine {

/// Whether the change travels, in part or whole, with the intent.
bool covers(const localstore::Intent& intent, localstore::Sequence change);

// What the replica knows about the records of an intent whose answer is missing. `state_of` is the state of a
// record now; an error is the store's.

/// The records that the intent makes again under an id that the organization had before, but for those that are
/// there and that `user` made.
Result<std::set<RecordKey>> revived(const StateOf& state_of, const localstore::Intent& intent,
                                    const std::vector<std::pair<RecordKey, Found>>& found, const Guid& user);

/// The records that the intent deletes and that are there, made by somebody since.
Result<std::set<RecordKey>> reborn(const StateOf& state_of, const localstore::Intent& intent,
                                   const std::vector<std::pair<RecordKey, Found>>& found);

/// The intent as the records that were read can still show it: deletions of ours empty what referred to what they
/// delete.
Result<localstore::Intent> as_shown(const StateOf& state_of, localstore::Intent intent,
                                    const std::vector<std::pair<RecordKey, Found>>& found);

/// Of these columns those that edits are about. What is made again goes whole: of the rest nothing is at stake.
Result<std::vector<localstore::Indeterminate>> edited_of(const StateOf& state_of,
                                                         const localstore::Intent& intent,
                                                         std::vector<localstore::Indeterminate> columns);

/// Whether all records that the intent makes are there, and one of them was deleted here since.
Result<bool> is_unmade(const StateOf& state_of, const localstore::Intent& intent,
                       const std::vector<std::pair<RecordKey, Found>>& found);

/// Whether a deletion of the intent was undone since, with its group. To send it again only to make good
/// for it would take along what the organization deletes with the record.
Result<bool> is_taken_back(const StateOf& state_of, const localstore::Intent& intent);

/// The records that the intent makes and of which the organization told a deletion: its first attempt arrived,
/// or another copy of this replica sent it, and somebody deleted what came of it.
/// Or a pull brought it, and it is there no more.
Result<std::set<RecordKey>> deleted_since(const StateOf& state_of, const localstore::Intent& intent,
                                          const std::vector<std::pair<RecordKey, Found>>& found);

} // namespace hawser::engine

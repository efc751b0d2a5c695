#pragma once

#include "hawser/change.h"
#include "hawser/replica.h"
#include "localstore/change.h"
#include "localstore/conflict.h"
#include "localstore/journal.h"
#include "localstore/record.h"

namespace hawser::engine {

// The store's values as the embedder sees them. Names are looked up by the caller.
Badge face_of(localstore::Badge badge);
ChangeState face_of(localstore::ChangeState state);
Record face_of(localstore::RecordView view);
Change face_of(const localstore::Change& change);
Conflict face_of(const localstore::Conflict& conflict);
Decision face_of(const localstore::Decision& decision);

/// Why a change stands where it does, in plain words; "" when it only waits for its turn.
std::string reason_of(const localstore::Change& change);

localstore::ChangeKind store_of(ChangeKind kind);
localstore::ChangeState store_of(ChangeState state);
localstore::ChangeFilter store_of(const ChangeFilter& filter);

/// A stable id for a group, made of its number and the replica's instance.
Guid group_id(localstore::GroupNumber group);

} // namespace hawser::engine

#pragma once

#include "engine/observers.h"
#include "engine/rules/policies.h"
#include "hawser/replica.h"
#include "localstore/store.h"

#include <memory>

namespace hawser {

/// What the copies of one Replica share: the open store and the ports. A synchronizer in the same
/// process works on this store, so that user writes and bulk work take turns at one gate.
///
/// Threads: any. `watchers` is destroyed before the store that it observes.
struct Replica::Impl {
    ReplicaOptions options; ///< With clock and random filled in.
    std::shared_ptr<engine::Policies> policies;
    std::unique_ptr<localstore::Store> store;
    std::unique_ptr<engine::Watchers> watchers;

    Clock& clock() const { return *options.clock; }
    Random& random() const { return *options.random; }
    Instant now() const { return options.clock->now(); }

    /// Fails with input.unknown_table, naming the nearest.
    Result<std::shared_ptr<const localstore::KnownTable>> table(std::string_view name) const;
    localstore::WriteContext context(const Author& author, localstore::Grouping grouping) const;
    Result<std::vector<RecordKey>> write(const std::vector<Edit>& edits, const Author& author,
                                         localstore::Grouping grouping) const;
    /// What people call the record; "" when it has no name or is not here.
    std::string name_of(const RecordKey& key) const;
};

} // namespace hawser

#pragma once

#include "engine/push_plan.h"

namespace hawser::engine {

/// A change of the youngest group that waits for itself, by the order of its records' edits and by what it refers
/// to, and the change of another one that it waits for. Groups that wait for a person anyway are none. Pure.
std::optional<std::pair<localstore::Sequence, localstore::Sequence>>
find_stuck_group(std::span<const PlannedChange> live, std::span<const localstore::Dependency> edges);

/// The deletions, each a change on its own, that wait for what itself waits for an earlier change of their record:
/// they cannot go together with that one. Pure.
std::set<localstore::Sequence> find_early_deletions(std::span<const PlannedChange> live,
                                                    std::span<const localstore::Dependency> edges);

} // namespace hawser::engine

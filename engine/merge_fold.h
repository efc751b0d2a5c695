#pragma once

#include "engine/rules/policies.h"
#include "localstore/fold.h"

#include <memory>

namespace hawser::engine {

/// The store's fold by the merge policies: apply = conflict::apply, together = conflict::with_groups.
std::shared_ptr<const localstore::Fold> merge_fold(std::shared_ptr<const Policies> policies);

} // namespace hawser::engine

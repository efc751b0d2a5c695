#pragma once

#include "engine/pull_mode.h"
#include "engine/surroundings.h"

#include <string>
#include <string_view>

namespace hawser::engine {

/// "delta", "filter", "off": the word that is kept with a scope.
std::string_view to_text(PullMode mode);

/// What is known of pulling the scope. One that is off is known by what it may be tried with next:
/// the filter, which needs the least, until tracking is due to be tried again.
PullProbe known_probe(const localstore::Store& store, const localstore::Scope& scope);

/// Keeps what was found out; writes nothing when it is no news.
Result<void> remember_probe(localstore::Store& store, const localstore::Scope& scope, const PullProbe& probe);

/// The table waits for a person: the organization does not have it or does not let this user read it,
/// or its filter fits no table. What is here of it stays. `why` is shown as it is. Once, as long as
/// the reason is the same, the journal says so; later cycles try again.
Result<void> turn_off(Surroundings& around, const CycleWork& cycle, const localstore::Scope& scope,
                      const std::string& why);

} // namespace hawser::engine

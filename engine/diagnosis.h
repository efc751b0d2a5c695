#pragma once

#include "hawser/synchronizer.h"

namespace hawser::engine {

/// Set from the moment that the organization is known to be an older copy of itself until everything was
/// compared with it.
inline constexpr std::string_view restored_setting = "sync.restored";

// What Synchronizer offers without a replica. Each runs on the calling thread.
Result<Binding> identify(const std::string& organization_url, const std::string& mailbox,
                         const SynchronizerOptions& options, const Ports& ports, std::shared_ptr<Clock> clock,
                         std::shared_ptr<Random> random);
Probe probe(const std::string& organization_url, const SynchronizerOptions& options, const Ports& ports,
            std::shared_ptr<Clock> clock, std::shared_ptr<Random> random);

} // namespace hawser::engine

#pragma once

#include "hawser/synchronizer.h"

namespace hawser::engine {

/// The real thing for every port that is null: libcurl, and the token command of the binding.
Ports real_ports(Ports ports, const SynchronizerOptions& options, const Binding& binding);

} // namespace hawser::engine

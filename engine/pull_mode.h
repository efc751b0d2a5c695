#pragma once

#include "hawser/clock.h"
#include "hawser/metadata.h"
#include "hawser/result.h"
#include "hawser/synchronizer.h"

#include <chrono>
#include <optional>
#include <string>

namespace hawser::engine {

/// What is known of pulling one table, kept with its scope.
struct PullProbe {
    PullMode mode = PullMode::delta;
    std::string reason{};                ///< Why; "" before the first probe.
    std::optional<Instant> refused_at{}; ///< When delta was last refused.
};

/// How long a refused delta pull is left alone: privileges change rarely, and every probe costs a
/// refusal in the server's log.
inline constexpr std::chrono::hours delta_reprobe_after{24};

/// How to pull a table next. Delta wherever the table has change tracking and nobody has refused it
/// lately: whether the user may is not known until it is tried.
PullProbe choose_pull_mode(const Table& table, const PullProbe& known, Instant now);

/// What a refused delta request teaches. Only called for refusals (a missing privilege, no change
/// tracking), never for passing faults. Of a missing privilege the reason keeps the name alone: to be
/// without it is usual.
PullProbe delta_refused(const Error& refusal, Instant now);

} // namespace hawser::engine

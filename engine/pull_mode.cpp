#include "engine/pull_mode.h"

namespace hawser::engine {

PullProbe choose_pull_mode(const Table& table, const PullProbe& known, Instant now)
{
    if (!table.change_tracking)
        return {PullMode::filter, "the organization does not track changes of this table", {}};
    if (known.mode != PullMode::filter) return {PullMode::delta, known.reason, {}};
    const bool rested =
        !known.refused_at || now < *known.refused_at || now - *known.refused_at >= delta_reprobe_after;
    if (rested) return {PullMode::delta, {}, {}};
    return known;
}

PullProbe delta_refused(const std::string& server_words, Instant now)
{
    return {PullMode::filter, "the organization refused to track changes for you: " + server_words, now};
}

} // namespace hawser::engine

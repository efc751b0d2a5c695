#pragma once

#include <cstdint>
#include <string_view>

namespace hawser::engine {

inline constexpr std::string_view mass_change_code = "engine.mass_change";

/// When a change of many records at once is so large that somebody should be asked (I9).
struct MassChangeLimits {
    double share = 0.3;       ///< Of a table's records …
    std::uint64_t least = 50; ///< … and at least this many.
};

/// `affected` of `of` records would be deleted (or changed) by one round or one push.
inline bool is_mass_change(const MassChangeLimits& limits, std::uint64_t affected, std::uint64_t of)
{
    return affected >= limits.least &&
           static_cast<double>(affected) >= limits.share * static_cast<double>(of);
}

} // namespace hawser::engine

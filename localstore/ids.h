#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace hawser::localstore {

/// Position of a change in the queue. Never used twice, also not after trimming or repair.
struct Sequence {
    std::int64_t value = 0;
    friend auto operator<=>(const Sequence&, const Sequence&) = default;
};

/// The last numbers before this replica became another installation (`JournalVerbs::set_instance`); "" when it is the
/// first one.
inline constexpr std::string_view former_cycle_setting = "former.cycle";
inline constexpr std::string_view former_change_setting = "former.change";

/// Set from the moment that a replica is found to be a copy until it is another installation.
inline constexpr std::string_view copied_setting = "installation.copied";

/// Set while others may have sent what this replica holds, as after a copy, until a whole pull has compared it; nothing is
/// sent before.
inline constexpr std::string_view compare_first_setting = "sync.compare_first";

/// The mark of the queue (`Store::tell_waiting`) that was last written to a journal as a whole.
inline constexpr std::string_view exported_setting = "queue.exported";

/// Changes made as one unit share one; 0 is "in no group".
struct GroupNumber {
    std::int64_t value = 0;
    friend auto operator<=>(const GroupNumber&, const GroupNumber&) = default;
};

struct ConflictNumber {
    std::int64_t value = 0;
    friend auto operator<=>(const ConflictNumber&, const ConflictNumber&) = default;
};

/// 0 is "outside of any cycle".
struct CycleNumber {
    std::int64_t value = 0;
    friend auto operator<=>(const CycleNumber&, const CycleNumber&) = default;
};

struct ScopeNumber {
    std::int64_t value = 0;
    friend auto operator<=>(const ScopeNumber&, const ScopeNumber&) = default;
};

/// One round of one scope. Unique in the replica and ascending; 0 is "no round yet".
struct Generation {
    std::int64_t value = 0;
    friend auto operator<=>(const Generation&, const Generation&) = default;
};

} // namespace hawser::localstore

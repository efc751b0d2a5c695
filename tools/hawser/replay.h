#pragma once

#include "hawser/change.h"
#include "tools/hawser/session.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hawser::cli {

/// When a replay ends before its time.
enum class StopOn { never, conflict, refusal };

struct ReplayPlan {
    std::string only{};                  ///< A table; "" = all.
    std::optional<ChangeNumber> until{}; ///< The last one, by its number in the journal.
    double rate = 0;                     ///< Changes a second, at most; 0 = as fast as it goes.
    StopOn stop_on = StopOn::never;
};

/// A change of the journal, and where it stands.
struct Replayed {
    ChangeNumber there = 0; ///< Its number in the journal.
    bool chosen = true;
    std::optional<Change> change{}; ///< None where the record said the same before.
};

/// Sends the changes of a journal from a replica that took them over: in the journal's order, in slices, with all that
/// the engine guarantees. The replica remembers what became of each, so that a replay which was cut off goes on, and
/// one that is repeated finds nothing to do. What is not chosen is held meanwhile, and chosen anew by the next one.
///
/// Not for more than one thread; blocks.
class Replay {
public:
    Replay(OnlineSession& session, const Imported& imported, ReplayPlan plan);

    /// Holds what is not chosen, and all else where it goes in slices.
    Result<void> prepare();
    /// The next slice: a unit where each is looked at for itself; what `rate` sends in a second; or everything. Empty at
    /// the end.
    std::vector<ChangeNumber> next();
    /// One unit even where more would go.
    void one_at_a_time() { single_ = true; }
    /// Lets the slice be sent by the next cycle, or holds it again for another time.
    Result<void> release(const std::vector<ChangeNumber>& slice);
    Result<void> hold_back(const std::vector<ChangeNumber>& slice);
    /// Sends the slice and waits until nothing more of it can be done now.
    Result<void> send(const std::vector<ChangeNumber>& slice);
    /// As they are now.
    Result<std::vector<Change>> changes_of(const std::vector<ChangeNumber>& slice) const;
    /// Why it should end here; "" when it should not.
    Result<std::string> reason_to_stop(const std::vector<ChangeNumber>& slice) const;

    Result<std::vector<Replayed>> outcome() const;
    ChangeNumber number_in_journal(ChangeNumber here) const;

private:
    bool goes_in_slices() const { return single_ || plan_.rate > 0 || plan_.stop_on != StopOn::never; }
    Result<std::vector<Change>> changes(bool settled_too) const;
    Result<std::size_t> still_queued(const std::vector<ChangeNumber>& slice) const;

    OnlineSession& session_;
    const Imported& imported_;
    ReplayPlan plan_;
    bool single_ = false;
    std::map<ChangeNumber, ChangeNumber> there_{};   ///< The journal's numbers, by those here.
    std::vector<std::vector<ChangeNumber>> units_{}; ///< What waits of what is chosen, in order.
    std::size_t next_unit_ = 0;
};

} // namespace hawser::cli

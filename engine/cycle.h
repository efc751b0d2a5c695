#pragma once

#include "engine/pull.h"
#include "engine/schedule.h"
#include "engine/surroundings.h"
#include "hawser/synchronizer.h"
#include "localstore/transaction.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hawser::engine {

/// What a cycle is asked to do.
struct CycleRequest {
    Reason reason = Reason::asked;
    std::vector<std::string> tables{}; ///< Empty = all chosen ones.
    Puller::Extent extent = Puller::Extent::changes;
    /// The replica may know less than it sent: nothing is pushed before every table was compared.
    bool compare_first = false;
};

/// How a cycle ended. `report` is there as soon as the cycle had begun, whatever happened.
struct CycleEnd {
    std::optional<CycleReport> report{};
    std::optional<Error> error{};
    std::optional<Instant> next{}; ///< The earliest moment that a waiting change has of its own.
    bool reached = false;          ///< The organization took us in.
};

/// One pull, reconcile and push. Everything it did is on disk when it ends, and whatever it had not
/// done goes on in the next one; it may be destroyed at any suspension. A table that fails stops neither
/// the other tables nor the push; the cycle then ends with that error.
class Cycle {
public:
    Cycle(Surroundings& around, PageSizes& sizes, CycleRequest request)
        : around_(around), sizes_(sizes), request_(std::move(request))
    {
    }

    /// Reads top to bottom: admit, pull, reconcile, push, settle.
    Task<CycleEnd> run();

    /// Reachable, signed in, the organization and user that the replica is bound to, and the tables'
    /// metadata at hand.
    static Task<Result<void>> admit(Surroundings& around, std::vector<std::string> tables,
                                    Troubles& troubles);

    /// There are new local edits: a pull under way lets them go between two pages.
    static void edited(Surroundings& around) { around.edits_waiting = true; }

private:
    Task<Result<void>> work();
    Task<Result<void>> pull(std::vector<localstore::Scope> scopes);
    Task<Result<void>> sweep(std::vector<localstore::Scope> scopes);
    Task<Result<void>> sweep_now(localstore::Scope scope);
    Task<Result<void>> take_cascades(std::vector<localstore::Scope> scopes);
    Result<void> end_comparison() const;
    Result<std::vector<localstore::Scope>> with_token(const std::vector<localstore::Scope>& scopes) const;
    bool lost_referred(const localstore::Scope& scope) const;
    Task<Result<void>> push();
    Task<Result<void>> push_between();
    Result<std::vector<localstore::Scope>> scopes() const;
    Result<void> leave_out(std::vector<localstore::Scope>& chosen, const Troubles& undescribed);
    Result<void> note_unheard(const std::vector<localstore::Scope>& asked);
    Result<void> note_questions(localstore::Transaction& transaction) const;
    void tidy() const;
    void tell_end(localstore::CycleOutcome outcome, const std::string& code) const;
    CycleEnd settle(const Result<void>& worked);

    Surroundings& around_;
    PageSizes& sizes_;
    CycleRequest request_;
    CycleWork work_{};
    std::uint64_t requests_before_ = 0;
    Clock::Milliseconds began_{};
    std::optional<Instant> next_{};
    std::set<std::string> deleted_from_{}; ///< The tables of our own deletions.
    bool reached_ = false;
    bool came_to_its_end_ = false; ///< Everything was looked at, whatever troubles some tables had.
};

} // namespace hawser::engine

#pragma once

#include "engine/courier.h"
#include "engine/figures.h"
#include "engine/log.h"
#include "engine/loop.h"
#include "engine/rules/policies.h"
#include "hawser/synchronizer.h"
#include "localstore/store.h"
#include "transport/dataverse/page.h"
#include "transport/dataverse/service.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::engine {

/// Everything the work on one table needs, prepared once a cycle.
struct TableWork {
    std::shared_ptr<const localstore::KnownTable> known;
    std::shared_ptr<const TableRules> rules;
    dataverse::RowPlan plan;

    const Table& table() const { return known->table; }
    const Layout& layout() const { return known->layout; }
};

/// What the parts of one engine share. Lives as long as the engine; belongs to the loop's thread.
struct Surroundings {
    Loop& loop;
    Courier& courier;
    localstore::Store& store;
    const Policies& policies;
    Random& random;
    const SynchronizerOptions& options;
    Log log;

    dataverse::EntitySets entity_sets{};
    bool edits_waiting = false; ///< Local edits came since the last push began.
    bool leaving = false;       ///< Somebody wants the engine to stop: end at the next chance.

    Instant now() const { return loop.clock().now(); }

    /// The table as it is known now; the same object until `forget_tables`.
    Result<std::shared_ptr<const TableWork>> table(std::string_view name);
    void forget_tables() { tables_.clear(); }

    void progress(std::string_view phase, std::string_view table, std::uint64_t done,
                  std::uint64_t total) const;

    std::map<std::string, std::shared_ptr<const TableWork>, std::less<>> tables_{};
};

/// Whether a failure says the same of everything else that a cycle would ask for: no connection, no
/// sign-in, the organization's own waiting time, the engine's end, a broken replica.
bool ends_the_cycle(const Error& error);

/// What failed for one table while the others went on.
class Troubles {
public:
    /// Notes the first failure of a table ("" = of none); gives it back when it ends the cycle.
    Result<void> note(const std::string& table, const Error& error);
    bool has(std::string_view table) const;
    const std::vector<std::pair<std::string, Error>>& all() const { return all_; }
    /// All of them as one error, what waits for a person first; success when there are none.
    Result<void> outcome() const;

private:
    std::vector<std::pair<std::string, Error>> all_{};
};

/// One cycle under way.
struct CycleWork {
    localstore::CycleNumber number;
    Instant started{};
    Figures figures{};
    bool restored = false; ///< The organization is an older copy of itself.
    Troubles troubles{};
    bool asked = false; ///< Somebody asks: what waits for a moment of its own is tried now, once.
    std::set<std::string> unheard{};               ///< Tables about which no answer came: their edits wait.
    std::set<localstore::GroupNumber> kept_back{}; ///< Groups that wait because of what this cycle met.
    std::map<std::string, std::uint64_t> gone{};   ///< How many records of a table it let go, by any way.
    std::set<std::string> allowed{};               ///< The mass changes that somebody said yes to.
};

/// The error with which everything ends when the engine is asked to stop.
Error stopped();
/// Until `resume`.
Error suspended();

/// What people call a record: "contact Jane Doe", or with its id when it has no name.
std::string name_of(const Table& table, const RecordKey& key, const Fields* fields);

} // namespace hawser::engine

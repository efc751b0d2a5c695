#pragma once

#include "engine/surroundings.h"
#include "localstore/round.h"
#include "localstore/transaction.h"
#include "transport/dataverse/pull.h"

#include <set>
#include <span>
#include <string>
#include <vector>

namespace hawser::engine {

/// Why a record seems to be gone, which says what it means when a read finds it there.
enum class Suspicion {
    unseen,    ///< A whole round did not bring it: it left the scope.
    tombstone, ///< The organization said so once: it was wrong or is outdated.
};

/// Looks at records that seem to be gone, one read each, and acts on what is found: verified
/// not-found deletes, lost access and a left scope unlink, anything else changes nothing (I9).
/// Stops with engine.mass_change when too many are gone at once and nobody says that this is right.
class Absence {
public:
    Absence(Surroundings& around, CycleWork& cycle) : around_(around), cycle_(cycle) {}

    Task<Result<void>> confirm(localstore::Scope scope, std::vector<Guid> ids, Suspicion why);

    /// All ids that the finished pages of a full round or a sweep did not bring.
    Task<Result<void>> confirm_unseen(localstore::Scope scope, localstore::Generation generation);

    /// Asks once a table and cycle when `affected` of the table's `of` records are a mass change.
    Task<Result<void>> ask(std::string table, std::string what, std::uint64_t affected, std::uint64_t of,
                           bool outgoing);

    /// The same; `affected` of the table's records here would go, besides those that the cycle let go already.
    Task<Result<void>> guard(std::string table, std::uint64_t affected);

private:
    Task<Result<std::vector<dataverse::Presence>>> look(localstore::Scope scope, std::vector<Guid> ids);
    /// Those of the records that are still in the scope: they changed during the round and moved behind its end.
    Task<Result<std::set<Guid>>> moved(localstore::Scope scope, std::vector<Guid> ids);
    Result<void> act(const localstore::Scope& scope, std::span<const dataverse::Presence> found,
                     Suspicion why);

    Result<bool> is_expected(localstore::Transaction& transaction, const TableWork& table, const Guid& id,
                             const localstore::Scope& scope);
    Result<void> keep_in_restored(localstore::Transaction& transaction, const TableWork& table,
                                  const Guid& id);

    Surroundings& around_;
    CycleWork& cycle_;
};

} // namespace hawser::engine

#pragma once

#include "engine/absence.h"
#include "engine/pull.h"
#include "engine/surroundings.h"

namespace hawser::engine {

/// Whether the comparison of (id, etag) of this scope is due: by the stated cadence, never before
/// the first full round, and at once when an earlier one is unfinished.
bool sweep_due(const localstore::Scope& scope, const localstore::Checkpoint& pull,
               const localstore::Checkpoint& sweep, const SynchronizerOptions& options, Instant now);

/// One sweep: reads ids and etags only, fetches what differs or is not here, and has every id that
/// did not come confirmed before anything happens to it (I9). Goes on at its link after a crash.
class Sweeper {
public:
    Sweeper(Surroundings& around, CycleWork& cycle) : around_(around), cycle_(cycle), absence_(around, cycle)
    {
    }

    Task<Result<void>> sweep(localstore::Scope scope);

private:
    Task<Result<void>> fetch(localstore::Scope scope, localstore::Generation generation,
                             std::vector<Guid> ids);
    Result<localstore::Generation> begin(const localstore::Scope& scope);
    Result<void> keep_link(const localstore::Scope& scope, localstore::Generation generation,
                           const std::string& link, std::int64_t noted);
    Result<void> finish(const localstore::Scope& scope, localstore::Generation generation);
    Result<std::vector<Guid>> note(const localstore::Scope& scope, localstore::Generation generation,
                                   const PageRows& rows);

    Surroundings& around_;
    CycleWork& cycle_;
    Absence absence_;
};

} // namespace hawser::engine

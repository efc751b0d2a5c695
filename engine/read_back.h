#pragma once

#include "engine/surroundings.h"
#include "transport/dataverse/batch.h"
#include "transport/dataverse/outcome.h"

#include <optional>
#include <string>
#include <vector>

namespace hawser::engine {

/// What a read of one record found.
struct Found {
    enum class Presence {
        present,
        absent,    ///< Verified not-found, for this id, from the bound organization.
        no_access, ///< This user may not see it, whether it is there or not.
        no_answer,
    };
    Presence presence = Presence::no_answer;
    std::string etag{};
    Fields fields{};
    bool too_large = false; ///< With no_answer: a repeat would end alike.
};

/// What to read: the record, or a receipt row by the intent's id.
struct ReadBack {
    RecordKey key;
    std::shared_ptr<const TableWork> table{}; ///< Null for a receipt row.
};

/// Reads these, in batches; one answer each, in order. A batch that is refused or too large is halved,
/// down to a single record without a usable answer; any other failure of a whole batch is the failure.
Task<Result<std::vector<Found>>> read_back(Surroundings& around, std::vector<ReadBack> reads);

/// A part of a batch that asks for quiet is heeded as a whole answer is; the first such part.
std::optional<dataverse::Outcome> heed_throttling(Surroundings& around, const dataverse::BatchAnswer& parts);

/// A record's copy out of an answer of its own.
Result<Found> found_in(const TableWork& table, std::string_view body, const Collection* parties);

} // namespace hawser::engine

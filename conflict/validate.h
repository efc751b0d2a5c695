#pragma once

#include "conflict/merge.h"
#include "hawser/metadata.h"

#include <functional>
#include <string>
#include <vector>

namespace hawser::conflict {

/// Something that no copy of a record may be, although each side was right by itself.
struct Failure {
    std::vector<std::string> columns;
    std::string reason; ///< "the end lies before the start"
};

/// Pure; what is wrong with a merged record.
using Validator = std::function<std::vector<Failure>(const Fields&)>;

/// Ends before starts, and a status that belongs to another state.
Validator validator_for(const Table& table);

/// Turns each failure into a question: its columns that differ between the sides, with their
/// groups, become contested with the failure's reason and hold mine. Where one side alone made
/// the record what it is, nothing changes: the server is the judge of that.
Merge validated(Merge merge, const Fields& base, const Fields& local, const Fields& remote,
                const Policy& policy, const Validator& validator);

} // namespace hawser::conflict

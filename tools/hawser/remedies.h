#pragma once

#include "hawser/replica.h"

#include <string>
#include <vector>

namespace hawser::cli {

/// The commands by which a person lets a parked or held change go on or gives it up; empty for others.
std::vector<std::string> remedies_of(const Change& change);

/// Those of the first few parked and held changes, a sentence for each; only of `record` when given.
Result<std::vector<std::string>> remedy_sentences(const Replica& replica,
                                                  const std::optional<RecordKey>& record = {});

/// The error, with the commands behind its message when it says that changes of `record`, or those that
/// refer to it, have to be undone first.
Error with_remedy(const Replica& replica, Error error, const RecordKey& record);

} // namespace hawser::cli

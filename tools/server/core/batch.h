#pragma once

#include "tools/server/core/call.h"

#include <string>
#include <vector>

namespace hawser::server {

/// One operation of a batch, as it stands in its part. Views point into the request's body.
struct BatchOperation {
    std::string method{};
    std::string target{};
    Headers headers{};
    std::string_view body{};
    std::string content_id{};
};

/// One top-level part: a single operation, or a change set of several.
struct BatchPart {
    bool change_set = false;
    std::vector<BatchOperation> operations{};
};

/// Reads a multipart body. Refuses nested batches, unreadable parts and more operations than
/// `most_operations`.
Outcome<std::vector<BatchPart>> parse_batch(std::string_view content_type, std::string_view body,
                                            std::size_t most_operations);

/// POST $batch: carries the parts out in order. Expects to run in a transaction; what was done
/// before a refusal stays.
Answer answer_batch(Call& call);

} // namespace hawser::server

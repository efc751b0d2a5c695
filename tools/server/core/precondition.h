#pragma once

#include "tools/server/core/call.h"

#include <optional>

namespace hawser::server {

/// What a request demands of the row's version.
struct Precondition {
    enum class Kind { none, must_exist, must_match, must_not_exist } kind = Kind::none;
    std::int64_t version = 0; ///< With must_match.
    std::string text{};       ///< As given, for the write log.
};

Outcome<Precondition> read_precondition(const Headers& headers);

/// What a write to the row meets, by the conditional matrix: nothing when it may go on.
std::optional<Refusal> check(const Precondition& condition, const Table& table, const Guid& id,
                             const std::optional<StoredRow>& row);

} // namespace hawser::server

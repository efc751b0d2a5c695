#pragma once

#include "tools/server/core/call.h"

#include <string>
#include <string_view>
#include <vector>

namespace hawser::server {

/// One applied write, as a line of the write log.
struct AppliedWrite {
    std::string table{};
    Guid id;
    std::string condition{};
    std::vector<std::string> columns{};
    std::string outcome{}; ///< created, updated, deleted, unlinked, parties_replaced
    std::int64_t version = 0;
};

void log_write(const Call& call, const AppliedWrite& write);

/// The line for an injected fault.
std::string fault_line(Instant now, std::string_view user, const Request& request, std::string_view fault,
                       std::string_view effect);

} // namespace hawser::server

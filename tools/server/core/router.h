#pragma once

#include "tools/server/core/call.h"

namespace hawser::server {

/// Answers one operation whose method, address, headers and body stand in the call. A write that is
/// refused leaves nothing behind.
Answer answer_operation(Call& call);

/// Whether the operation writes; it then needs a transaction.
bool is_write(std::string_view method);

} // namespace hawser::server

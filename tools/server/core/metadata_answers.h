#pragma once

#include "tools/server/core/call.h"

namespace hawser::server {

bool is_metadata_set(std::string_view name);

/// EntityDefinitions and what lies below it: attributes by type, relationships, keys.
Answer metadata_answer(const Call& call);

Answer metadata_document(const Call& call); ///< $metadata
Answer service_document(const Call& call);  ///< the root

} // namespace hawser::server

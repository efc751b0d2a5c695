#pragma once

#include "tools/server/core/read.h"

namespace hawser::server {

/// Change tracking: a GET with odata.track-changes, or with a $deltatoken, or with the $skiptoken
/// of such a round. Rows come by version, then deletions; a round covers what had happened when it
/// began, and its last page carries the link for the next.
Answer track_changes(const Call& call, const Table& table);

bool is_tracking_request(const Call& call, const Table& table);

/// set/$count?$deltatoken=…
Answer count_changes(const Call& call, const Table& table);

bool is_tracked(const Call& call, const Table& table);

} // namespace hawser::server

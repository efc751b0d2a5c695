#pragma once

#include "tools/hawser/record_finder.h"

#include <string>

namespace hawser::cli {

/// "change 3, update of Ada Lovelace: jobtitle: Clerk -> Boss", with whole values.
std::string content_of(const Change& change, const Replica& replica, RecordNames& names);

} // namespace hawser::cli

#pragma once

#include "localstore/store.h"

#include <string>
#include <vector>

namespace hawser::tests {

/// Puts a table aboard, with a filter and its columns where they are given.
Result<void> choose_table(localstore::Store& store, const std::string& name, const std::string& filter = {},
                          const std::vector<std::string>& columns = {});

} // namespace hawser::tests

#pragma once

#include "hawser/result.h"

#include <string>

namespace hawser::cli {

/// What a file, or with "-" standard input, holds; at most 64 MB. A failure is a usage error that names it.
Result<std::string> file_text(const std::string& path);

} // namespace hawser::cli

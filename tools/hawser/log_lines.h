#pragma once

#include "tools/hawser/invocation.h"

#include <functional>
#include <string_view>

namespace hawser::cli {

/// What -v prints on standard error: a line an event with its time, level, name and fields. Once
/// leaves out the debug events. `before` runs first, for clearing a progress bar. Any thread.
std::function<void(std::string_view level, std::string_view event, std::string_view json)>
log_lines(const Invocation& invocation, std::function<void()> before);

} // namespace hawser::cli

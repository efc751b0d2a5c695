#pragma once

#include <atomic>
#include <optional>
#include <string_view>

namespace hawser::cli {

/// Asks on standard error and reads the answer from standard input; Enter alone means no. Nothing
/// when there is no terminal to ask on, or when `given_up` becomes true before an answer came.
std::optional<bool> ask(std::string_view question, const std::atomic<bool>* given_up = nullptr);

} // namespace hawser::cli

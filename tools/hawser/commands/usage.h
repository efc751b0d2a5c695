#pragma once

#include "tools/hawser/exit_code.h"

#include <CLI/CLI.hpp>

namespace hawser::cli {

/// Prints the help that was asked for, or one line about what is wrong on the command line, with
/// the nearest command or option and where the help is.
ExitCode explain(const CLI::App& app, const CLI::ParseError& error);

} // namespace hawser::cli

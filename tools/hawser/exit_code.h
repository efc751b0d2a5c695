#pragma once

#include "hawser/result.h"

namespace hawser::cli {

/// What a finished command tells the shell; docs/COMMANDS.md promises these numbers.
enum class ExitCode {
    done = 0,
    failed = 1, ///< It failed, or what was compared is different.
    usage = 2,
    offline = 3,
    sign_in = 4,
    needs_person = 5, ///< Done, but something waits for a person.
    locked = 6,       ///< Another process synchronizes or holds the replica.
};

/// The one place where failures become exit codes.
ExitCode exit_code_of(const Error& error);

/// A refusal of what stood on the command line: exit code 2.
Error usage_error(std::string message);

} // namespace hawser::cli

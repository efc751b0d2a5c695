#pragma once

#include "hawser/result.h"
#include "tools/hawser/exit_code.h"

#include <functional>
#include <optional>
#include <string>

namespace hawser::cli {

enum class ColorWish { automatic, always, never };

/// What was asked for on the command line, apart from what one command alone understands.
struct Invocation {
    std::string replica{}; ///< A path; "" = HAWSER_REPLICA or the default place.
    bool json = false;
    bool quiet = false;
    int verbosity = 0;
    ColorWish color = ColorWish::automatic;
    std::string proxy{};
    std::string certificate_authorities{};
    std::string limit_rate{}; ///< As `parse_rate` reads it; "" = none.

    /// Why the replica could only be looked at. It needs a person.
    std::optional<Error> only_looked_at{};

    /// Set by the command that was chosen; runs it.
    std::function<Result<ExitCode>()> action{};
};

} // namespace hawser::cli

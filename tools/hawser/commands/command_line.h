#pragma once

#include "tools/hawser/commands/command.h"
#include "tools/hawser/exit_code.h"

#include <memory>
#include <optional>

namespace hawser::cli {

/// The whole tree of commands. `invocation` must outlive it.
class CommandLine {
public:
    explicit CommandLine(Invocation& invocation);
    ~CommandLine();

    /// Fills the invocation and sets its action. An exit code when there is nothing to run: the help
    /// that was asked for was printed, or one line about what is wrong on the command line.
    std::optional<ExitCode> parse(int argc, char** argv);

    Command root() const;

private:
    std::unique_ptr<CLI::App> app_;
};

} // namespace hawser::cli

#include "tools/hawser/commands/commands.h"
#include "tools/hawser/commands/usage.h"
#include "tools/hawser/output.h"

#include <clocale>
#include <cstdio>

int main(int argc, char** argv)
{
    using namespace hawser::cli;
    std::setlocale(LC_CTYPE, "");

    Invocation invocation;
    const auto app = make_command_line(invocation);
    try {
        app->parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return static_cast<int>(explain(*app, error));
    }
    const auto ended = invocation.action();
    if (!ended) complain(ended.error().message);
    if (std::fflush(stdout) != 0) {
        complain("the output could not be written completely; is the disk full?");
        return static_cast<int>(ExitCode::failed);
    }
    return static_cast<int>(ended ? *ended : exit_code_of(ended.error()));
}

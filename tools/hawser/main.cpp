#include "tools/hawser/commands/command_line.h"
#include "tools/hawser/output.h"
#include "tools/hawser/state_words.h"

#include <clocale>
#include <csignal>

int main(int argc, char** argv)
{
    using namespace hawser::cli;
    std::setlocale(LC_CTYPE, "");
#ifdef SIGXFSZ
    // A file that may not grow any more is told as a full disk is, and ends no command half-way.
    std::signal(SIGXFSZ, SIG_IGN);
#endif

    Invocation invocation;
    CommandLine command_line(invocation);
    if (const auto exit = command_line.parse(argc, argv)) return static_cast<int>(*exit);
    const auto ended = invocation.action();
    const auto& looked_at = invocation.only_looked_at;
    if (looked_at && (ended || ended.error().code != looked_at->code))
        complain(looked_at->message + " Until then it can only be looked at.");
    if (!ended) complain(error_sentence(ended.error(), hawser::system_clock()->now()));
    if (finish_output() == Delivery::lost) {
        complain("the output could not be written completely; is the disk full?");
        return static_cast<int>(ExitCode::failed);
    }
    if (!ended) return static_cast<int>(exit_code_of(ended.error()));
    return static_cast<int>(looked_at && *ended == ExitCode::done ? ExitCode::needs_person : *ended);
}

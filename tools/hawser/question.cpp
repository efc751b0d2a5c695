#include "tools/hawser/question.h"

#include "tools/hawser/output.h"
#include "tools/hawser/text_width.h"

#include <poll.h>
#include <string>
#include <unistd.h>

namespace hawser::cli {

namespace {

constexpr int look_again_ms = 200;

} // namespace

std::optional<bool> ask(std::string_view question, const std::atomic<bool>* given_up)
{
    if (!is_terminal(stdin) || !is_terminal(stderr)) return {};
    const std::string line = one_safe_line(question) + " [y/N] ";
    std::fflush(stdout);
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (poll(&input, 1, look_again_ms) <= 0)
        if (given_up && given_up->load()) return {};
    char answer[64] = {};
    const ssize_t length = read(STDIN_FILENO, answer, sizeof answer);
    return length > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

} // namespace hawser::cli

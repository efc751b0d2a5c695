#include "engine/token_program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace hawser::engine {
namespace {

using Milliseconds = std::chrono::milliseconds;
using Ticks = std::chrono::steady_clock;

constexpr std::size_t token_bytes_most = 64u << 10;
/// The end of the program is looked for this often: a process that it left behind may keep its output
/// open, so that the end of the output does not tell it.
constexpr Milliseconds look_every{20};
constexpr Milliseconds killed_within{1000};

Error failed(const std::vector<std::string>& argv, const std::string& why)
{
    return {ErrorKind::sign_in, "auth.no_token",
            "the token command " + argv.front() + " gave no token: " + why};
}

/// One running program. Whatever is still running when this ends is killed.
class Program {
public:
    explicit Program(const std::vector<std::string>& argv) { start(argv); }
    ~Program()
    {
        end();
        close(output_);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    const std::optional<std::string>& trouble() const { return trouble_; }

    /// Reads until the program has ended and its first line is known. False, with `trouble`, otherwise.
    bool follow(Milliseconds time, int interruption);
    std::string line() const { return text_.substr(0, text_.find('\n')); }

private:
    void start(const std::vector<std::string>& argv);
    bool refuse(std::string why)
    {
        trouble_ = std::move(why);
        return false;
    }
    bool has_line() const { return text_.find('\n') != std::string::npos; }
    bool take_output();
    bool ended();
    void end();
    static void close(int& descriptor)
    {
        if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
    }

    pid_t process_ = 0; ///< 0 = not started, or it ended and was waited for.
    int status_ = 0;
    int output_ = -1;
    std::string text_;
    std::optional<std::string> trouble_;
};

void Program::start(const std::vector<std::string>& argv)
{
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        trouble_ = std::strerror(errno);
        return;
    }
    output_ = ends[0];
    fcntl(output_, F_SETFL, O_NONBLOCK);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGINT);
    sigaddset(&usual, SIGTERM);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const int spawned = posix_spawnp(&process_, words[0], &actions, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (spawned == 0) return;
    process_ = 0;
    trouble_ = std::strerror(spawned);
}

bool Program::follow(Milliseconds time, int interruption)
{
    const auto deadline = Ticks::now() + time;
    while (!ended()) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - Ticks::now());
        if (left.count() <= 0)
            return refuse("it took longer than " + std::to_string((time.count() + 999) / 1000) + " s");
        std::array<pollfd, 2> watched{pollfd{interruption, POLLIN, 0}, pollfd{output_, POLLIN, 0}};
        const int ready = poll(watched.data(), watched.size(),
                               static_cast<int>(std::min<std::int64_t>(left.count(), look_every.count())));
        if (ready > 0 && watched[0].revents != 0) return refuse("it was cancelled");
        if (!take_output()) return false;
    }
    if (!take_output()) return false;
    if (WIFSIGNALED(status_)) return refuse("it ended by signal " + std::to_string(WTERMSIG(status_)));
    if (WEXITSTATUS(status_) != 0)
        return refuse("it ended with exit code " + std::to_string(WEXITSTATUS(status_)));
    return true;
}

/// Takes what is there without waiting. A program that prints without end is read a while at a time.
bool Program::take_output()
{
    std::array<char, 4096> piece{};
    for (int pieces = 0; output_ >= 0 && pieces < 256; ++pieces) {
        const ssize_t got = read(output_, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return true;
        if (got <= 0) {
            close(output_);
            return true;
        }
        if (has_line()) continue;
        text_.append(piece.data(), static_cast<std::size_t>(got));
        if (!has_line() && text_.size() > token_bytes_most) return refuse("it printed more than a token");
    }
    return true;
}

bool Program::ended()
{
    if (process_ == 0) return true;
    const pid_t waited = waitpid(process_, &status_, WNOHANG);
    if (waited == 0 || (waited < 0 && errno == EINTR)) return false;
    // Where children are waited for by somebody else, only the output tells how it went.
    if (waited < 0) status_ = 0;
    process_ = 0;
    return true;
}

void Program::end()
{
    if (process_ == 0) return;
    kill(-process_, SIGKILL);
    const auto deadline = Ticks::now() + killed_within;
    while (!ended() && Ticks::now() < deadline) std::this_thread::sleep_for(Milliseconds{1});
}

std::string trimmed(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

} // namespace

Interruption::Interruption()
{
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return;
    read_end_ = ends[0];
    write_end_ = ends[1];
}

Interruption::~Interruption()
{
    if (read_end_ < 0) return;
    ::close(read_end_);
    ::close(write_end_);
}

void Interruption::raise() const
{
    if (write_end_ < 0) return;
    while (write(write_end_, "!", 1) < 0 && errno == EINTR) {
    }
}

Result<std::string> first_line_of(const std::vector<std::string>& argv, Milliseconds time,
                                  const Interruption& interruption)
{
    Program program(argv);
    if (program.trouble() || !program.follow(time, interruption.descriptor()))
        return failed(argv, *program.trouble());
    return trimmed(program.line());
}

Result<std::string> checked_token(std::string token, const std::string& source)
{
    token = trimmed(token);
    const auto refused = [&](const std::string& why) {
        return Error{ErrorKind::sign_in, "auth.no_token", source + " gave no token: " + why};
    };
    if (token.empty()) return refused("it is empty");
    if (token.size() > token_bytes_most) return refused("it is longer than any token");
    for (const char letter : token)
        if (letter <= ' ' || letter > '~')
            return refused("it has blanks or other characters that no token has; give the token alone, "
                           "without \"Bearer\" before it");
    return token;
}

} // namespace hawser::engine

#include "hawser/synchronizer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace hawser {
namespace {

constexpr int command_time_ms = 60'000;
constexpr std::size_t token_bytes_most = 64u << 10;

Error sign_in(std::string message)
{
    return {ErrorKind::sign_in, "auth.no_token", std::move(message)};
}

class FixedToken : public TokenProvider {
public:
    explicit FixedToken(std::string token) : token_(std::move(token)) {}

    void request(bool refresh, Done done) override
    {
        if (token_.empty())
            done(sign_in("there is no token; set HAWSER_TOKEN or give a token command"));
        else if (refresh)
            done(Error{ErrorKind::sign_in, "auth.token_refused",
                       "the organization refused the token; sign in again and give a new one"});
        else
            done(token_);
    }

    void cancel() override {}

private:
    std::string token_;
};

struct Descriptor {
    int number = -1;

    Descriptor() = default;
    explicit Descriptor(int open) : number(open) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        close();
        number = std::exchange(other.number, -1);
        return *this;
    }
    ~Descriptor() { close(); }
    void close()
    {
        if (number >= 0) ::close(number);
        number = -1;
    }
};

/// One run of the command. The first line of its output is the token.
class Run {
public:
    Result<std::string> token(const std::vector<std::string>& argv, const Descriptor& cancelled)
    {
        Descriptor read, write;
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) return failed(argv, std::strerror(errno));
        read.number = ends[0];
        write.number = ends[1];
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, write.number, 1);
        std::vector<char*> words;
        for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
        words.push_back(nullptr);
        pid_t process = 0;
        const int spawned = posix_spawnp(&process, words[0], &actions, nullptr, words.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (spawned != 0) return failed(argv, std::strerror(spawned));
        write.close();
        auto line = first_line(read.number, cancelled.number);
        if (!line) kill(process, SIGKILL);
        read.close();
        int status = 0;
        while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
        }
        if (!line) return failed(argv, *failure_);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return failed(argv, "it failed");
        if (line->empty()) return failed(argv, "it printed no token");
        return *std::move(line);
    }

private:
    static Error failed(const std::vector<std::string>& argv, const std::string& why)
    {
        return sign_in("the token command " + argv.front() + " gave no token: " + why);
    }

    std::optional<std::string> first_line(int output, int cancelled)
    {
        std::string text;
        std::array<char, 4096> piece{};
        std::array<pollfd, 2> watched{pollfd{output, POLLIN, 0}, pollfd{cancelled, POLLIN, 0}};
        for (;;) {
            const int ready = poll(watched.data(), watched.size(), command_time_ms);
            if (ready < 0 && errno == EINTR) continue;
            if (ready == 0) return give_up("it took longer than a minute");
            if (watched[1].revents != 0) return give_up("it was cancelled");
            const ssize_t got = read(output, piece.data(), piece.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            text.append(piece.data(), static_cast<std::size_t>(got));
            if (text.size() > token_bytes_most) return give_up("it printed more than a token");
        }
        text.resize(std::min(text.find('\n'), text.size()));
        while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.pop_back();
        return text;
    }

    std::nullopt_t give_up(std::string why)
    {
        failure_ = std::move(why);
        return std::nullopt;
    }

    std::optional<std::string> failure_;
};

class TokenCommand : public TokenProvider {
public:
    explicit TokenCommand(std::vector<std::string> argv) : argv_(std::move(argv)) {}
    ~TokenCommand() override { cancel(); }

    void request(bool refresh, Done done) override
    {
        if (argv_.empty()) {
            done(sign_in("the token command is empty; give one with hawser init --token-command"));
            return;
        }
        if (!refresh && !kept().empty()) {
            done(kept());
            return;
        }
        cancel();
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) {
            done(sign_in("the token command could not be started"));
            return;
        }
        cancelled_ = std::make_shared<Descriptor>(ends[0]);
        cancel_ = Descriptor(ends[1]);
        running_ = std::thread([this, done = std::move(done), cancelled = cancelled_] {
            Result<std::string> token = Run().token(argv_, *cancelled);
            {
                const std::lock_guard lock(mutex_);
                if (cancelling_) return;
                if (token) token_ = *token;
            }
            done(std::move(token));
        });
    }

    void cancel() override
    {
        {
            const std::lock_guard lock(mutex_);
            cancelling_ = true;
        }
        cancel_.close();
        if (running_.joinable()) running_.join();
        const std::lock_guard lock(mutex_);
        cancelling_ = false;
    }

private:
    std::string kept()
    {
        const std::lock_guard lock(mutex_);
        return token_;
    }

    std::vector<std::string> argv_;
    std::mutex mutex_;
    std::string token_;
    bool cancelling_ = false; ///< What is under way must not call `done`.
    std::shared_ptr<Descriptor> cancelled_;
    Descriptor cancel_;
    std::thread running_;
};

} // namespace

std::shared_ptr<TokenProvider> fixed_token(std::string token)
{
    return std::make_shared<FixedToken>(std::move(token));
}

std::shared_ptr<TokenProvider> token_command(std::vector<std::string> argv)
{
    return std::make_shared<TokenCommand>(std::move(argv));
}

} // namespace hawser

#include "tools/hawser/demo/organization_process.h"

#include <boost/json.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace hawser::cli {
namespace {

Error not_started(const std::string& why)
{
    return {ErrorKind::stop, "demo.no_organization",
            "the demonstration's organization did not start: " + why};
}

/// Signals are blocked in this process, which waits for them; the child must get its own.
void restore_signals(posix_spawnattr_t& attributes)
{
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
}

} // namespace

Result<void> OrganizationProcess::start(const std::vector<std::string>& arguments)
{
    std::vector<std::string> words{"hawser", "serve", "--port",      port_,
                                   "--data", data(),  "--write-log", write_log()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return not_started(std::strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    restore_signals(attributes);
    const int spawned = posix_spawn(&process_, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (spawned != 0) {
        close(ends[0]);
        process_ = 0;
        return not_started(std::strerror(spawned));
    }
    const Result<void> ready = read_ready_line(ends[0]);
    close(ends[0]);
    return ready;
}

Result<void> OrganizationProcess::read_ready_line(int output)
{
    std::string line;
    for (char byte = 0; line.size() < 65'536;) {
        const ssize_t got = read(output, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return not_started("it ended at once");
        if (byte == '\n') break;
        line += byte;
    }
    boost::system::error_code fault;
    const boost::json::value ready = boost::json::parse(line, fault);
    const auto* object = fault ? nullptr : ready.if_object();
    if (!object || !object->contains("url") || !object->contains("users"))
        return not_started("it said: " + line);
    url_ = object->at("url").as_string();
    port_ = url_.substr(url_.rfind(':') + 1);
    for (const boost::json::value& user : object->at("users").as_array())
        users_[std::string(user.at("name").as_string())] = {std::string(user.at("token").as_string()),
                                                            std::string(user.at("mailbox").as_string())};
    return {};
}

void OrganizationProcess::stop()
{
    if (process_ == 0) return;
    kill(process_, SIGTERM);
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
}

} // namespace hawser::cli

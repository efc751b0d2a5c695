#include "tests/simulation/ground.h"

#include <boost/json.hpp>

#include <array>
#include <cerrno>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace hawser::simulation {

namespace {

/// No story takes so long.
constexpr unsigned longest_seconds = 300;

std::string text_of(const Report& report)
{
    boost::json::object counts;
    for (const auto& [what, times] : report.counts) counts[what] = times;
    boost::json::object told{{"trace", report.trace}, {"counts", std::move(counts)}};
    if (report.broken) {
        told["invariant"] = report.broken->invariant;
        told["sentence"] = report.broken->sentence;
    }
    return boost::json::serialize(told);
}

Report report_in(std::string_view text)
{
    const boost::json::value told = boost::json::parse(text);
    Report report;
    report.trace = told.at("trace").to_number<std::uint64_t>();
    for (const auto& count : told.at("counts").as_object())
        report.counts.emplace(count.key(), count.value().to_number<std::uint64_t>());
    if (const auto* invariant = told.as_object().if_contains("invariant"))
        report.broken = Violation{invariant->to_number<int>(), told.at("sentence").as_string().c_str()};
    return report;
}

void send(int pipe, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t sent = ::write(pipe, text.data(), text.size());
        if (sent < 0) ::_exit(1);
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string received(int pipe)
{
    std::string text;
    std::array<char, 16'384> part{};
    for (;;) {
        const ssize_t count = ::read(pipe, part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return text;
        text.append(part.data(), static_cast<std::size_t>(count));
    }
}

Report told(World& world, const Script& script)
{
    try {
        return world.live(script);
    } catch (const std::exception& failure) {
        Report report;
        report.broken = Violation{1, std::string("the story cannot go on: ") + failure.what()};
        return report;
    }
}

[[noreturn]] void tell(World& world, const Script& script, int pipe)
{
    ::alarm(longest_seconds);
    send(pipe, text_of(told(world, script)));
    // What the world holds is still in use where this process was split off.
    ::_exit(0);
}

Report report_of_the_end(int status)
{
    Report report;
    const std::string how = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                                : "exit code " + std::to_string(WEXITSTATUS(status));
    report.broken = Violation{1, "the process ended before the story did: " + how};
    return report;
}

} // namespace

Ground::Ground(const Script& script) : world_(script, false)
{
    world_.begin();
    for (const std::filesystem::path& folder : world_.folders()) images_.emplace_back(folder);
}

Report Ground::run(const Script& script)
{
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) throw std::runtime_error("no pipe for a story");
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("no process for a story");
    if (child == 0) tell(world_, script, pipe[1]);
    ::close(pipe[1]);
    const std::string text = received(pipe[0]);
    ::close(pipe[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    for (const FolderImage& image : images_) image.put_back();
    return status == 0 ? report_in(text) : report_of_the_end(status);
}

} // namespace hawser::simulation

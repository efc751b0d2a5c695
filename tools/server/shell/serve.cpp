#include "hawser/clock.h"
#include "hawser/random.h"
#include "tools/server/shell/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace hawser::server {
namespace {

enum Exit { stopped = 0, failed = 1, misused = 2 };

int report(const Error& error, int code)
{
    std::fprintf(stderr, "hawser serve: %s\n", error.message.c_str());
    return code;
}

std::string upper(std::string text)
{
    for (char& one : text) {
        if (one >= 'a' && one <= 'z') one = static_cast<char>(one - 'a' + 'A');
        if (one == '.' || one == '-') one = '_';
    }
    return text;
}

std::string ready_line(const Server& server)
{
    boost::json::array users;
    for (const User& user : server.users())
        users.push_back(boost::json::object{{"name", user.name},
                                            {"token", user.token},
                                            {"mailbox", user.mailbox},
                                            {"read", user.depth == Depth::global ? "organization" : "own"}});
    const boost::json::object line = {{"url", server.url()}, {"users", std::move(users)}};
    return boost::json::serialize(line);
}

std::string environment_lines(const Server& server)
{
    const std::vector<User> users = server.users();
    std::string lines = "HAWSER_URL=" + server.url() + "\n";
    if (!users.empty())
        lines += "HAWSER_TOKEN=" + users.front().token + "\nHAWSER_MAILBOX=" + users.front().mailbox + "\n";
    for (const User& user : users)
        lines += "HAWSER_TOKEN_" + upper(user.name) + "=" + user.token + "\nHAWSER_MAILBOX_" +
                 upper(user.name) + "=" + user.mailbox + "\n";
    lines += "HAWSER_SERVE_PID=" + std::to_string(::getpid()) + "\n";
    return lines + "export HAWSER_URL HAWSER_TOKEN HAWSER_MAILBOX";
}

/// A shell that evaluates the lines waits for the end of the output, not of the process.
void leave_output()
{
    if (const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0) {
        ::dup2(nowhere, STDOUT_FILENO);
        ::close(nowhere);
    }
}

Result<OrganizationOptions> organization_options(const ServeOptions& options, ServerOptions& server)
{
    OrganizationOptions made;
    if (!options.data.empty()) made.database = options.data;
    made.path_prefix = options.path_prefix;
    made.faults = options.faults;
    for (const std::string& text : options.users) {
        Result<UserSpecification> user = UserSpecification::parse(text);
        if (!user) return user.error();
        if (std::ranges::find(made.users, user->name, &UserSpecification::name) != made.users.end())
            return Error{ErrorKind::refuse, "server.user",
                         "The user " + user->name + " is named twice. Name each once."};
        made.users.push_back(std::move(*user));
    }
    for (const std::string& text : options.settings) {
        const auto equals = text.find('=');
        if (equals == std::string::npos)
            return Error{ErrorKind::refuse, "server.setting",
                         "A setting is NAME=VALUE, not \"" + text + "\"."};
        const std::string name = text.substr(0, equals);
        const std::string value = text.substr(equals + 1);
        if (name == "compress") {
            server.compress = value == "true" || value == "1" || value == "on" || value == "yes";
        } else {
            made.settings.emplace_back(name, value);
        }
    }
    return made;
}

void wait_for_signal()
{
    boost::asio::io_context io;
    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([](boost::system::error_code, int) {});
    io.run();
}

} // namespace

int serve(const ServeOptions& options)
{
    ServerOptions server_options;
    server_options.port = options.port;
    Result<OrganizationOptions> made = organization_options(options, server_options);
    if (!made) return report(made.error(), misused);
    std::ofstream log;
    if (!options.write_log.empty()) {
        log.open(options.write_log, std::ios::app);
        if (!log)
            return report({ErrorKind::stop, "server.write_log",
                           "The write log " + options.write_log + " cannot be opened."},
                          failed);
        made->write_log = [&log](std::string_view line) {
            log << line << '\n';
            log.flush();
        };
    }
    const std::shared_ptr<Clock> clock = system_clock();
    const std::shared_ptr<Random> random = system_random();
    Result<std::unique_ptr<Organization>> organization =
        Organization::open(std::move(*made), clock->now(), *random);
    if (!organization)
        return report(organization.error(),
                      organization.error().kind == ErrorKind::refuse ? misused : failed);
    if (!options.load.empty())
        if (const auto loaded = (*organization)->load_directory(options.load, clock->now()); !loaded)
            return report(loaded.error(), failed);
    if (options.sample > 0)
        if (const auto made_up = (*organization)->make_sample(options.sample, clock->now()); !made_up)
            return report(made_up.error(), failed);
    Result<std::unique_ptr<Server>> server = Server::start(std::move(*organization), server_options);
    if (!server) return report(server.error(), failed);
    const std::string line = options.environment ? environment_lines(**server) : ready_line(**server);
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
    if (options.environment) leave_output();
    wait_for_signal();
    (*server)->stop();
    return stopped;
}

} // namespace hawser::server

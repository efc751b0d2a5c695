#pragma once

#include "tools/server/core/organization.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hawser::server {

struct ServerOptions {
    std::uint16_t port = 0;             ///< 0 picks a free one. Always bound to 127.0.0.1.
    std::size_t max_body = 256u << 20;  ///< A larger request body is refused with 413.
    std::size_t max_connections = 1024; ///< A further one is closed at once.
    bool compress = false; ///< gzip for large answers to those who accept it; on loopback it only costs time.
};

/// HTTP/1.1 on loopback around an Organization. Requests are handled one at a time, in the order
/// they came, on one thread; connections are kept alive.
///
/// Threads: every member may be called from any thread. The organization belongs to the server
/// from `start` to `stop`, and must not be used beside it except inside `with_organization`.
class Server {
public:
    /// Listens and serves on a thread of its own when this returns.
    static Result<std::unique_ptr<Server>> start(std::unique_ptr<Organization> organization,
                                                 ServerOptions options = {});
    ~Server(); ///< Stops.
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// "http://127.0.0.1:PORT" and the organization's path prefix.
    std::string url() const;
    std::uint16_t port() const;
    std::vector<User> users() const;

    /// Runs `work` between two requests and waits for it.
    void with_organization(const std::function<void(Organization&)>& work);

    /// Closes the listener and all connections, and waits for the thread. May be called twice.
    void stop();

    class State;

private:
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// What `hawser serve` was asked to do.
struct ServeOptions {
    std::uint16_t port = 0;
    std::string data{};                  ///< The database file; "" keeps everything in memory.
    std::string load{};                  ///< A directory of JSON Lines.
    std::size_t sample = 0;              ///< Records of a made-up organization.
    std::vector<std::string> users{};    ///< "NAME[:basic|:global][:-PRIVILEGE…]"
    std::vector<std::string> settings{}; ///< "NAME=VALUE"
    std::string faults{};
    std::string write_log{}; ///< A file that is appended to, flushed line by line.
    std::string path_prefix{};
    bool environment = false; ///< Print lines for a shell's eval instead of JSON.
};

/// Serves until SIGTERM or SIGINT. Prints one line to standard output when ready:
/// {"url": …, "users": [{"name", "token", "mailbox"}…]}, or with `environment` the lines
/// HAWSER_URL=…, HAWSER_TOKEN=…, HAWSER_MAILBOX=… of the first user and HAWSER_TOKEN_<NAME>=… for
/// each, HAWSER_SERVE_PID=…, after which it lets go of standard output. Prints failures to standard error.
/// Returns the exit code: 0 stopped, 1 failed, 2 usage.
int serve(const ServeOptions& options);

} // namespace hawser::server

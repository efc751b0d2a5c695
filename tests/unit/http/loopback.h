#pragma once

#include "transport/http/curl_exchange.h"

#include <atomic>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace loopback {

/// One accepted connection of a Server, used by its script only.
class Connection {
public:
    explicit Connection(int socket) : socket_(socket) {}

    /// The next request with its body (by Content-Length), or "" when the other side has closed.
    std::string read_request();
    /// False when the other side is gone.
    bool send(std::string_view text);
    /// Waits until the other side closes.
    void wait_for_close();

private:
    int socket_;
    std::string buffered_;
};

/// "HTTP/1.1 200 OK" with Content-Length.
std::string ok(std::string_view body, std::string_view headers = {});

/// A listening socket on 127.0.0.1 whose connections each run the script on a thread. The connection
/// is closed when the script returns.
class Server {
public:
    using Script = std::function<void(Connection&, int number)>;
    explicit Server(Script script);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::string url(std::string_view path = "/") const;
    std::string port() const { return std::to_string(port_); }
    int connections() const { return accepted_; }
    int most_at_once() const { return most_; }

private:
    void accept_all();

    Script script_;
    int port_ = 0;
    int socket_ = -1;
    std::atomic<int> accepted_ = 0, open_ = 0, most_ = 0;
    std::mutex mutex_;
    std::vector<int> sockets_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

/// A port of 127.0.0.1 on which nothing listens.
std::string closed_port();

using Outcome = hawser::Result<hawser::http::Answer>;

/// Sends and waits.
Outcome fetch(hawser::http::Exchange& exchange, hawser::http::Request request);
std::future<Outcome> start(hawser::http::Exchange& exchange, hawser::http::Request request,
                           hawser::http::Exchange::Ticket* ticket = nullptr);
hawser::http::Request get(std::string url);

} // namespace loopback

#include "loopback.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <memory>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace loopback {
namespace {

int listen_anywhere(int& port)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket, generic, size) != 0 || ::listen(socket, 64) != 0 ||
        ::getsockname(socket, generic, &size) != 0)
        throw std::runtime_error("no listening socket");
    port = ntohs(address.sin_port);
    return socket;
}

} // namespace

std::string Connection::read_request()
{
    while (true) {
        const auto end = buffered_.find("\r\n\r\n");
        if (end != std::string::npos) {
            const auto at = buffered_.find("Content-Length: ");
            const auto body = at < end ? std::strtoul(buffered_.c_str() + at + 16, nullptr, 10) : 0;
            const auto size = end + 4 + body;
            if (buffered_.size() >= size) {
                auto request = buffered_.substr(0, size);
                buffered_.erase(0, size);
                return request;
            }
        }
        char bytes[4096];
        const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
        if (count <= 0) return {};
        buffered_.append(bytes, static_cast<std::size_t>(count));
    }
}

bool Connection::send(std::string_view text)
{
    while (!text.empty()) {
        const auto count = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void Connection::wait_for_close()
{
    while (!read_request().empty()) {
    }
}

std::string ok(std::string_view body, std::string_view headers)
{
    return "HTTP/1.1 200 OK\r\n" + std::string(headers) + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

Server::Server(Script script) : script_(std::move(script)), socket_(listen_anywhere(port_))
{
    acceptor_ = std::thread([this] { accept_all(); });
}

Server::~Server()
{
    ::shutdown(socket_, SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int each : sockets_) ::shutdown(each, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    for (const int each : sockets_) ::close(each);
    ::close(socket_);
}

std::string Server::url(std::string_view path) const
{
    return "http://127.0.0.1:" + port() + std::string(path);
}

void Server::accept_all()
{
    while (true) {
        const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0) return;
        const int number = ++accepted_;
        const int open = ++open_;
        if (open > most_) most_ = open;
        const std::lock_guard lock(mutex_);
        sockets_.push_back(accepted);
        threads_.emplace_back([this, accepted, number] {
            Connection connection(accepted);
            script_(connection, number);
            ::shutdown(accepted, SHUT_RDWR);
            --open_;
        });
    }
}

std::string closed_port()
{
    int port = 0;
    ::close(listen_anywhere(port));
    return std::to_string(port);
}

std::future<Outcome> start(hawser::http::Exchange& exchange, hawser::http::Request request,
                           hawser::http::Exchange::Ticket* ticket)
{
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto future = promise->get_future();
    const auto sent = exchange.send(std::move(request),
                                    [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    if (ticket) *ticket = sent;
    return future;
}

Outcome fetch(hawser::http::Exchange& exchange, hawser::http::Request request)
{
    return start(exchange, std::move(request)).get();
}

hawser::http::Request get(std::string url)
{
    hawser::http::Request request;
    request.url = std::move(url);
    request.timeout = std::chrono::seconds(20);
    return request;
}

} // namespace loopback

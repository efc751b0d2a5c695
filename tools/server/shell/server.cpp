#include "tools/server/shell/server.h"

#include "hawser/clock.h"
#include "hawser/random.h"
#include "tools/server/shell/compress.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <ctime>
#include <future>
#include <mutex>
#include <set>
#include <thread>

namespace hawser::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr std::size_t worth_compressing = 4096;
constexpr std::size_t most_compressed = 1u << 30;
constexpr std::uint32_t most_header_bytes = 64 * 1024;
constexpr auto idle_time = std::chrono::minutes(10);

std::string_view view(beast::string_view text)
{
    return {text.data(), text.size()};
}

/// As HTTP writes it: "Sat, 21 Nov 2026 09:00:00 GMT".
std::string http_date(Instant now)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[40];
    const std::size_t length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text, length};
}

} // namespace

class Session;

class Server::State {
public:
    explicit State(std::unique_ptr<Organization> served) : organization(std::move(served)) {}

    asio::io_context io{1};
    tcp::acceptor acceptor{io};
    std::unique_ptr<Organization> organization;
    ServerOptions options;
    std::shared_ptr<Clock> clock = system_clock();
    std::shared_ptr<Random> random = system_random();
    std::set<std::shared_ptr<Session>> sessions;
    std::thread thread;
    std::mutex stopping; ///< Held while stopping, and while other threads' work is waited for.
    std::string url;
    std::uint16_t port = 0;

    void accept();
    void run(const std::function<void(Organization&)>& work);
};

/// One connection: read, handle, wait, write, and again. Lives while the server lists it.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(Server::State& server, tcp::socket socket)
        : server_(server), stream_(std::move(socket)), timer_(server.io)
    {
    }

    void read()
    {
        parser_.emplace();
        parser_->body_limit(server_.options.max_body);
        parser_->header_limit(most_header_bytes);
        stream_.expires_after(idle_time);
        http::async_read(stream_, buffer_, *parser_,
                         [self = shared_from_this()](beast::error_code failure, std::size_t) {
                             if (failure == http::error::body_limit) {
                                 self->answer_.status = 413;
                                 self->keep_alive_ = false;
                                 return self->send();
                             }
                             if (failure) return self->close();
                             self->handle();
                         });
    }

    void close()
    {
        beast::error_code ignored;
        timer_.cancel();
        stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
        stream_.close();
        server_.sessions.erase(shared_from_this());
    }

private:
    void handle()
    {
        http::request<http::string_body> message = parser_->release();
        keep_alive_ = message.keep_alive();
        accepts_gzip_ = view(message[http::field::accept_encoding]).find("gzip") != std::string_view::npos;
        Request request;
        request.method = view(message.method_string());
        request.target = view(message.target());
        for (const auto& field : message)
            request.headers.emplace_back(view(field.name_string()), view(field.value()));
        request.body = std::move(message.body());
        answer_ = server_.organization->handle(request, server_.clock->now(), *server_.random);
        if (answer_.delay.count() == 0) return send();
        timer_.expires_after(answer_.delay);
        timer_.async_wait([self = shared_from_this()](beast::error_code failure) {
            if (!failure) self->send();
        });
    }

    void send()
    {
        if (answer_.fate == Fate::drop) return close();
        response_.emplace();
        response_->result(static_cast<unsigned>(answer_.status));
        response_->version(11);
        response_->keep_alive(keep_alive_);
        response_->set(http::field::date, http_date(server_.clock->now()));
        for (const auto& [name, value] : answer_.headers) response_->insert(name, value);
        const bool compress = server_.options.compress && accepts_gzip_ && answer_.fate == Fate::deliver &&
                              answer_.body.size() >= worth_compressing &&
                              answer_.body.size() <= most_compressed;
        if (compress) {
            std::string small = gzip(answer_.body);
            if (!small.empty()) {
                answer_.body = std::move(small);
                response_->set(http::field::content_encoding, "gzip");
            }
        }
        if (answer_.fate == Fate::truncate) return send_truncated();
        const bool bodiless = answer_.status == 204 || answer_.status == 304;
        response_->body() = std::move(answer_.body);
        if (!bodiless) response_->prepare_payload();
        stream_.expires_after(idle_time);
        http::async_write(stream_, *response_,
                          [self = shared_from_this()](beast::error_code failure, std::size_t) {
                              if (failure || !self->keep_alive_) return self->close();
                              self->response_.reset();
                              self->read();
                          });
    }

    /// The header promises the whole body; the connection closes in the middle of it.
    void send_truncated()
    {
        raw_ = "HTTP/1.1 " + std::to_string(answer_.status) + " OK\r\n";
        for (const auto& field : *response_)
            raw_ += std::string(view(field.name_string())) + ": " + std::string(view(field.value())) + "\r\n";
        raw_ += "Content-Length: " + std::to_string(answer_.body.size()) + "\r\n\r\n";
        raw_.append(answer_.body, 0, answer_.truncate_at);
        asio::async_write(stream_, asio::buffer(raw_),
                          [self = shared_from_this()](beast::error_code, std::size_t) { self->close(); });
    }

    Server::State& server_;
    beast::tcp_stream stream_;
    asio::steady_timer timer_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::optional<http::response<http::string_body>> response_;
    Answer answer_;
    std::string raw_;
    bool keep_alive_ = true;
    bool accepts_gzip_ = false;
};

void Server::State::accept()
{
    acceptor.async_accept([this](beast::error_code failure, tcp::socket socket) {
        if (!acceptor.is_open()) return;
        if (!failure && sessions.size() < options.max_connections) {
            beast::error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            auto session = std::make_shared<Session>(*this, std::move(socket));
            sessions.insert(session);
            session->read();
        }
        accept();
    });
}

void Server::State::run(const std::function<void(Organization&)>& work)
{
    const std::lock_guard<std::mutex> lock(stopping);
    if (!thread.joinable()) return work(*organization);
    std::promise<void> done;
    asio::post(io, [&] {
        work(*organization);
        done.set_value();
    });
    done.get_future().wait();
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server()
{
    stop();
}

Result<std::unique_ptr<Server>> Server::start(std::unique_ptr<Organization> organization,
                                              ServerOptions options)
{
    auto state = std::make_unique<State>(std::move(organization));
    state->options = options;
    beast::error_code failure;
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), options.port);
    state->acceptor.open(endpoint.protocol(), failure);
    if (!failure) state->acceptor.set_option(asio::socket_base::reuse_address(true), failure);
    if (!failure) state->acceptor.bind(endpoint, failure);
    if (!failure) state->acceptor.listen(asio::socket_base::max_listen_connections, failure);
    if (failure)
        return Error{ErrorKind::stop, "server.listen",
                     "Port " + std::to_string(options.port) + " of 127.0.0.1 cannot be used: " +
                         failure.message() + ". Choose another one, or 0 for any free one."};
    state->port = state->acceptor.local_endpoint().port();
    state->url = "http://127.0.0.1:" + std::to_string(state->port) + state->organization->path_prefix();
    state->accept();
    state->thread = std::thread([served = state.get()] { served->io.run(); });
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::string Server::url() const
{
    return state_->url;
}

std::uint16_t Server::port() const
{
    return state_->port;
}

std::vector<User> Server::users() const
{
    std::vector<User> users;
    const_cast<Server*>(this)->with_organization(
        [&](Organization& organization) { users = organization.users(); });
    return users;
}

void Server::with_organization(const std::function<void(Organization&)>& work)
{
    state_->run(work);
}

void Server::stop()
{
    const std::lock_guard<std::mutex> lock(state_->stopping);
    if (!state_->thread.joinable()) return;
    asio::post(state_->io, [served = state_.get()] {
        beast::error_code ignored;
        served->acceptor.close(ignored);
        const auto sessions = served->sessions;
        for (const auto& session : sessions) session->close();
        served->io.stop();
    });
    state_->thread.join();
}

} // namespace hawser::server

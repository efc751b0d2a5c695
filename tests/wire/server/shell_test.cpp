#include "hawser/random.h"
#include "tests/catch.h"
#include "tools/server/shell/server.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <thread>

using namespace hawser;
using namespace hawser::server;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

std::unique_ptr<Server> served(const std::string& faults = {}, ServerOptions options = {})
{
    OrganizationOptions organization;
    organization.faults = faults;
    auto opened = Organization::open(std::move(organization), Instant{}, *system_random());
    REQUIRE(opened);
    auto server = Server::start(std::move(*opened), options);
    REQUIRE(server);
    return std::move(*server);
}

/// A connection that speaks plain text, so that nothing between the test and the wire is clever.
class Wire {
public:
    explicit Wire(const Server& server) : socket_(io_)
    {
        socket_.connect({asio::ip::address_v4::loopback(), server.port()});
    }

    void send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }

    /// Header and body of the next answer; what came until the end when the connection closes.
    std::string answer()
    {
        boost::system::error_code failure;
        const std::size_t length =
            asio::read_until(socket_, asio::dynamic_buffer(held_), "\r\n\r\n", failure);
        if (failure) return std::exchange(held_, {});
        std::string text = held_.substr(0, length);
        held_.erase(0, length);
        const auto at = text.find("Content-Length: ");
        const std::size_t body = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
        while (held_.size() < body && !failure) {
            std::array<char, 4096> part{};
            held_.append(part.data(), socket_.read_some(asio::buffer(part), failure));
        }
        const std::size_t there = std::min(body, held_.size());
        text += held_.substr(0, there);
        held_.erase(0, there);
        return text;
    }

private:
    asio::io_context io_;
    tcp::socket socket_;
    std::string held_;
};

std::string request(const Server& server, const std::string& line, const std::string& more = {},
                    const std::string& body = {})
{
    return line + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
           "\r\nAuthorization: Bearer " + server.users().front().token + "\r\n" + more +
           (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + body;
}

const std::string whoami = "GET /api/data/v9.2/WhoAmI";

} // namespace

TEST_CASE("many requests go over one connection, and links name the address the client used")
{
    const auto server = served();
    Wire wire(*server);
    for (int at = 0; at < 100; ++at) {
        wire.send(request(*server, whoami));
        const std::string answer = wire.answer();
        REQUIRE(answer.substr(0, 15) == "HTTP/1.1 200 OK");
        REQUIRE(answer.find(server->url() + "/api/data/v9.2/$metadata#") != std::string::npos);
    }
    wire.send(request(*server, "PATCH /api/data/v9.2/contacts(11111111-2222-4333-8444-555555555501)", "",
                      R"({"lastname":"x"})"));
    const std::string created = wire.answer();
    CHECK(created.substr(0, 12) == "HTTP/1.1 204");
    CHECK(created.find("Content-Length") == std::string::npos);
}

TEST_CASE("a dropped answer closes the connection without a byte, a truncated one in the middle")
{
    const auto dropping = served("drop_answer=1");
    Wire dropped(*dropping);
    dropped.send(request(*dropping, whoami));
    CHECK(dropped.answer().empty());

    const auto truncating = served("truncate=1");
    Wire truncated(*truncating);
    truncated.send(request(*truncating, whoami));
    const std::string answer = truncated.answer();
    const std::size_t promised = std::stoul(answer.substr(answer.find("Content-Length: ") + 16));
    const std::size_t sent = answer.size() - answer.find("\r\n\r\n") - 4;
    CHECK(sent == promised / 2);
}

TEST_CASE("a delayed answer holds up its own connection only")
{
    const auto server = served("delay=200");
    std::vector<std::unique_ptr<Wire>> wires;
    const auto start = std::chrono::steady_clock::now();
    for (int at = 0; at < 20; ++at) {
        wires.push_back(std::make_unique<Wire>(*server));
        wires.back()->send(request(*server, whoami));
    }
    for (const auto& wire : wires) CHECK(wire->answer().substr(0, 12) == "HTTP/1.1 200");
    const auto took = std::chrono::steady_clock::now() - start;
    CHECK(took >= std::chrono::milliseconds(200));
    CHECK(took < std::chrono::milliseconds(2000));
}

TEST_CASE("large answers are compressed for those who ask, when the option is on")
{
    ServerOptions options;
    options.compress = true;
    const auto server = served("", options);
    Wire wire(*server);
    wire.send(request(*server, "GET /api/data/v9.2/$metadata", "Accept-Encoding: gzip\r\n"));
    const std::string small = wire.answer();
    CHECK(small.find("Content-Encoding: gzip") != std::string::npos);
    CHECK(small.substr(small.find("\r\n\r\n") + 4, 2) == "\x1f\x8b");
    wire.send(request(*server, "GET /api/data/v9.2/$metadata"));
    const std::string large = wire.answer();
    CHECK(large.find("Content-Encoding") == std::string::npos);
    CHECK(large.size() > small.size() * 4);
}

TEST_CASE("rubbish, endless headers and too large bodies end the connection and nothing else")
{
    ServerOptions options;
    options.max_body = 1000;
    const auto server = served("", options);
    Wire rubbish(*server);
    rubbish.send("\x16\x03\x01 hello\r\n\r\n");
    CHECK(rubbish.answer().empty());
    Wire large(*server);
    large.send(request(*server, "POST /api/data/v9.2/contacts", "", std::string(2000, ' ')));
    CHECK(large.answer().substr(0, 12) == "HTTP/1.1 413");
    Wire good(*server);
    good.send(request(*server, whoami));
    CHECK(good.answer().substr(0, 12) == "HTTP/1.1 200");
}

TEST_CASE("a taken port is an error that says so, and a stopped server frees its port")
{
    auto server = served();
    ServerOptions same;
    same.port = server->port();
    auto opened = Organization::open({}, Instant{}, *system_random());
    const auto second = Server::start(std::move(*opened), same);
    REQUIRE_FALSE(second);
    CHECK(second.error().message.find(std::to_string(same.port)) != std::string::npos);
    Wire idle(*server);
    server->stop();
    server->stop();
    CHECK(idle.answer().empty());
    CHECK(served("", same)->port() == same.port);
}

TEST_CASE("the organization can be changed between two requests, from another thread")
{
    const auto server = served();
    Wire wire(*server);
    wire.send(request(*server, whoami));
    wire.answer();
    server->with_organization(
        [](Organization& organization) { REQUIRE(organization.set_faults("error_500=1")); });
    wire.send(request(*server, whoami));
    CHECK(wire.answer().substr(0, 12) == "HTTP/1.1 500");
}

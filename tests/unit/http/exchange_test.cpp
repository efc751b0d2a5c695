#include "loopback.h"
#include "tests/catch.h"

#include <cstdlib>

using namespace hawser;
using namespace hawser::http;
using namespace loopback;

namespace {

void answer_all(Connection& connection, int)
{
    while (!connection.read_request().empty())
        if (!connection.send(ok("{}"))) return;
}

Request with_token(Request request)
{
    request.headers.push_back({"Authorization", "Bearer secret"});
    return request;
}

} // namespace

TEST_CASE("a request arrives as it was given, and connections are kept", "[http]")
{
    std::vector<std::string> requests;
    Server server([&](Connection& connection, int) {
        for (auto request = connection.read_request(); !request.empty();
             request = connection.read_request()) {
            requests.push_back(request);
            connection.send("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n" +
                            ok("{\"a\":1}", "ETag: W/\"5\"\r\nX-Two:  b \r\n"));
        }
    });
    const auto exchange = curl_exchange();
    auto patch = with_token(get(server.url("/a/../b?$filter=x%20y")));
    patch.method = "PATCH";
    patch.body = std::string("{\"x\":\"\0é\"}", 11);
    patch.headers.push_back({"If-Match", "W/\"4\""});
    patch.headers.push_back({"Content-Type", "application/json"});
    const auto answer = fetch(*exchange, patch);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == "{\"a\":1}");
    CHECK(*answer->header("etag") == "W/\"5\"");
    CHECK(*answer->header("x-two") == "b");
    CHECK_FALSE(answer->header("X-Early"));

    auto post = get(server.url("/c"));
    post.method = "POST";
    CHECK(fetch(*exchange, post));
    auto removal = get(server.url("/d"));
    removal.method = "DELETE";
    CHECK(fetch(*exchange, removal));
    CHECK(fetch(*exchange, get(server.url("/e"))));

    CHECK(server.connections() == 1);
    REQUIRE(requests.size() == 4);
    CHECK(requests[0].starts_with("PATCH /a/../b?$filter=x%20y HTTP/1.1\r\n"));
    CHECK(requests[0].ends_with("\r\n\r\n" + patch.body));
    CHECK(requests[0].find("\r\nIf-Match: W/\"4\"\r\n") != std::string::npos);
    CHECK(requests[0].find("\r\nAuthorization: Bearer secret\r\n") != std::string::npos);
    CHECK(requests[0].find("\r\nAccept-Encoding: gzip\r\n") != std::string::npos);
    CHECK(requests[0].find("Expect") == std::string::npos);
    CHECK(requests[1].starts_with("POST /c "));
    CHECK(requests[1].find("\r\nContent-Length: 0\r\n") != std::string::npos);
    CHECK(requests[1].find("Content-Type") == std::string::npos);
    CHECK(requests[2].starts_with("DELETE /d "));
    CHECK(requests[3].starts_with("GET /e "));
}

TEST_CASE("an answer is written into the room that its request brings", "[http]")
{
    Server server([](Connection& connection, int) {
        connection.read_request();
        connection.send(ok(std::string(1'000, 'x')));
    });
    auto request = get(server.url("/"));
    request.room = std::make_shared<std::string>("left over");
    request.room->reserve(2'000);
    const char* const memory = request.room->data();
    const auto answer = fetch(*curl_exchange(), request);
    REQUIRE(answer);
    CHECK(answer->body == std::string(1'000, 'x'));
    CHECK(answer->body.data() == memory);
}

TEST_CASE("an error status is an answer, and a redirect is one too and is not followed", "[http]")
{
    Server elsewhere(answer_all);
    Server server([&](Connection& connection, int) {
        connection.read_request();
        connection.send("HTTP/1.1 302 Found\r\nLocation: " + elsewhere.url() +
                        "\r\nContent-Length: 0\r\n\r\n");
        connection.read_request();
        connection.send("HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nContent-Length: 3\r\n\r\nbad");
    });
    const auto exchange = curl_exchange();
    const auto moved = fetch(*exchange, with_token(get(server.url())));
    REQUIRE(moved);
    CHECK(moved->status == 302);
    CHECK(*moved->header("Location") == elsewhere.url());
    CHECK(elsewhere.connections() == 0);
    const auto busy = fetch(*exchange, get(server.url()));
    REQUIRE(busy);
    CHECK(busy->status == 503);
    CHECK(busy->body == "bad");
}

TEST_CASE("a refused connection names the host and the reason, and nothing was sent", "[http]")
{
    const auto exchange = curl_exchange();
    const auto port = closed_port();
    const auto answer = fetch(*exchange, get("http://127.0.0.1:" + port + "/"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "net.unreachable");
    CHECK(answer.error().kind == ErrorKind::offline);
    CHECK(answer.error().message == "cannot reach 127.0.0.1:" + port + ": connection refused");
    CHECK_FALSE(may_have_arrived(answer.error()));
}

TEST_CASE("an unknown host name is told apart where the network answers at all", "[http]")
{
    CurlOptions options;
    options.connect_timeout = std::chrono::seconds(3);
    const auto exchange = curl_exchange(options);
    const auto answer = fetch(*exchange, get("https://no-such-host.invalid/"));
    REQUIRE_FALSE(answer);
    CHECK((answer.error().code == "net.name" || answer.error().code == "net.unreachable"));
    CHECK(answer.error().kind == ErrorKind::offline);
    CHECK(answer.error().message.find("no-such-host.invalid:443") != std::string::npos);
    CHECK_FALSE(may_have_arrived(answer.error()));
}

TEST_CASE("an answer that breaks off may have arrived, wherever it breaks", "[http]")
{
    const std::string whole = ok("{\"value\":[]}", "Content-Type: application/json\r\n");
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{5}, std::size_t{17}, whole.size() - 12, whole.size() - 1}) {
        INFO("cut at " << length);
        Server server([&](Connection& connection, int) {
            connection.read_request();
            connection.send(whole.substr(0, length));
        });
        const auto exchange = curl_exchange();
        auto request = get(server.url());
        request.method = "PATCH";
        request.body = "{}";
        const auto answer = fetch(*exchange, request);
        REQUIRE_FALSE(answer);
        CHECK((answer.error().code == "net.lost_answer" ||
               (length == 5 && answer.error().code == "net.bad_answer")));
        CHECK(answer.error().kind == ErrorKind::retry);
        CHECK(may_have_arrived(answer.error()));
    }
}

TEST_CASE("a write that meets a dying connection is never sent twice, a read may be", "[http]")
{
    for (const std::string method : {"PATCH", "POST", "PUT", "DELETE", "GET"}) {
        INFO(method);
        std::atomic<int> second_requests = 0;
        Server server([&](Connection& connection, int number) {
            if (number == 1) {
                connection.read_request();
                connection.send(ok("{}"));
            }
            if (!connection.read_request().empty()) ++second_requests;
            if (number > 1) connection.send(ok("{}"));
        });
        const auto exchange = curl_exchange();
        REQUIRE(fetch(*exchange, get(server.url("/first"))));
        auto request = get(server.url("/second"));
        request.method = method;
        if (method != "GET" && method != "DELETE") request.body = "{}";
        const auto answer = fetch(*exchange, request);
        if (method == "GET") {
            CHECK(answer);
            continue;
        }
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == "net.lost_answer");
        CHECK(may_have_arrived(answer.error()));
        CHECK(second_requests == 1);
    }
}

TEST_CASE("what is not HTTP is no answer", "[http]")
{
    Server server([](Connection& connection, int) {
        connection.read_request();
        connection.send("SSH-2.0-OpenSSH_9.2\r\nwhatever follows, it is no status line\r\n");
    });
    const auto answer = fetch(*curl_exchange(), get(server.url()));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "net.bad_answer");
    CHECK(may_have_arrived(answer.error()));
}

TEST_CASE("silence ends after the request's own time", "[http]")
{
    Server server([](Connection& connection, int) { connection.wait_for_close(); });
    auto request = get(server.url());
    request.timeout = std::chrono::milliseconds(150);
    const auto answer = fetch(*curl_exchange(), request);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "net.timeout");
    CHECK(answer.error().kind == ErrorKind::retry);
    CHECK(may_have_arrived(answer.error()));
}

TEST_CASE("a request can be cancelled, and destroying the exchange cancels the rest", "[http]")
{
    std::promise<void> arrived;
    Server server([&](Connection& connection, int number) {
        connection.read_request();
        if (number == 1) arrived.set_value();
        connection.wait_for_close();
    });
    auto exchange = curl_exchange({.max_connections = 2});
    Exchange::Ticket ticket = 0;
    auto first = start(*exchange, get(server.url()), &ticket);
    arrived.get_future().wait();
    exchange->cancel(ticket);
    exchange->cancel(ticket);
    exchange->cancel(987'654);
    CHECK(first.get().error().code == "net.cancelled");

    std::vector<std::future<Outcome>> rest;
    for (int i = 0; i < 5; ++i) rest.push_back(start(*exchange, get(server.url())));
    exchange.reset();
    for (auto& each : rest) {
        const auto outcome = each.get();
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code == "net.cancelled");
        CHECK(may_have_arrived(outcome.error()));
    }
}

TEST_CASE("requests sent from completions while the exchange goes away are answered too", "[http]")
{
    Server server([](Connection& connection, int) { connection.wait_for_close(); });
    auto exchange = curl_exchange();
    std::promise<std::string> last;
    auto* raw = exchange.get();
    raw->send(get(server.url()), [&, raw](Outcome) {
        raw->send(get(server.url()), [&](Outcome outcome) { last.set_value(outcome.error().code); });
    });
    exchange.reset();
    CHECK(last.get_future().get() == "net.cancelled");
}

TEST_CASE("a token never travels over plain http to anything but a loopback literal", "[http]")
{
    Server server(answer_all);
    const auto exchange = curl_exchange();
    for (const std::string& url :
         {std::string("http://192.0.2.1/"), "http://localhost:" + server.port() + "/",
          std::string("http://127.0.0.1.evil.example/"), std::string("http://[2001:db8::1]/"),
          std::string("http://127.evil.example/"), std::string("HTTP://org.example/")}) {
        INFO(url);
        const auto answer = fetch(*exchange, with_token(get(url)));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == "net.insecure");
        CHECK(answer.error().message.find("secret") == std::string::npos);
        CHECK_FALSE(may_have_arrived(answer.error()));
    }
    CHECK(server.connections() == 0);
    CHECK(fetch(*exchange, with_token(get(server.url()))));
    CHECK(fetch(*exchange, get("http://localhost:" + server.port() + "/")));
    const auto six = fetch(*exchange, with_token(get("http://[::1]:" + closed_port() + "/")));
    CHECK(six.error().code == "net.unreachable");
}

TEST_CASE("addresses and headers that could do harm are refused before anything is sent", "[http]")
{
    const auto exchange = curl_exchange();
    for (const auto* url : {"", "org.example", "ftp://org.example/", "file:///etc/passwd", "http://a b/",
                            "http://", "gopher://x/", "http://127.0.0.1/\r\nX: y"}) {
        INFO(url);
        CHECK(fetch(*exchange, get(url)).error().code == "net.bad_url");
    }
    auto request = get("http://127.0.0.1:1/");
    request.headers.push_back({"X", "a\r\nAuthorization: Bearer x"});
    CHECK(fetch(*exchange, request).error().code == "net.bad_url");
}

TEST_CASE("no more connections than allowed are open at once, and all requests are answered", "[http]")
{
    Server server(answer_all);
    const auto exchange = curl_exchange({.max_connections = 3});
    std::vector<std::future<Outcome>> all;
    for (int i = 0; i < 60; ++i) all.push_back(start(*exchange, get(server.url())));
    for (auto& each : all) CHECK(each.get());
    CHECK(server.most_at_once() <= 3);
    CHECK(server.connections() >= 1);
}

TEST_CASE("a proxy is used when it is named, never from the environment and never for loopback", "[http]")
{
    std::string seen;
    Server proxy([&](Connection& connection, int) {
        seen = connection.read_request();
        connection.send(ok("proxied"));
    });
    Server server(answer_all);
    ::setenv("http_proxy", proxy.url().c_str(), 1);
    ::setenv("ALL_PROXY", proxy.url().c_str(), 1);
    CHECK(fetch(*curl_exchange(), get(server.url())));
    CHECK(proxy.connections() == 0);
    ::unsetenv("http_proxy");
    ::unsetenv("ALL_PROXY");

    const auto exchange = curl_exchange({.proxy = proxy.url()});
    CHECK(fetch(*exchange, with_token(get(server.url()))));
    CHECK(proxy.connections() == 0);
    const auto answer = fetch(*exchange, get("http://org.example/x"));
    REQUIRE(answer);
    CHECK(answer->body == "proxied");
    CHECK(seen.starts_with("GET http://org.example/x HTTP/1.1\r\n"));
}

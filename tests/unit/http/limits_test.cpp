#include "loopback.h"
#include "tests/catch.h"

#include <cstdio>
#include <memory>

using namespace hawser;
using namespace hawser::http;
using namespace loopback;

namespace {

// What `command` prints; "" when it cannot be run.
std::string output_of(const char* command)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command, "r"), &::pclose);
    std::string result;
    char bytes[65'536];
    while (pipe) {
        const auto count = std::fread(bytes, 1, sizeof bytes, pipe.get());
        if (count == 0) break;
        result.append(bytes, count);
    }
    return result;
}

Server::Script answering(std::string answer)
{
    return [answer = std::move(answer)](Connection& connection, int) {
        while (!connection.read_request().empty())
            if (!connection.send(answer)) return;
    };
}

} // namespace

TEST_CASE("a compressed answer is unpacked", "[http][limits]")
{
    const auto packed = output_of("printf '{\"value\":[]}' | gzip -9 2>/dev/null");
    if (packed.empty()) {
        WARN("SKIPPED: no gzip");
        return;
    }
    Server server(answering(ok(packed, "Content-Encoding: gzip\r\n")));
    const auto answer = fetch(*curl_exchange(), get(server.url()));
    REQUIRE(answer);
    CHECK(answer->body == "{\"value\":[]}");

    auto damaged = packed;
    damaged[damaged.size() - 6] ^= 1; // In the checksum.
    Server broken(answering(ok(damaged, "Content-Encoding: gzip\r\n")));
    const auto unreadable = fetch(*curl_exchange(), get(broken.url()));
    REQUIRE_FALSE(unreadable);
    CHECK(unreadable.error().code == "net.bad_answer");
    CHECK(may_have_arrived(unreadable.error()));
}

TEST_CASE("a gzip bomb is given up by size and by ratio", "[http][limits]")
{
    const auto bomb = output_of("head -c 60000000 /dev/zero | gzip -9 2>/dev/null");
    if (bomb.empty()) {
        WARN("SKIPPED: no gzip");
        return;
    }
    Server server(answering(ok(bomb, "Content-Encoding: gzip\r\n")));
    auto request = get(server.url());
    request.max_body_bytes = 4 << 20;
    const auto by_size = fetch(*curl_exchange({.max_ratio = 5'000}), request);
    REQUIRE_FALSE(by_size);
    CHECK(by_size.error().code == "net.too_large");
    CHECK(by_size.error().message.find("4194304 bytes") != std::string::npos);

    request.max_body_bytes = 100 << 20;
    const auto by_ratio = fetch(*curl_exchange(), request);
    REQUIRE_FALSE(by_ratio);
    CHECK(by_ratio.error().code == "net.too_large");
    CHECK(by_ratio.error().message.find("200 times") != std::string::npos);

    const auto allowed = fetch(*curl_exchange({.max_ratio = 5'000}), request);
    REQUIRE(allowed);
    CHECK(allowed->body.size() == 60'000'000);
}

TEST_CASE("an endless body ends at the limit, announced or not", "[http][limits]")
{
    Server endless([](Connection& connection, int) {
        connection.read_request();
        connection.send("HTTP/1.1 200 OK\r\n\r\n");
        while (connection.send(std::string(65'536, 'x'))) {
        }
    });
    auto request = get(endless.url());
    request.max_body_bytes = 1 << 20;
    CHECK(fetch(*curl_exchange(), request).error().code == "net.too_large");

    Server announced([](Connection& connection, int) {
        connection.read_request();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n");
        connection.wait_for_close();
    });
    request.url = announced.url();
    CHECK(fetch(*curl_exchange(), request).error().code == "net.too_large");

    Server exact(answering(ok(std::string(1 << 20, 'x'))));
    request.url = exact.url();
    CHECK(fetch(*curl_exchange(), request)->body.size() == 1 << 20);
}

TEST_CASE("endless headers end at the limit", "[http][limits]")
{
    Server server([](Connection& connection, int) {
        connection.read_request();
        connection.send("HTTP/1.1 200 OK\r\n");
        for (int i = 0; connection.send("X-" + std::to_string(i) + ": " + std::string(1'000, 'x') + "\r\n");
             ++i) {
        }
    });
    const auto answer = fetch(*curl_exchange(), get(server.url()));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "net.too_large");
    CHECK(may_have_arrived(answer.error()));
}

TEST_CASE("a limited rate is kept, each way", "[http][limits]")
{
    const auto seconds_of = [](const Request& request, std::uint64_t rate) {
        const auto begun = std::chrono::steady_clock::now();
        REQUIRE(fetch(*curl_exchange({.bytes_a_second = rate}), request));
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    };
    Server large(answering(ok(std::string(1'000'000, 'x'))));
    CHECK(seconds_of(get(large.url()), 500'000) > 0.9);
    Server small(answering(ok("x")));
    Request sent = get(small.url());
    sent.method = "POST";
    sent.body = std::string(300'000, 'y');
    CHECK(seconds_of(sent, 150'000) > 0.9);
}

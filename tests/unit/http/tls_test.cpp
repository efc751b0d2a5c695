#include "loopback.h"
#include "tests/catch.h"
#include "tests/folder.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

using namespace hawser;
using namespace hawser::http;
using namespace loopback;
using hawser::tests::Folder;

namespace {

/// `openssl s_server -www` with a certificate of its own making for one name.
class TlsServer {
public:
    TlsServer(const Folder& folder, const std::string& name, std::vector<std::string> more = {})
        : certificate_((folder / "certificate.pem").string())
    {
        const auto key = (folder / "key.pem").string();
        const auto make =
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hawser -addext subjectAltName=" +
            name + " -keyout " + key + " -out " + certificate_ + " 2>/dev/null";
        if (std::system(make.c_str()) != 0) return;
        std::vector<std::string> words{"openssl",    "s_server", "-accept", "127.0.0.1:0", "-www", "-cert",
                                       certificate_, "-key",     key};
        words.insert(words.end(), more.begin(), more.end());
        run(words);
    }

    ~TlsServer()
    {
        if (process_ <= 0) return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    bool ready() const { return !port_.empty(); }
    std::string port() const { return port_; }
    std::string certificate() const { return certificate_; }

private:
    void run(std::vector<std::string>& words)
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return;
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        process_ = ::fork();
        if (process_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::dup2(::open("/dev/null", O_RDWR), STDERR_FILENO);
            ::execvp("openssl", arguments.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        read_port(ends[0]);
        ::close(ends[0]);
    }

    // It prints "ACCEPT 127.0.0.1:40123" when it listens.
    void read_port(int from)
    {
        std::string text;
        char byte = 0;
        while (::read(from, &byte, 1) == 1) {
            if (byte == '\n' && text.starts_with("ACCEPT")) {
                port_ = text.substr(text.rfind(':') + 1);
                return;
            }
            text = byte == '\n' ? std::string() : text + byte;
        }
    }

    std::string certificate_, port_;
    pid_t process_ = -1;
};

Request secret(const std::string& url)
{
    auto request = get(url);
    request.headers.push_back({"Authorization", "Bearer secret"});
    return request;
}

} // namespace

TEST_CASE("only a server with a trusted certificate for its name gets a request", "[http][tls]")
{
    const Folder folder;
    const TlsServer server(folder, "IP:127.0.0.1");
    if (!server.ready()) {
        WARN("SKIPPED: no openssl s_server");
        return;
    }
    const auto url = "https://127.0.0.1:" + server.port() + "/";
    const auto untrusted = fetch(*curl_exchange(), secret(url));
    REQUIRE_FALSE(untrusted);
    CHECK(untrusted.error().code == "net.tls");
    CHECK(untrusted.error().kind == ErrorKind::offline);
    CHECK(untrusted.error().message.starts_with("no secure connection to 127.0.0.1:" + server.port() + ": "));
    CHECK_FALSE(may_have_arrived(untrusted.error()));

    const auto trusted = fetch(*curl_exchange({.ca_file = server.certificate()}), secret(url));
    REQUIRE(trusted);
    CHECK(trusted->status == 200);
    CHECK(trusted->body.find("TLSv1.3") != std::string::npos);

    const auto missing = fetch(*curl_exchange({.ca_file = (folder / "none.pem").string()}), secret(url));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == "net.tls");
}

TEST_CASE("a certificate for another name is refused", "[http][tls]")
{
    const Folder folder;
    const TlsServer server(folder, "DNS:other.example");
    if (!server.ready()) {
        WARN("SKIPPED: no openssl s_server");
        return;
    }
    const auto answer = fetch(*curl_exchange({.ca_file = server.certificate()}),
                              secret("https://127.0.0.1:" + server.port() + "/"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "net.tls");
    CHECK_FALSE(may_have_arrived(answer.error()));
}

TEST_CASE("TLS before 1.2 is refused", "[http][tls]")
{
    const Folder folder;
    const TlsServer server(folder, "IP:127.0.0.1", {"-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"});
    if (!server.ready()) {
        WARN("SKIPPED: no openssl s_server with TLS 1.1");
        return;
    }
    const auto answer = fetch(*curl_exchange({.ca_file = server.certificate()}),
                              secret("https://127.0.0.1:" + server.port() + "/"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == "net.tls");
    CHECK_FALSE(may_have_arrived(answer.error()));
}

TEST_CASE("plain text where TLS was expected is no secure connection", "[http][tls]")
{
    Server server([](Connection& connection, int) {
        connection.read_request();
        connection.send(ok("{}"));
    });
    auto request = secret("https://127.0.0.1:" + server.port() + "/");
    request.timeout = std::chrono::milliseconds(500);
    const auto answer = fetch(*curl_exchange(), request);
    REQUIRE_FALSE(answer);
    CHECK_FALSE(may_have_arrived(answer.error()));
}

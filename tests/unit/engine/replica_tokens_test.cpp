#include "engine/tokens.h"
#include "tests/unit/engine/replica_world.h"

#include <fstream>
#include <future>
#include <thread>

using namespace hawser;
using namespace hawser::tests;
using namespace std::chrono_literals;

namespace {

using Answer = Result<std::string>;

Answer ask(TokenProvider& provider, bool refresh = false)
{
    auto promise = std::make_shared<std::promise<Answer>>();
    auto future = promise->get_future();
    provider.request(refresh, [promise](Answer answer) { promise->set_value(std::move(answer)); });
    REQUIRE(future.wait_for(20s) == std::future_status::ready);
    return future.get();
}

std::vector<std::string> shell(const std::string& script)
{
    return {"/bin/sh", "-c", script};
}

Answer ask_shell(const std::string& script, std::chrono::milliseconds time = 20s)
{
    const auto provider = engine::token_command(shell(script), time);
    return ask(*provider);
}

/// Waits until the file holds a process number.
pid_t process_in(const std::filesystem::path& file)
{
    for (const auto until = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < until;
         std::this_thread::yield()) {
        std::ifstream in(file);
        pid_t process = 0;
        if (std::string line; std::getline(in, line) && !in.eof()) process = std::stoi(line);
        if (process > 0) return process;
    }
    return 0;
}

bool ends_soon(pid_t process)
{
    for (const auto until = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < until;
         std::this_thread::yield()) {
        if (::kill(process, 0) != 0) return true;
        std::ifstream in("/proc/" + std::to_string(process) + "/stat");
        std::string line;
        if (!std::getline(in, line) || line.find(") Z") != std::string::npos) return true;
    }
    return false;
}

} // namespace

TEST_CASE("The first line that a token command prints is the token", "[replica][tokens]")
{
    CHECK(ok(ask_shell("printf abc.def")) == "abc.def");
    CHECK(ok(ask_shell("echo abc.def")) == "abc.def");
    CHECK(ok(ask_shell("printf ' abc.def \\r\\nsecond line\\n'")) == "abc.def");
    CHECK(ok(ask_shell("cat; echo nothing-on-its-input")) == "nothing-on-its-input");
    CHECK(ok(ask_shell("echo token; dd if=/dev/zero bs=65536 count=40 2>/dev/null")) == "token");
}

TEST_CASE("A token command that fails says how, and never shows what it printed", "[replica][tokens]")
{
    const auto refused = [](const Answer& answer, std::string_view words) {
        CHECK(code_of(answer) == "auth.no_token");
        CHECK((!answer && answer.error().kind == ErrorKind::sign_in));
        CHECK(says(answer, words));
        CHECK_FALSE(says(answer, "secret"));
    };
    refused(ask_shell("echo secret; exit 3"), "exit code 3");
    refused(ask_shell("echo secret; kill -9 $$"), "signal 9");
    refused(ask_shell("true"), "it is empty");
    refused(ask_shell("echo; echo secret"), "it is empty");
    refused(ask_shell("echo Bearer secret"), "without \"Bearer\"");
    refused(ask_shell("printf 'secret\\033[0m\\n'"), "no token has");
    refused(ask_shell("dd if=/dev/zero bs=65536 count=40 2>/dev/null | tr '\\0' x"), "more than a token");
    refused(ask(*token_command({"/nowhere/token-program"})), "/nowhere/token-program");
    refused(ask(*token_command({})), "hawser init --token-command");
}

TEST_CASE("A token command that hangs is ended with all that it started", "[replica][tokens]")
{
    Folder folder;
    const std::string child = (folder / "child").string();
    const auto before = std::chrono::steady_clock::now();
    SECTION("it prints nothing")
    {
        const auto answer = ask_shell("sleep 600 & echo $! > " + child + "; wait", 300ms);
        CHECK(code_of(answer) == "auth.no_token");
        CHECK(says(answer, "longer than"));
    }
    SECTION("it prints a line and stays")
    {
        CHECK(code_of(ask_shell("sleep 600 & echo $! > " + child + "; echo token; wait", 300ms)) ==
              "auth.no_token");
    }
    SECTION("it prints now and then, so that no single wait is long")
    {
        CHECK(code_of(ask_shell("sleep 600 & echo $! > " + child + "; while :; do printf x; sleep 0.02; done",
                                300ms)) == "auth.no_token");
    }
    CHECK(std::chrono::steady_clock::now() - before < 10s);
    const pid_t process = process_in(child);
    REQUIRE(process > 0);
    CHECK(ends_soon(process));
}

TEST_CASE("A process that a token command leaves behind does not keep the token back", "[replica][tokens]")
{
    Folder folder;
    const auto child = folder / "child";
    CHECK(ok(ask_shell("sleep 600 & echo $! > " + child.string() + "; echo token")) == "token");
    const pid_t process = process_in(child);
    REQUIRE(process > 0);
    CHECK_FALSE(::kill(process, SIGKILL) != 0);
}

TEST_CASE("A token is kept until it is refused, and then the command runs again", "[replica][tokens]")
{
    Folder folder;
    const auto provider = token_command(shell("echo x >> '" + (folder / "runs").string() + "'; wc -l < '" +
                                              (folder / "runs").string() + "'"));
    CHECK(ok(ask(*provider)) == "1");
    CHECK(ok(ask(*provider)) == "1");
    CHECK(ok(ask(*provider, true)) == "2");
    CHECK(ok(ask(*provider)) == "2");
}

TEST_CASE("A cancelled token command is ended at once and says nothing", "[replica][tokens]")
{
    Folder folder;
    const auto child = folder / "child";
    std::atomic<int> answers{0};
    auto provider = token_command(shell("echo $$ > " + child.string() + "; sleep 600"));
    provider->request(false, [&](Answer) { ++answers; });
    const pid_t process = process_in(child);
    REQUIRE(process > 0);
    SECTION("by cancel")
    {
        provider->cancel();
    }
    SECTION("by another request")
    {
        provider->request(false, [&](Answer) { answers += 100; });
        provider->cancel();
    }
    SECTION("by letting go of the provider")
    {
        provider.reset();
    }
    CHECK(answers == 0);
    CHECK(ends_soon(process));
}

TEST_CASE("Within its answer a provider may be asked again, cancelled and let go of", "[replica][tokens]")
{
    std::promise<std::string> second;
    auto provider = token_command(shell("echo token"));
    SECTION("asked again")
    {
        provider->request(false, [&](Answer) {
            provider->request(true, [&](Answer answer) { second.set_value(answer.value_or("")); });
        });
    }
    SECTION("cancelled")
    {
        provider->request(false, [&](Answer answer) {
            provider->cancel();
            second.set_value(answer.value_or(""));
        });
    }
    SECTION("let go of")
    {
        auto* held = &provider;
        provider->request(false, [&second, held](Answer answer) {
            held->reset();
            second.set_value(answer.value_or(""));
        });
    }
    auto answer = second.get_future();
    REQUIRE(answer.wait_for(20s) == std::future_status::ready);
    CHECK(answer.get() == "token");
}

TEST_CASE("Threads may ask a token command at once, and the last to ask is answered", "[replica][tokens]")
{
    const auto provider = engine::token_command(shell("echo abc.def"), 20s);
    std::vector<std::thread> askers;
    for (int thread = 0; thread < 4; ++thread)
        askers.emplace_back([&] {
            for (int round = 0; round < 25; ++round) provider->request(true, [](Answer) {});
        });
    for (std::thread& asker : askers) asker.join();
    CHECK(ok(ask(*provider, true)) == "abc.def");
}

TEST_CASE("A fixed token is given once and cannot be refreshed", "[replica][tokens]")
{
    CHECK(ok(ask(*fixed_token("abc\n"))) == "abc");
    CHECK(code_of(ask(*fixed_token("abc"), true)) == "auth.token_refused");
    CHECK(code_of(ask(*fixed_token(""))) == "auth.no_token");
    const auto split = ask(*fixed_token("abc\r\nX-Other: 1"));
    CHECK(code_of(split) == "auth.no_token");
    CHECK_FALSE(says(split, "abc"));
}

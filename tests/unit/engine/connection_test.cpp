#include "base/time_text.h"
#include "engine/status.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;
using namespace std::chrono_literals;

namespace {

struct Setting : Workplace {
    Setting()
    {
        office.put("contacts", guid(1), R"({"lastname":"Doe","jobtitle":"Clerk"})");
        desk.choose({{"contact", ""}});
        desk.sync();
    }

    Error fails()
    {
        const auto report = desk.cycle();
        REQUIRE_FALSE(report);
        return report.error();
    }
    void all(Fault fault)
    {
        desk.exchange->script = [fault](std::size_t, const http::Request&) { return fault; };
    }
    void none() { desk.exchange->script = nullptr; }
    localstore::ConnectionState state() { return desk.store->connection()->state; }
    std::size_t requests() { return desk.exchange->seen.size(); }

    Result<void> go_offline(Synchronizer::Departure departure)
    {
        return desk.run<void>([departure](engine::Engine& one) { return one.go_offline(departure); });
    }
    Result<CycleReport> go_online()
    {
        return desk.run<CycleReport>([](engine::Engine& one) { return one.go_online(); });
    }

    /// Lets the background run for a while of virtual time.
    void pass(std::chrono::milliseconds time)
    {
        const auto until = clock->elapsed() + time;
        for (int i = 0; i < 100'000; ++i) {
            if (desk.context.poll() > 0) continue;
            if (clock->elapsed() >= until) break;
            clock->pass(std::min<std::chrono::milliseconds>(until - clock->elapsed(), 100ms));
        }
    }
};

using State = localstore::ConnectionState;

} // namespace

TEST_CASE("An expired token is renewed once, checked again and the request repeated", "[engine][courier]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    const std::string old = s.desk.tokens->token;
    s.desk.tokens->next = {*s.office.organization->renew_token("ada", *s.office.random)};
    const std::size_t before = s.requests();
    s.desk.sync();
    CHECK(s.desk.tokens->refreshes == 1);
    CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    // The first request under the new token asks whose it is.
    const auto& seen = s.desk.exchange->seen;
    CHECK(seen.at(before).authorization == "Bearer " + old);
    CHECK(seen.at(before + 1).target.find("WhoAmI") != std::string::npos);
    CHECK(seen.at(before + 1).authorization != "Bearer " + old);
}

TEST_CASE("A token refused twice means: sign in, and nothing counts as failed", "[engine][courier]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    (void)s.office.organization->renew_token("ada", *s.office.random);
    const Error error = s.fails();
    CHECK(error.kind == ErrorKind::sign_in);
    CHECK(s.desk.tokens->refreshes == 1);
    const auto queue = s.desk.store->changes({});
    REQUIRE(queue->size() == 1);
    CHECK(queue->front().state == localstore::ChangeState::queued);
    CHECK(queue->front().attempts == 0);
    CHECK(error.message.find(s.desk.tokens->token) == std::string::npos);
}

TEST_CASE("Another user's token is refused before any write, and reads nothing", "[engine][courier][I8]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.office.log.clear();

    SECTION("given after a refusal")
    {
        (void)s.office.organization->renew_token("ada", *s.office.random);
        s.desk.tokens->next = {s.office.token("bob")};
    }
    SECTION("given from the start")
    {
        s.desk.tokens->token = s.office.token("bob");
        s.desk.reboot();
    }
    const std::size_t before = s.requests();
    const Error error = s.fails();
    CHECK(error.code == "engine.other_user");
    CHECK(error.kind == ErrorKind::stop);
    CHECK(s.office.log.empty());
    for (std::size_t i = before; i < s.requests(); ++i) {
        const auto& seen = s.desk.exchange->seen[i];
        if (seen.authorization == "Bearer " + s.office.token("bob"))
            CHECK(seen.target.find("WhoAmI") != std::string::npos);
    }
}

TEST_CASE("Another organization at the same address is refused, naming both", "[engine][courier][I8]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.desk.reboot();
    s.desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (request.url.find("WhoAmI") == std::string::npos) return;
        const std::string id = s.office.organization->organization_id().text();
        answer.body.replace(answer.body.find(id), id.size(), guid(99).text());
    };
    const Error error = s.fails();
    CHECK(error.code == "engine.other_organization");
    CHECK(error.message.find(guid(99).text()) != std::string::npos);
    CHECK(error.message.find(s.office.organization->organization_id().text()) != std::string::npos);
    CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Clerk");
}

TEST_CASE("A short Retry-After is sat out for everybody, a long one is the next attempt", "[engine][courier]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});

    SECTION("short")
    {
        const auto begin = s.clock->elapsed();
        const std::size_t first = s.requests();
        s.desk.exchange->script = [&](std::size_t number, const http::Request&) {
            return number == first ? Fault::throttle : Fault::none;
        };
        s.desk.sync();
        CHECK(s.clock->elapsed() - begin >= 3s);
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    }
    SECTION("long")
    {
        s.desk.exchange->alter = [](const http::Request&, http::Answer& answer) {
            answer = {
                429, {{"Retry-After", "120"}}, R"({"error":{"code":"0x80072322","message":"slow down"}})"};
        };
        const Error error = s.fails();
        CHECK(error.kind == ErrorKind::wait);
        REQUIRE(error.retry_after);
        CHECK(*error.retry_after == 120s);
        s.desk.exchange->alter = nullptr;
        // Whoever asks: nothing at all is sent before the time is over.
        const std::size_t before = s.requests();
        s.clock->pass(60s);
        CHECK(s.fails().kind == ErrorKind::wait);
        CHECK(s.requests() == before);
        s.clock->pass(61s);
        s.desk.sync();
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    }
}

TEST_CASE("A read whose answer is lost, or that meets a passing fault, is asked again twice",
          "[engine][courier]")
{
    Setting s;
    const Fault fault = GENERATE(Fault::drop_request, Fault::drop_answer, Fault::late, Fault::busy);
    s.office.put("contacts", guid(1), R"({"jobtitle":"Buyer"})");
    int reads = 0;
    int lost = 2;
    s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (request.method != "GET" || request.url.find("/contacts") == std::string::npos) return Fault::none;
        return ++reads <= lost ? fault : Fault::none;
    };
    s.desk.sync();
    CHECK(reads == 3);
    CHECK(s.desk.text("contact", guid(1), "jobtitle") == "Buyer");

    reads = 0;
    lost = 3;
    s.office.put("contacts", guid(1), R"({"jobtitle":"Clerk"})");
    CHECK_FALSE(s.desk.cycle());
    CHECK(reads == 3);
    s.desk.sync();
    s.desk.check_equal();
}

TEST_CASE("Where nobody answers, a read is not repeated, and a write never is", "[engine][courier][I2]")
{
    Setting s;
    int asked = 0;
    SECTION("a read")
    {
        s.desk.exchange->script = [&](std::size_t, const http::Request&) {
            return ++asked, Fault::unreachable;
        };
        CHECK(s.fails().code == "net.unreachable");
        CHECK(asked == 1);
    }
    SECTION("a write")
    {
        s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
        s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
            const bool write = request.body.find("PATCH ") != std::string::npos;
            return write && ++asked == 1 ? Fault::drop_answer : Fault::none;
        };
        s.desk.sync();
        CHECK(asked == 1);
        CHECK(s.office.effects(guid(1), "PATCH") == 2);
    }
    s.none();
    s.desk.sync();
    s.desk.check_equal();
}

TEST_CASE("A network that wants a sign-in of its own is offline, and nothing counts as failed", "[engine]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.all(Fault::portal);
    const Error error = s.fails();
    CHECK(error.kind == ErrorKind::offline);
    CHECK(error.code == "net.captive_portal");
    CHECK(s.state() == State::disconnected);
    CHECK(s.desk.store->changes({})->front().attempts == 0);
    s.none();
    s.desk.sync();
    CHECK(s.state() == State::online);
    s.desk.check_equal();
}

TEST_CASE("An unreachable organization is disconnected, with the reason, until it is reached", "[engine]")
{
    Setting s;
    s.all(Fault::unreachable);
    CHECK(s.fails().kind == ErrorKind::offline);
    CHECK(s.state() == State::disconnected);
    CHECK(s.desk.store->connection()->reason.find("organization.example") != std::string::npos);
    CHECK_FALSE(s.desk.store->setting(engine::offline_since_setting).empty());
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.none();
    s.desk.sync();
    CHECK(s.state() == State::online);
    CHECK_FALSE(s.desk.store->setting(engine::offline_since_setting).empty());
    CHECK(s.desk.store->setting(engine::last_error_setting).empty());
}

TEST_CASE("Going offline pulls first, stays offline, and comes back with everything", "[engine][offline]")
{
    Setting s;
    s.office.put("contacts", guid(2), R"({"lastname":"Late"})");
    REQUIRE(s.go_offline(Synchronizer::Departure::pull_first));
    CHECK(s.state() == State::offline_by_choice);
    CHECK(s.desk.has("contact", guid(2)));
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    const std::size_t before = s.requests();
    CHECK(s.fails().code == "engine.offline_by_choice");
    CHECK(s.requests() == before);
    s.desk.reboot();
    CHECK(s.state() == State::offline_by_choice);
    CHECK(s.fails().code == "engine.offline_by_choice");
    REQUIRE(s.go_online());
    CHECK(s.state() == State::online);
    CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    s.desk.check_equal();
}

TEST_CASE("Going offline without its pull asks, and goes all the same when told", "[engine][offline]")
{
    Setting s;
    s.all(Fault::unreachable);
    const auto left = s.go_offline(Synchronizer::Departure::pull_first);
    REQUIRE_FALSE(left);
    CHECK(left.error().code == "engine.pull_unfinished");
    CHECK(s.state() != State::offline_by_choice);
    CHECK(s.state() != State::going_offline);
    REQUIRE(s.go_offline(Synchronizer::Departure::now));
    CHECK(s.state() == State::offline_by_choice);
}

TEST_CASE("A departure that cannot finish leaves the connection as it was, or as it was found",
          "[engine][offline]")
{
    Setting s;
    SECTION("disconnected stays so, since when it was")
    {
        s.all(Fault::unreachable);
        CHECK(s.fails().kind == ErrorKind::offline);
        const Instant since = s.desk.store->connection()->since;
        const std::string offline_since = s.desk.store->setting(engine::offline_since_setting);
        s.clock->pass(1h);
        REQUIRE_FALSE(s.go_offline(Synchronizer::Departure::pull_first));
        CHECK(s.state() == State::disconnected);
        CHECK(s.desk.store->connection()->since == since);
        CHECK_FALSE(s.desk.store->connection()->reason.empty());
        CHECK(s.desk.store->setting(engine::offline_since_setting) == offline_since);
    }
    SECTION("out of reach now: disconnected, with the reason")
    {
        s.all(Fault::unreachable);
        REQUIRE_FALSE(s.go_offline(Synchronizer::Departure::pull_first));
        CHECK(s.state() == State::disconnected);
        CHECK(s.desk.store->connection()->reason.find("organization.example") != std::string::npos);
        CHECK_FALSE(s.desk.store->setting(engine::offline_since_setting).empty());
    }
    SECTION("a chosen table that is refused has to be agreed to")
    {
        s.desk.choose({{"nosuch", ""}});
        const auto left = s.go_offline(Synchronizer::Departure::pull_first);
        REQUIRE_FALSE(left);
        CHECK(left.error().code == "engine.pull_unfinished");
        CHECK(left.error().kind == ErrorKind::park);
        CHECK(left.error().message.find("nosuch") != std::string::npos);
        CHECK(s.state() == State::online);
        CHECK(s.desk.store->connection()->reason.empty());
        REQUIRE(s.go_offline(Synchronizer::Departure::now));
        CHECK(s.state() == State::offline_by_choice);
    }
}

TEST_CASE("A stay offline lasts from the moment it was no longer online until it is again",
          "[engine][offline]")
{
    Setting s;
    const auto began = [&] { return s.desk.store->setting(engine::offline_since_setting); };
    s.clock->pass(1h);
    SECTION("the connection was lost before the person chose to be offline")
    {
        s.all(Fault::unreachable);
        CHECK(s.fails().kind == ErrorKind::offline);
        const std::string lost = began();
        CHECK(lost == to_text(s.clock->now()));
        s.clock->pass(1h);
        SECTION("without a pull")
        {
            REQUIRE(s.go_offline(Synchronizer::Departure::now));
        }
        SECTION("with a pull, whose merges belong to coming back as well")
        {
            s.none();
            REQUIRE(s.go_offline(Synchronizer::Departure::pull_first));
        }
        CHECK(s.state() == State::offline_by_choice);
        CHECK(began() == lost);
    }
    SECTION("coming back found nobody")
    {
        REQUIRE(s.go_offline(Synchronizer::Departure::now));
        const std::string left = began();
        s.clock->pass(1h);
        s.all(Fault::unreachable);
        REQUIRE_FALSE(s.go_online());
        CHECK(s.state() == State::disconnected);
        CHECK(began() == left);
    }
    SECTION("a departure that failed was no stay")
    {
        REQUIRE(s.go_offline(Synchronizer::Departure::now));
        REQUIRE(s.go_online());
        const std::string left = began();
        s.clock->pass(1h);
        s.desk.choose({{"nosuch", ""}});
        REQUIRE_FALSE(s.go_offline(Synchronizer::Departure::pull_first));
        CHECK(began() == left);
        s.clock->pass(1h);
        REQUIRE(s.go_offline(Synchronizer::Departure::now));
        CHECK(began() == to_text(s.clock->now()));
    }
}

TEST_CASE("A departure that a crash cut short and a refused table keeps up waits for the person's word",
          "[engine][offline]")
{
    Setting s;
    s.desk.choose({{"nosuch", ""}});
    const std::size_t next = s.requests();
    s.desk.exchange->script = [&](std::size_t number, const http::Request&) {
        return number == next ? Fault::hang : Fault::none;
    };
    std::function<engine::Task<Result<void>>(engine::Engine&)> leave = [](engine::Engine& one) {
        return one.go_offline(Synchronizer::Departure::pull_first);
    };
    CHECK_FALSE(s.desk.try_run(leave));
    s.desk.reboot();
    s.desk.engine->run_in_background();
    s.pass(5s);
    CHECK(s.state() == State::going_offline);
    CHECK(s.desk.store->connection()->reason.find("nosuch") != std::string::npos);
    SECTION("to go without it")
    {
        REQUIRE(s.go_offline(Synchronizer::Departure::now));
        CHECK(s.state() == State::offline_by_choice);
    }
    SECTION("to stay")
    {
        REQUIRE(s.go_online());
        CHECK(s.state() == State::online);
        CHECK(s.desk.store->connection()->reason.empty());
    }
    SECTION("asked again, it is told as the first time")
    {
        const auto left = s.go_offline(Synchronizer::Departure::pull_first);
        REQUIRE_FALSE(left);
        CHECK(left.error().code == "engine.pull_unfinished");
        CHECK(s.state() == State::online);
    }
}

TEST_CASE("A crash while going offline or coming back resumes there", "[engine][offline]")
{
    Setting s;
    const std::size_t next = s.requests();
    s.desk.exchange->script = [&](std::size_t number, const http::Request&) {
        return number == next ? Fault::hang : Fault::none;
    };
    SECTION("going offline")
    {
        std::function<engine::Task<Result<void>>(engine::Engine&)> leave = [](engine::Engine& one) {
            return one.go_offline(Synchronizer::Departure::pull_first);
        };
        CHECK_FALSE(s.desk.try_run(leave));
        s.desk.reboot();
        CHECK(s.state() == State::going_offline);
        s.desk.engine->run_in_background();
        s.pass(5s);
        CHECK(s.state() == State::offline_by_choice);
    }
    SECTION("coming back")
    {
        REQUIRE(s.go_offline(Synchronizer::Departure::now));
        std::function<engine::Task<Result<CycleReport>>(engine::Engine&)> back = [](engine::Engine& one) {
            return one.go_online();
        };
        CHECK_FALSE(s.desk.try_run(back));
        s.desk.reboot();
        CHECK(s.state() == State::going_online);
        s.desk.engine->run_in_background();
        s.pass(5s);
        CHECK(s.state() == State::online);
    }
}

TEST_CASE("In the background cycles come by the interval, after nudges and with backoff",
          "[engine][background]")
{
    Setting s;
    s.desk.engine->run_in_background();
    s.pass(1s);
    const std::size_t started = s.requests();
    CHECK(started > 0);

    SECTION("by the interval")
    {
        s.office.put("contacts", guid(2), R"({"lastname":"Late"})");
        s.pass(14min);
        CHECK_FALSE(s.desk.has("contact", guid(2)));
        s.pass(2min);
        CHECK(s.desk.has("contact", guid(2)));
    }
    SECTION("soon after an edit")
    {
        s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
        s.desk.engine->nudge();
        s.pass(200ms);
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Clerk");
        s.pass(1s);
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    }
    SECTION("a failure is tried again with growing waits, and the next attempt is known")
    {
        s.all(Fault::unreachable);
        s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
        s.desk.engine->nudge();
        s.pass(1h);
        const std::size_t tries = s.requests() - started;
        CHECK(tries > 10);
        CHECK(tries < 60);
        CHECK_FALSE(s.desk.store->setting(engine::next_attempt_setting).empty());
        s.none();
        s.pass(6min);
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    }
}

TEST_CASE("In the background the platform, sleep, waiting changes and leaving are minded",
          "[engine][background]")
{
    Setting s;
    s.desk.engine->run_in_background();
    s.pass(1s);
    const std::size_t started = s.requests();

    SECTION("the platform's word brings it back at once")
    {
        s.desk.engine->reachable(false);
        s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
        s.desk.engine->nudge();
        s.pass(1h);
        CHECK(s.requests() == started);
        s.desk.engine->reachable(true);
        s.pass(1s);
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    }
    SECTION("nothing runs while the machine sleeps")
    {
        s.desk.engine->suspend();
        s.pass(1h);
        CHECK(s.requests() == started);
        CHECK(s.fails().code == "engine.suspended");
        CHECK(s.desk.run<void>([](engine::Engine& one) { return one.connect(); }).error().code ==
              "engine.suspended");
        CHECK(s.requests() == started);
        s.desk.engine->resume();
        s.pass(1s);
        CHECK(s.requests() > started);
    }
    SECTION("without a network nothing begins by itself, and what is asked for tries all the same")
    {
        s.desk.engine->reachable(false);
        s.pass(1h);
        CHECK(s.requests() == started);
        CHECK(s.desk.cycle());
        CHECK(s.requests() > started);
    }
    SECTION("a throttled change waits for its own moment and not for the interval")
    {
        s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
        int bumps = 0;
        s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
            if (bumps < 5 && request.body.find("Buyer") != std::string::npos)
                s.office.put("contacts", guid(1), R"({"telephone1":")" + std::to_string(++bumps) + R"("})");
            return Fault::none;
        };
        s.desk.engine->nudge();
        s.pass(2min);
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Clerk");
        s.pass(4min);
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    }
    SECTION("leaving ends it")
    {
        s.desk.engine->leave();
        s.pass(1h);
        CHECK(s.requests() == started);
    }
}

TEST_CASE("Destroying the engine in the middle of anything is safe and writes nothing", "[engine]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.all(Fault::hang);
    CHECK_FALSE(s.desk.try_cycle());
    const auto onlooker = localstore::Store::open(s.desk.store_options());
    REQUIRE(onlooker);
    const auto version = (*onlooker)->data_version();
    const auto changes = s.desk.store->changes({})->size();
    s.desk.kill();
    CHECK(*(*onlooker)->data_version() == *version);
    CHECK(s.desk.store->changes({})->size() == changes);
    s.none();
    s.desk.revive();
    s.desk.sync();
    s.desk.check_equal();
}

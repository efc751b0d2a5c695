#include "engine/copied.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;
using namespace std::chrono_literals;

namespace {

Fields job(const std::string& title)
{
    return {{"jobtitle", title}};
}

bool is_batch_with(const http::Request& request, std::string_view operation)
{
    return request.url.find("$batch") != std::string::npos &&
           request.body.find(operation) != std::string::npos;
}

/// A batch answer in which every operation has this answer.
http::Answer all_parts(const http::Request& request, std::string_view status_line, std::string_view json,
                       std::string_view header = {})
{
    http::Answer answer{200, {{"Content-Type", "multipart/mixed; boundary=b"}}, {}};
    for (std::size_t at = request.body.find(" HTTP/1.1"); at != std::string::npos;
         at = request.body.find(" HTTP/1.1", at + 1)) {
        answer.body += "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n";
        answer.body += "HTTP/1.1 " + std::string(status_line) + "\r\nContent-Type: application/json\r\n" +
                       std::string(header) + "\r\n" + std::string(json) + "\r\n";
    }
    answer.body += "--b--\r\n";
    return answer;
}

constexpr std::string_view fault_json =
    R"({"error":{"code":"0x80040216","message":"An unexpected error occurred."}})";

struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk;

    explicit Setting(int contacts = 3, SynchronizerOptions options = {}, std::size_t text = 0)
        : desk(office, clock, "ada", std::move(options))
    {
        for (int i = 1; i <= contacts; ++i)
            office.put("contacts", guid(i),
                       R"({"lastname":"Number )" + std::to_string(i) + R"(","description":")" +
                           std::string(text, 'x') + R"("})");
        desk.choose({{"contact", ""}});
        desk.sync();
        office.log.clear();
    }

    void edit_all(int contacts)
    {
        for (int i = 1; i <= contacts; ++i) desk.edit("contact", guid(i), job("Buyer"));
    }
    void become_a_copy()
    {
        Desk::check(engine::begin_as_copy(*desk.store, Guid::make(*desk.random), clock->now()));
    }
    void set(std::string_view name, std::string_view value)
    {
        Desk::check(office.organization->set_setting(name, value));
    }
    localstore::QueueFigures queue() const { return *desk.store->queue_figures(); }
    std::size_t requests() const { return desk.exchange->seen.size(); }
    int buyers(int contacts)
    {
        int count = 0;
        for (int i = 1; i <= contacts; ++i)
            if (office.value("contacts", guid(i), "jobtitle") == "Buyer") ++count;
        return count;
    }
};

} // namespace

TEST_CASE("A batch that is too large for the organization goes in halves; only a single change is refused",
          "[engine][push]")
{
    Setting s(60);
    s.set("max_request_body", "60000");
    for (int i = 1; i <= 60; ++i)
        s.desk.edit("contact", guid(i), {{"description", std::string(i == 7 ? 70'000 : 1'600, 'y')}});
    const CycleReport report = s.desk.sync();
    CHECK(report.pushed == 59);
    CHECK(report.refused == 1);
    CHECK(s.queue().parked == 1);
    CHECK(s.queue().live() == 1);
}

TEST_CASE("A batch that is refused as a whole goes in halves", "[engine][push][I6]")
{
    Setting s(60);
    s.set("max_batch_operations", "40");
    s.edit_all(60);
    const CycleReport report = s.desk.sync();
    CHECK(report.pushed == 60);
    CHECK(s.buyers(60) == 60);
    s.desk.check_equal();
}

TEST_CASE("Something on the way that blocks large batches is got past without any change twice",
          "[engine][push][I2]")
{
    Setting s(20);
    const auto blocked = [](const http::Request& request) {
        return is_batch_with(request, "PATCH ") && request.body.size() > 2'000;
    };
    s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
        return blocked(request) ? Fault::portal : Fault::none;
    };
    s.desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (blocked(request)) answer = {403, {{"Content-Type", "text/html"}}, "<html>Blocked</html>"};
    };
    s.edit_all(20);
    s.desk.sync();
    CHECK(s.buyers(20) == 20);
    for (int i = 1; i <= 20; ++i) CHECK(s.office.effects(guid(i), "PATCH") == 1);
    s.desk.check_equal();
}

TEST_CASE("Answers larger than the limit neither stop the push nor its recovery", "[engine][push][I4]")
{
    Setting s(75, {}, 1'900);
    s.desk.options.page_bytes = 10'000;
    s.desk.options.page_bytes_most = 60'000;
    s.desk.reboot();
    s.edit_all(75);

    SECTION("in a push") {}
    SECTION("when answers were lost")
    {
        s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
            return is_batch_with(request, "PATCH ") && !std::exchange(lost, true) ? Fault::drop_answer
                                                                                  : Fault::none;
        };
    }
    for (int i = 0; i < 2 && s.queue().live() > 0; ++i) (void)s.desk.cycle();
    CHECK(s.buyers(75) == 75);
    for (int i = 1; i <= 75; ++i) CHECK(s.office.effects(guid(i), "PATCH") == 1);
    s.desk.check_equal();
    for (int i = 1; i <= 75; ++i) s.office.put("contacts", guid(i), R"({"jobtitle":"Clerk"})");
    const auto plan = s.desk.run<Plan>([](engine::Engine& one) { return one.plan({}); });
    REQUIRE(plan);
    CHECK(plan->lines.size() == 75);
}

TEST_CASE("A recovery that fails does not stop the rest of the push, and is reported", "[engine][push][I4]")
{
    Setting s(2);
    s.desk.edit("contact", guid(1), job("Buyer"));
    s.desk.exchange->script = [](std::size_t, const http::Request& request) {
        return is_batch_with(request, "PATCH ") ? Fault::drop_answer : Fault::none;
    };
    s.desk.exchange->alter = [](const http::Request& request, http::Answer& answer) {
        if (is_batch_with(request, "GET ") && request.body.find(guid(1).text()) != std::string::npos)
            answer = {500, {{"Content-Type", "application/json"}}, std::string(fault_json)};
    };
    CHECK_FALSE(s.desk.cycle());
    s.desk.exchange->script = nullptr;
    s.desk.edit("contact", guid(2), job("Buyer"));
    const auto report = s.desk.cycle();
    REQUIRE_FALSE(report);
    CHECK(report.error().kind == ErrorKind::retry);
    CHECK(s.buyers(2) == 2);
    CHECK(s.queue().live() == 1);
    s.desk.exchange->alter = nullptr;
    s.desk.sync();
    CHECK(s.office.effects(guid(1), "PATCH") == 1);
    s.desk.check_equal();
}

TEST_CASE("A 429 in one part of a batch holds back everything, also in later processes", "[engine][push]")
{
    Setting s;
    s.edit_all(3);
    std::size_t writes = 0;
    s.desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (!is_batch_with(request, "PATCH ")) return;
        ++writes;
        answer = all_parts(request, "429 Too Many Requests",
                           R"({"error":{"code":"0x80072322","message":"Number of requests exceeded"}})",
                           "Retry-After: 300\r\n");
    };
    s.desk.exchange->script = [](std::size_t, const http::Request& request) {
        // The parts were not carried out.
        return is_batch_with(request, "PATCH ") ? Fault::portal : Fault::none;
    };
    const auto throttled = s.desk.cycle();
    REQUIRE_FALSE(throttled);
    CHECK(throttled.error().code == "server.throttled");
    CHECK(throttled.error().retry_after == 300s);
    CHECK(writes == 1);
    const auto decisions = s.desk.store->decisions({});
    REQUIRE(decisions);
    REQUIRE_FALSE(decisions->empty());
    for (const localstore::Decision& decision : *decisions) {
        CHECK(decision.rule == "retry");
        CHECK(decision.sentence.find("did not take the change now (Number of requests exceeded)") !=
              std::string::npos);
    }

    const std::size_t before = s.requests();
    s.desk.reboot();
    const auto held = s.desk.cycle();
    REQUIRE_FALSE(held);
    CHECK(held.error().code == "server.throttled");
    CHECK(s.requests() == before);

    s.desk.exchange->alter = nullptr;
    s.desk.exchange->script = nullptr;
    SECTION("until the time is over")
    {
        s.clock->pass(301s);
    }
    SECTION("a moment that was written under another clock counts for nothing")
    {
        s.clock->jump(-std::chrono::hours{24 * 365});
        s.desk.reboot();
    }
    s.desk.sync();
    CHECK(s.buyers(3) == 3);
}

TEST_CASE("A change that is outdated and whose record cannot be read is tried a bounded number of times",
          "[engine][push][I4]")
{
    Setting s(2);
    s.edit_all(2);
    std::string_view reading;
    SECTION("access is refused")
    {
        reading = R"({"error":{"code":"0x80040220","message":"missing prvReadContact privilege"}})";
    }
    SECTION("the read fails")
    {
        reading = fault_json;
    }
    s.desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (is_batch_with(request, "PATCH "))
            answer = all_parts(
                request, "412 Precondition Failed",
                R"({"error":{"code":"0x80060882","message":"The version of the existing record doesn't match"}})");
        else if (is_batch_with(request, "contacts("))
            answer = all_parts(request, reading == fault_json ? "500 Internal Server Error" : "403 Forbidden",
                               reading);
    };
    s.desk.exchange->script = [](std::size_t, const http::Request& request) {
        return is_batch_with(request, "PATCH ") ? Fault::portal : Fault::none;
    };
    const std::size_t before = s.requests();
    (void)s.desk.cycle();
    CHECK(s.requests() - before <= 14);
    const auto waiting = s.desk.store->changes({});
    REQUIRE(waiting->size() == 2);
    for (const localstore::Change& change : *waiting) {
        // Nobody can tell before it was read whether the organization has it already.
        CHECK((change.state == localstore::ChangeState::in_flight) == (reading == fault_json));
        const bool rests = change.waits_for.find("outdated") != std::string::npos && change.next_attempt;
        CHECK(rests == (reading != fault_json));
    }
    s.desk.exchange->alter = nullptr;
    s.desk.exchange->script = nullptr;
    s.clock->pass(std::chrono::minutes{6});
    s.desk.sync();
    CHECK(s.buyers(2) == 2);
}

TEST_CASE("A waiting moment of another clock is no reason to wait, and somebody who asks waits for none",
          "[engine][push][I4]")
{
    Setting s(1);
    s.edit_all(1);
    engine::CycleRequest request;
    std::chrono::seconds ahead{};
    SECTION("years ahead, by itself")
    {
        ahead = std::chrono::hours{24 * 365 * 5};
        request.reason = engine::Reason::timer;
    }
    SECTION("minutes ahead, asked")
    {
        ahead = 4min;
    }
    Desk::check(s.desk.store->transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            return transaction.queue.wait(s.desk.store->changes({})->front().sequence, "x",
                                          s.clock->now() + ahead);
        }));
    REQUIRE(s.desk.cycle(request));
    CHECK(s.buyers(1) == 1);
}

TEST_CASE("A foreign token is not kept after it was refused", "[engine][courier][I8]")
{
    Setting s(1);
    const std::string own = s.desk.tokens->token;
    s.desk.tokens->token = s.office.token("bob");
    s.desk.reboot();
    const auto refused = s.desk.cycle();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "engine.other_user");
    s.desk.tokens->token = own;
    CHECK(s.desk.cycle());
}

TEST_CASE("Cycles go on by themselves after operations that overlap them", "[engine][schedule][I4]")
{
    SynchronizerOptions options;
    options.interval = 1s;
    Setting s(1, options);
    int cycles = 0;
    s.desk.options.cycle_finished = [&](const CycleReport&) { ++cycles; };
    s.desk.reboot();
    s.desk.engine->run_in_background();
    const auto pass = [&](std::chrono::milliseconds time) {
        const auto until = s.clock->elapsed() + time;
        for (int i = 0; i < 100'000; ++i) {
            if (s.desk.context.poll() > 0) continue;
            if (s.clock->elapsed() >= until) break;
            s.clock->pass(std::min<std::chrono::milliseconds>(until - s.clock->elapsed(), 100ms));
        }
    };
    pass(3s);
    CHECK(cycles >= 3);
    // The answers take longer than the interval, so that a cycle comes due meanwhile.
    engine::Loop loop(s.desk.context, s.clock);
    std::function<engine::Task<void>()> overlapping;
    SECTION("verify")
    {
        overlapping = [&]() -> engine::Task<void> {
            auto verifying = s.desk.engine->verify();
            (void)co_await std::move(verifying);
        };
    }
    SECTION("plan")
    {
        overlapping = [&]() -> engine::Task<void> {
            auto planning = s.desk.engine->plan({});
            (void)co_await std::move(planning);
        };
    }
    SECTION("connect")
    {
        overlapping = [&]() -> engine::Task<void> {
            auto connecting = s.desk.engine->connect();
            (void)co_await std::move(connecting);
        };
    }
    bool slow = true;
    s.desk.exchange->alter = [&](const http::Request&, http::Answer& answer) {
        if (std::exchange(slow, false))
            answer = {429, {{"Content-Type", "application/json"}, {"Retry-After", "10"}}, "{}"};
    };
    loop.start(overlapping);
    pass(15s);
    cycles = 0;
    pass(10s);
    CHECK(cycles >= 5);
}

TEST_CASE("The changes of a record that went out of reach wait with that reason", "[engine][push][I10]")
{
    const auto clock = monday();
    Office office(*clock);
    office.put("contacts", guid(1), R"({"lastname":"Doe","jobtitle":"Clerk"})");
    Desk desk(office, clock);
    desk.choose({{"contact", "jobtitle eq 'Clerk'"}});
    desk.sync();
    desk.edit("contact", guid(1), {{"telephone1", std::string("555 0100")}});
    office.put("contacts", guid(1), R"({"jobtitle":"Buyer"})");
    desk.sync();
    CHECK(office.value("contacts", guid(1), "telephone1").empty());
    const auto waiting = desk.store->changes({});
    REQUIRE(waiting->size() == 1);
    CHECK(waiting->front().state == localstore::ChangeState::held);
    CHECK(waiting->front().waits_for.find("scope") != std::string::npos);
}

TEST_CASE("A copied replica sends nothing, not even new edits, before every table was compared",
          "[engine][push][I2]")
{
    SynchronizerOptions options;
    options.page_bytes = 4'000;
    Setting s(40, options);
    s.become_a_copy();
    s.edit_all(2);
    bool wrote = false;
    bool wrote_early = false;
    s.desk.exchange->after = [&](std::size_t) { s.desk.engine->nudge(); };
    s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (is_batch_with(request, "PATCH ")) wrote = true;
        if (request.url.find("/contacts?") != std::string::npos && wrote) wrote_early = true;
        return Fault::none;
    };
    s.desk.sync();
    CHECK(wrote);
    CHECK_FALSE(wrote_early);

    SECTION("a table that cannot be compared holds it all back")
    {
        s.become_a_copy();
        s.desk.edit("contact", guid(3), job("Buyer"));
        s.desk.exchange->alter = [](const http::Request& request, http::Answer& answer) {
            if (request.url.find("/contacts?") != std::string::npos)
                answer = {500, {{"Content-Type", "application/json"}}, std::string(fault_json)};
        };
        CHECK_FALSE(s.desk.cycle());
        CHECK(s.buyers(3) == 2);
    }
}

TEST_CASE("A 429 in one part of the question what changed holds back everything", "[engine][pull]")
{
    Setting s;
    s.desk.choose({{"account", ""}});
    s.desk.sync();
    const std::size_t before = s.requests();
    s.desk.exchange->alter = [](const http::Request& request, http::Answer& answer) {
        answer = all_parts(request, "429 Too Many Requests",
                           R"({"error":{"code":"0x80072322","message":"Number of requests exceeded"}})",
                           "Retry-After: 300\r\n");
    };
    const auto throttled = s.desk.cycle();
    REQUIRE_FALSE(throttled);
    CHECK(throttled.error().code == "server.throttled");
    CHECK(s.requests() - before == 1);
    CHECK_FALSE(s.desk.cycle());
    CHECK(s.requests() - before == 1);
}

TEST_CASE("A 429 in one part of a look at what seems to be gone holds back everything", "[engine][pull]")
{
    Setting s;
    s.office.erase("contacts", guid(3));
    s.desk.exchange->alter = [](const http::Request& request, http::Answer& answer) {
        if (!is_batch_with(request, guid(3).text())) return;
        answer = all_parts(request, "429 Too Many Requests",
                           R"({"error":{"code":"0x80072322","message":"Number of requests exceeded"}})",
                           "Retry-After: 300\r\n");
    };
    engine::CycleRequest whole;
    whole.extent = engine::Puller::Extent::full;
    const auto throttled = s.desk.cycle(whole);
    REQUIRE_FALSE(throttled);
    CHECK(throttled.error().code == "server.throttled");
    CHECK(throttled.error().retry_after == 300s);
    const std::size_t before = s.requests();
    CHECK_FALSE(s.desk.cycle());
    CHECK(s.requests() == before);
    s.desk.exchange->alter = nullptr;
    s.clock->pass(301s);
    s.desk.sync();
    CHECK_FALSE(s.desk.has("contact", guid(3)));
    s.desk.check_equal();
}

TEST_CASE("A 429 in one part of the reading of participants holds back everything", "[engine][pull]")
{
    Setting s;
    s.office.put("appointments", guid(30),
                 R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                 R"("scheduledend":"2026-11-03T11:00:00Z"})");
    s.desk.choose({{"appointment", ""}});
    bool asked = false;
    s.desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (!is_batch_with(request, "activityparties")) return;
        asked = true;
        answer = all_parts(request, "429 Too Many Requests",
                           R"({"error":{"code":"0x80072322","message":"Number of requests exceeded"}})",
                           "Retry-After: 300\r\n");
    };
    const auto throttled = s.desk.cycle();
    REQUIRE(asked);
    REQUIRE_FALSE(throttled);
    CHECK(throttled.error().code == "server.throttled");
    const std::size_t before = s.requests();
    CHECK_FALSE(s.desk.cycle());
    CHECK(s.requests() == before);
}

TEST_CASE("A 429 in one part of a second look at activities without participants holds back everything",
          "[engine][pull]")
{
    Setting s;
    s.office.put("appointments", guid(30),
                 R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                 R"("scheduledend":"2026-11-03T11:00:00Z"})");
    s.desk.choose({{"appointment", ""}});
    bool asked = false;
    s.desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        const bool looks = is_batch_with(request, "appointments(" + guid(30).text()) &&
                           !is_batch_with(request, "activityparties");
        if (!looks) return;
        asked = true;
        answer = all_parts(request, "429 Too Many Requests",
                           R"({"error":{"code":"0x80072322","message":"Number of requests exceeded"}})",
                           "Retry-After: 300\r\n");
    };
    const auto throttled = s.desk.cycle();
    REQUIRE(asked);
    REQUIRE_FALSE(throttled);
    CHECK(throttled.error().code == "server.throttled");
    const std::size_t before = s.requests();
    CHECK_FALSE(s.desk.cycle());
    CHECK(s.requests() == before);
}

TEST_CASE("What the organization deletes or empties along with our deletion is here after the same cycle",
          "[engine][push]")
{
    const std::string user = GENERATE("ada", "bob");
    const auto clock = monday();
    Office office(*clock);
    const auto put = [&](const std::string& path, const std::string& json) {
        const server::Answer made = office.ask("PATCH", path, json, {}, user);
        INFO(made.body);
        REQUIRE(made.status / 100 == 2);
    };
    const std::string account = guid(900).text();
    const std::string bound = "@odata.bind\":\"/accounts(" + account + ")\"}";
    put("accounts(" + account + ")", R"({"name":"Fabrikam"})");
    for (int i = 1; i <= 3; ++i)
        put("contacts(" + guid(i).text() + ")", R"({"lastname":"Doe","parentcustomerid_account)" + bound);
    for (int i = 11; i <= 13; ++i)
        put("tasks(" + guid(i).text() + ")", R"({"subject":"Call","regardingobjectid_account_task)" + bound);
    Desk desk(office, clock, user);
    desk.choose({{"account", ""}, {"contact", ""}, {"task", ""}});
    desk.sync();
    REQUIRE(count(desk, "task") == 3);

    desk.erase("account", guid(900));
    CHECK(desk.sync().pushed == 1);
    CHECK_FALSE(office.has("accounts", guid(900)));
    desk.check_equal();
    const std::size_t before = desk.exchange->seen.size();
    desk.sync();
    CHECK(desk.exchange->seen.size() - before == 1);
}

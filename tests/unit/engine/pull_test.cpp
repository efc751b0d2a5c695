#include "engine/status.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

localstore::Scope scope(const Desk& desk, std::string_view table = "contact")
{
    const auto all = desk.store->scopes();
    for (const localstore::Scope& one : *all)
        if (one.table == table) return one;
    return {};
}

engine::CycleRequest whole()
{
    engine::CycleRequest request;
    request.extent = engine::Puller::Extent::full;
    return request;
}

} // namespace

TEST_CASE("A cycle with nothing changed over ten delta tables is one round trip and leaves no row",
          "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 3);
    Desk desk(office, clock);
    desk.choose({{"account", ""},
                 {"contact", ""},
                 {"lead", ""},
                 {"opportunity", ""},
                 {"incident", ""},
                 {"appointment", ""},
                 {"task", ""},
                 {"phonecall", ""},
                 {"email", ""},
                 {"annotation", ""}});
    desk.sync();
    desk.sync();
    const std::size_t cycles = desk.store->cycles({}, 100)->size();
    for (int i = 0; i < 3; ++i) {
        const std::size_t before = desk.exchange->seen.size();
        clock->pass(std::chrono::minutes{15});
        desk.sync();
        CHECK(desk.exchange->seen.size() - before == 1);
    }
    const auto rows = desk.store->cycles({}, 100);
    CHECK(rows->size() <= cycles + 1);
    CHECK(rows->front().repeats >= 3);
}

TEST_CASE("A user without organization-wide read is pulled by filter, and the reason is kept",
          "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    Desk desk(office, clock, "bob");
    const auto bobs = [&](int number, const std::string& json) {
        const server::Answer made =
            office.ask("PATCH", "contacts(" + guid(number).text() + ")", json, {}, "bob");
        INFO(made.body);
        REQUIRE(made.status / 100 == 2);
    };
    for (int i = 1; i <= 5; ++i) bobs(i, person(i));
    desk.choose({{"contact", ""}});
    CHECK(desk.sync().pulled == 5);
    CHECK(scope(desk).mode == "filter");
    CHECK(scope(desk).reason.find("organization-wide read (prvReadContact)") != std::string::npos);
    desk.check_equal();

    SECTION("later changes come by the watermark")
    {
        bobs(2, R"({"jobtitle":"Buyer"})");
        bobs(6, person(6));
        CHECK(desk.sync().pulled == 2);
        CHECK(desk.text("contact", guid(2), "jobtitle") == "Buyer");
        desk.check_equal();
    }
    SECTION("an edit here is pushed and comes back as an echo")
    {
        desk.edit("contact", guid(2), {{"jobtitle", std::string("Buyer")}});
        CHECK(desk.sync().pushed == 1);
        CHECK(desk.sync().pulled == 0);
        desk.check_equal();
    }
    SECTION("a deletion is found by the sweep and confirmed by a read")
    {
        REQUIRE(office.ask("DELETE", "contacts(" + guid(3).text() + ")", {}, {}, "bob").status == 204);
        desk.sync();
        CHECK(desk.has("contact", guid(3)));
        clock->pass(std::chrono::hours{25});
        CHECK(desk.sync().removed == 1);
        CHECK_FALSE(desk.has("contact", guid(3)));
        desk.check_equal();
    }
    SECTION("delta is tried again after a day, and used once the user may")
    {
        REQUIRE(office.organization->set_depth("bob", server::Depth::global));
        desk.sync();
        CHECK(scope(desk).mode == "filter");
        clock->pass(std::chrono::hours{25});
        desk.sync();
        CHECK(scope(desk).mode == "delta");
        desk.check_equal();
    }
}

TEST_CASE("A row that leaves the filter leaves the replica and is not deleted anywhere", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock, {"ada", "bob:basic"});
    for (int i = 1; i <= 4; ++i) office.put("contacts", guid(i), R"({"lastname":"Doe","jobtitle":"Buyer"})");
    office.put("contacts", guid(5), R"({"lastname":"Doe","jobtitle":"Clerk"})");

    for (const char* const user : {"ada", "bob"}) {
        INFO(user);
        if (std::string_view(user) == "bob") REQUIRE(office.organization->set_setting("loaded_owner", ""));
        Desk desk(office, clock, user);
        desk.choose({{"contact", "jobtitle eq 'Buyer'"}});
        if (std::string_view(user) == "bob") {
            // Rows made by ada are not bob's to read: nothing is aboard, and nothing goes wrong.
            desk.sync();
            CHECK(count(desk) == 0);
            continue;
        }
        desk.sync();
        CHECK(count(desk) == 4);
        office.put("contacts", guid(1), R"({"jobtitle":"Clerk"})");
        office.put("contacts", guid(5), R"({"jobtitle":"Buyer"})");
        desk.sync();
        CHECK_FALSE(desk.has("contact", guid(1)));
        CHECK(desk.has("contact", guid(5)));
        CHECK(office.has("contacts", guid(1)));
        desk.check_equal();
    }
}

TEST_CASE("A pull that was killed goes on at its page", "[engine][pull][I5]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 40);
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}});
    std::size_t pages = 0;
    desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (request.url.find("/contacts?") == std::string::npos) return Fault::none;
        return ++pages == 4 ? Fault::hang : Fault::none;
    };
    CHECK_FALSE(desk.try_cycle());
    const std::size_t aboard = count(desk);
    CHECK(aboard > 0);
    CHECK(aboard < 40);
    desk.reboot();
    pages = 100;
    CHECK(desk.sync().pulled == 40 - aboard);
    CHECK(count(desk) == 40);
    desk.check_equal();
}

TEST_CASE("A record that changes during a round of many pages has not left the scope for that",
          "[engine][pull][I4]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 40);
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", "statecode eq 0"}});
    desk.sync();
    REQUIRE(count(desk) == 40);
    desk.edit("contact", guid(39), {{"jobtitle", std::string("Buyer")}});
    std::size_t pages = 0;
    desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (request.url.find("/contacts?") == std::string::npos) return Fault::none;
        // Behind the end of what the round began with; one of the three really leaves.
        if (++pages == 3) {
            office.put("contacts", guid(38), R"({"firstname":"Grace"})");
            office.put("contacts", guid(39), R"({"firstname":"Grace"})");
            office.put("contacts", guid(40), R"({"statecode":1,"statuscode":2})");
        }
        return Fault::none;
    };
    const auto report = desk.cycle(whole());
    REQUIRE(report);
    CHECK(pages > 3);
    CHECK(desk.has("contact", guid(38)));
    CHECK(desk.has("contact", guid(39)));
    CHECK_FALSE(desk.has("contact", guid(40)));
    CHECK(desk.store->queue_figures()->held == 0);
    desk.sync();
    CHECK(office.value("contacts", guid(39), "jobtitle") == "Buyer");
    CHECK(desk.text("contact", guid(39), "firstname") == "Grace");
    CHECK(desk.text("contact", guid(38), "firstname") == "Grace");
    desk.check_equal();
}

TEST_CASE("A refused resume link restarts the round", "[engine][pull][I5]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 40);
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}});
    std::size_t pages = 0;
    desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (request.url.find("/contacts?") == std::string::npos) return Fault::none;
        return ++pages == 4 ? Fault::hang : Fault::none;
    };
    CHECK_FALSE(desk.try_cycle());
    desk.reboot();
    bool refused = false;
    desk.exchange->script = nullptr;
    desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (refused || request.url.find("/contacts?") == std::string::npos) return;
        refused = true;
        answer = {400,
                  {{"Content-Type", "application/json"}},
                  R"({"error":{"code":"0x80040203","message":"Invalid skip token"}})"};
    };
    desk.sync();
    CHECK(refused);
    CHECK(count(desk) == 40);
    desk.check_equal();
}

TEST_CASE("An expired token pulls the table again and loses no edit, however the organization says it",
          "[engine][pull][I9]")
{
    for (const char* const way : {"error", "full"}) {
        INFO(way);
        const auto clock = monday();
        Office office(*clock);
        REQUIRE(office.organization->set_setting("expired_token", way));
        fill(office, 1, 10);
        Desk desk(office, clock);
        desk.choose({{"contact", ""}});
        desk.sync();
        desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
        office.erase("contacts", guid(2));
        office.put("contacts", guid(3), R"({"jobtitle":"Manager"})");
        clock->pass(std::chrono::hours{24 * 40});
        desk.sync();
        desk.sync();
        CHECK(office.value("contacts", guid(1), "jobtitle") == "Buyer");
        CHECK_FALSE(desk.has("contact", guid(2)));
        CHECK(desk.text("contact", guid(3), "jobtitle") == "Manager");
        desk.check_equal();
    }
}

TEST_CASE("A full pull keeps pending edits and finds what vanished", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 5);
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    office.erase("contacts", guid(2));
    const auto report = desk.cycle(whole());
    REQUIRE(report);
    CHECK(office.value("contacts", guid(1), "jobtitle") == "Buyer");
    CHECK_FALSE(desk.has("contact", guid(2)));
    desk.check_equal();
}

TEST_CASE("A mass change there stops and asks; the user's own edits still go", "[engine][pull][I9]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 80);
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    for (int i = 1; i <= 60; ++i) office.erase("contacts", guid(i));
    desk.edit("contact", guid(70), {{"jobtitle", std::string("Buyer")}});

    SECTION("nobody answers: nothing goes")
    {
        const auto report = desk.cycle();
        REQUIRE_FALSE(report);
        CHECK(report.error().code == "engine.mass_change");
        CHECK(count(desk) == 80);
        CHECK(office.value("contacts", guid(70), "jobtitle") == "Buyer");
        CHECK_FALSE(desk.cycle());
        CHECK(count(desk) == 80);
    }
    SECTION("somebody says yes")
    {
        std::vector<MassChange> asked;
        desk.options.ask_mass_change = [&](const MassChange& change, std::function<void(bool)> answer) {
            asked.push_back(change);
            answer(true);
        };
        desk.reboot();
        desk.sync();
        REQUIRE(asked.size() == 1);
        CHECK(asked[0].table == "contact");
        CHECK(asked[0].affected == 60);
        CHECK_FALSE(asked[0].outgoing);
        CHECK(count(desk) == 20);
        desk.check_equal();
    }
}

TEST_CASE("Mass deletion from here waits for a word; everything else goes", "[engine]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 80);
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    for (int i = 1; i <= 60; ++i) desk.erase("contact", guid(i));
    desk.edit("contact", guid(70), {{"jobtitle", std::string("Buyer")}});

    const auto report = desk.cycle();
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "engine.mass_change");
    CHECK(report.error().message.starts_with("60 of 80 records of contact"));
    CHECK(report.error().message.find("hawser sync --yes") != std::string::npos);
    CHECK(office.has("contacts", guid(1)));
    CHECK(office.value("contacts", guid(70), "jobtitle") == "Buyer");

    const auto held = desk.store->changes({});
    REQUIRE(held);
    REQUIRE(held->size() == 60);
    CHECK(held->front().waits_for == report.error().message);
    CHECK_FALSE(desk.cycle());

    desk.options.ask_mass_change = [](const MassChange& change, std::function<void(bool)> answer) {
        CHECK(change.of == 80);
        answer(true);
    };
    desk.reboot();
    desk.sync();
    CHECK_FALSE(office.has("contacts", guid(1)));
    desk.check_equal();
}

TEST_CASE("An emptied answer deletes nothing", "[engine][pull][I9]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 10);
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        // A full set that forgets every row.
        if (request.url.find("/contacts?") == std::string::npos || answer.status != 200) return;
        const auto from = answer.body.find("\"value\":[");
        const auto to = answer.body.rfind(']');
        if (from != std::string::npos) answer.body.erase(from + 9, to - from - 9);
    };
    const auto report = desk.cycle(whole());
    REQUIRE(report);
    desk.exchange->alter = nullptr;
    // The rows are there when they are looked at: they are out of what the organization calls the
    // table's scope, and come back with the next whole pull.
    REQUIRE(desk.cycle(whole()));
    CHECK(count(desk) == 10);
    desk.check_equal();
}

TEST_CASE("Hostile pages stop the cycle cleanly and change nothing", "[engine][hostile]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 40);
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}});
    const auto contacts = [](const http::Request& request) {
        return request.url.find("/contacts?") != std::string::npos;
    };
    std::string code;
    const auto fails_with = [&](std::function<void(http::Answer&)> hostile) {
        desk.exchange->alter = [&, hostile](const http::Request& request, http::Answer& answer) {
            if (contacts(request)) hostile(answer);
        };
        const auto report = desk.cycle();
        REQUIRE_FALSE(report);
        code = report.error().code;
        for (const auto& seen : desk.exchange->seen) CHECK(seen.target.starts_with("/api/data/v9.2/"));
    };
    const auto link = [](http::Answer& answer, const std::string& to) {
        const auto at = answer.body.find("\"@odata.nextLink\":\"");
        REQUIRE(at != std::string::npos);
        const auto begin = at + 19;
        answer.body.replace(begin, answer.body.find('"', begin) - begin, to);
    };

    SECTION("no JSON")
    {
        fails_with([](http::Answer& answer) { answer.body = "{\"value\":[{\"contactid\":"; });
        CHECK(code == "server.bad_answer");
        CHECK(count(desk) == 0);
    }
    SECTION("a row that goes wrong in the middle of a page")
    {
        fails_with([](http::Answer& answer) {
            const auto at = answer.body.find("\"lastname\"", answer.body.size() / 2);
            answer.body.insert(at, "\x01");
        });
        CHECK(count(desk) == 0);
    }
    SECTION("a link to another host")
    {
        fails_with([&](http::Answer& answer) {
            link(answer, "http://evil.example/api/data/v9.2/contacts?$skiptoken=1");
        });
        CHECK(code == "odata.foreign_link");
    }
    SECTION("pages that lead in a circle")
    {
        std::string first;
        fails_with([&](http::Answer& answer) {
            const auto at = answer.body.find("\"@odata.nextLink\":\"") + 19;
            if (first.empty())
                first = answer.body.substr(at, answer.body.find('"', at) - at);
            else if (answer.body.find("\"@odata.nextLink\":\"") != std::string::npos)
                link(answer, first);
        });
        CHECK(code == "server.bad_answer");
    }
    SECTION("a redirect")
    {
        fails_with([](http::Answer& answer) { answer = {302, {{"Location", "http://evil.example/"}}, ""}; });
    }
    desk.exchange->alter = nullptr;
    desk.sync();
    CHECK(count(desk) == 40);
    desk.check_equal();
}

TEST_CASE("A scope may choose records by their ids", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 5);
    Desk desk(office, clock);
    desk.choose({{"contact", "contactid in (" + guid(2).text() + "," + guid(4).text() + ")"}});
    desk.sync();
    CHECK(count(desk) == 2);
    office.put("contacts", guid(4), R"({"jobtitle":"Boss"})");
    office.put("contacts", guid(5), R"({"jobtitle":"Boss"})");
    desk.sync();
    CHECK(count(desk) == 2);
    CHECK(desk.text("contact", guid(4), "jobtitle") == "Boss");
    desk.check_equal();
}

TEST_CASE("Empty pages that lead on and on are not followed for ever", "[engine][hostile]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 4);
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    int pages = 0;
    desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (request.url.find("/contacts?") == std::string::npos) return;
        const std::string link =
            "http://127.0.0.1:1/api/data/v9.2/contacts?$skiptoken=" + std::to_string(++pages);
        answer = {
            200, {{"Content-Type", "application/json"}}, R"({"value":[],"@odata.nextLink":")" + link + "\"}"};
    };
    const auto report = desk.cycle();
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "server.bad_answer");
    CHECK(pages < 1'000);
    desk.exchange->alter = nullptr;
    desk.sync();
    CHECK(count(desk) == 4);
    desk.check_equal();
}

TEST_CASE("A page over the limit is asked for in halves", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 40);
    SynchronizerOptions options;
    options.page_bytes_most = 30'000;
    options.page_bytes = 1u << 20;
    Desk desk(office, clock, "ada", options);
    desk.choose({{"contact", ""}});
    desk.sync();
    CHECK(count(desk) == 40);
    desk.check_equal();
}

TEST_CASE(
    "A restored organization is compared anew: nothing is deleted, what it lacks is queued again as held",
    "[engine][pull]")
{
    const auto clock = monday();
    KeptOffice office(*clock);
    fill(*office, 1, 5);
    Desk desk(*office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    office.back_up();
    clock->pass(std::chrono::hours{2});
    desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    const Guid made = desk.create("contact", {{"lastname", std::string("New")}});
    desk.sync();
    fill(*office, 9, 9);
    desk.sync();
    REQUIRE(desk.store->queue_figures()->live() == 0);

    desk.kill();
    office.restore();
    desk.exchange = std::make_shared<OrganizationExchange>(*office->organization, *clock, *desk.random);
    desk.revive();
    const auto report = desk.cycle();
    if (!report) FAIL(report.error().message);
    CHECK(desk.text("contact", guid(1), "jobtitle") == "Buyer");
    CHECK(desk.text("contact", made, "lastname") == "New");
    CHECK(desk.has("contact", guid(9)));
    CHECK(office->value("contacts", guid(1), "jobtitle").empty());
    const auto queue = desk.store->changes({});
    REQUIRE(queue->size() == 2);
    for (const localstore::Change& change : *queue) {
        CHECK(change.state == localstore::ChangeState::held);
        REQUIRE(desk.store->release(change.sequence, {}));
    }
    desk.sync();
    CHECK(office->value("contacts", guid(1), "jobtitle") == "Buyer");
    CHECK(office->value("contacts", made, "lastname") == "New");
}

TEST_CASE("Edits made during a long pull go between its pages", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 60);
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}});
    int pages = 0;
    std::size_t pushed_after = 0;
    desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (request.url.find("/contacts?") != std::string::npos && ++pages == 3) {
            desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
            desk.engine->nudge();
        }
        if (request.body.find("Buyer") != std::string::npos && pushed_after == 0)
            pushed_after = static_cast<std::size_t>(pages);
        return Fault::none;
    };
    desk.sync();
    CHECK(pushed_after > 0);
    CHECK(pushed_after < static_cast<std::size_t>(pages));
    CHECK(office.value("contacts", guid(1), "jobtitle") == "Buyer");
    desk.check_equal();
}

TEST_CASE("A dry run tells what would happen and writes nothing anywhere", "[engine][plan]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 5);
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    desk.edit("contact", guid(2), {{"jobtitle", std::string("Buyer")}});
    desk.erase("contact", guid(3));
    office.put("contacts", guid(2), R"({"jobtitle":"Manager"})");
    office.put("contacts", guid(4), R"({"jobtitle":"Manager"})");
    office.erase("contacts", guid(5));
    office.log.clear();
    const auto onlooker = localstore::Store::open(desk.store_options());
    REQUIRE(onlooker);
    const auto version = (*onlooker)->data_version();
    const auto plan = desk.run<Plan>([](engine::Engine& one) { return one.plan({}); });
    REQUIRE(plan);
    std::map<std::string, std::string> actions;
    for (const Plan::Line& line : plan->lines) actions[line.record.id.text()] += line.action;
    CHECK(actions[guid(1).text()] == "update");
    CHECK(actions[guid(2).text()] == "conflict");
    CHECK(actions[guid(3).text()] == "delete");
    CHECK(actions[guid(4).text()] == "take");
    CHECK(actions[guid(5).text()] == "remove");
    CHECK(office.log.empty());
    CHECK(*(*onlooker)->data_version() == *version);
    CHECK(desk.store->queue_figures()->queued == 3);
    CHECK(desk.text("contact", guid(4), "jobtitle").empty());
}

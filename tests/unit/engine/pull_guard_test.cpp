#include "engine/mass_questions.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

std::function<void(const MassChange&, std::function<void(bool)>)> always(bool word)
{
    return [word](const MassChange&, std::function<void(bool)> answer) { answer(word); };
}

} // namespace

TEST_CASE("Nothing of a mass deletion is applied before somebody agrees, however many cycles pass",
          "[engine][pull][I9]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 200);
    office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}, {"account", ""}});
    desk.sync();
    for (int i = 1; i <= 150; ++i) office.erase("contacts", guid(i));
    office.put("accounts", guid(900), R"({"name":"Contoso"})");

    for (int i = 0; i < 6; ++i) {
        const auto report = desk.cycle();
        REQUIRE_FALSE(report);
        CHECK(report.error().code == "engine.mass_change");
        CHECK(report.error().message.starts_with("150 of 200 records of contact would be deleted here"));
        CHECK(count(desk) == 200);
        if (i == 2) desk.reboot();
        clock->pass(std::chrono::minutes{6});
    }
    CHECK(desk.text("account", guid(900), "name") == "Contoso");

    desk.options.ask_mass_change = always(true);
    desk.reboot();
    desk.sync();
    CHECK(count(desk) == 50);
    desk.check_equal();
}

TEST_CASE("A mass deletion is known to wait until a cycle that looked again finds none", "[engine][pull][I9]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 200);
    office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}, {"account", ""}});
    desk.sync();
    const auto waiting = [&] {
        return engine::parse_mass_questions(desk.store->setting(engine::mass_questions_setting));
    };
    const auto only = [](std::string table) {
        engine::CycleRequest request;
        request.tables.push_back(std::move(table));
        return request;
    };
    CHECK(waiting().empty());
    SECTION("made there")
    {
        for (int i = 1; i <= 150; ++i) office.erase("contacts", guid(i));
        CHECK_FALSE(desk.cycle());
        CHECK(waiting() == engine::MassQuestions{"contact"});
        CHECK(desk.cycle(only("account")));
        CHECK(waiting() == engine::MassQuestions{"contact"});
        desk.exchange->script = [](std::size_t, const http::Request&) { return Fault::unreachable; };
        CHECK_FALSE(desk.cycle());
        CHECK(waiting() == engine::MassQuestions{"contact"});
        desk.exchange->script = {};
        clock->jump(std::chrono::hours{1});
        desk.options.ask_mass_change = always(true);
        desk.reboot();
        CHECK(desk.cycle(only("contact")));
    }
    SECTION("made here")
    {
        for (int i = 1; i <= 150; ++i) desk.erase("contact", guid(i));
        CHECK_FALSE(desk.cycle());
        CHECK(waiting() == engine::MassQuestions{""});
        localstore::WriteContext by;
        by.now = clock->now();
        for (int i = 1; i <= 150; ++i) {
            const auto changes = desk.store->changes({});
            REQUIRE_FALSE(changes->empty());
            REQUIRE(desk.store->undo(changes->front().sequence, by));
        }
        CHECK(desk.cycle(only("account")));
    }
    CHECK(waiting().empty());
}

TEST_CASE("While a mass deletion waits for a word, everything else of its table goes on",
          "[engine][pull][I9]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 200);
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}});
    desk.sync();
    for (int i = 1; i <= 150; ++i) office.erase("contacts", guid(i));
    engine::CycleRequest request;
    SECTION("told by tombstones") {}
    SECTION("found by a whole pull")
    {
        request.extent = engine::Puller::Extent::full;
    }
    SECTION("found by a sweep")
    {
        clock->pass(std::chrono::hours{24 * 8});
    }
    const auto waits = [&](engine::CycleRequest asked) {
        const auto report = desk.cycle(std::move(asked));
        REQUIRE_FALSE(report);
        CHECK(report.error().code == "engine.mass_change");
    };
    waits(request);
    for (int i = 0; i < 3; ++i) {
        office.put("contacts", guid(180), R"({"jobtitle":"Clerk )" + std::to_string(i) + R"("})");
        fill(office, 300 + i, 300 + i);
        office.erase("contacts", guid(160 + i));
        if (i == 1) desk.reboot();
        clock->pass(std::chrono::minutes{15});
        waits({});
        CHECK(desk.text("contact", guid(180), "jobtitle") == "Clerk " + std::to_string(i));
        CHECK(desk.has("contact", guid(300 + i)));
        CHECK(desk.has("contact", guid(1)));
    }
    desk.options.ask_mass_change = always(true);
    desk.reboot();
    desk.sync();
    CHECK(count(desk) == 50);
    desk.check_equal();
}

TEST_CASE("A tombstone whose record came back in a later page of the round deletes nothing",
          "[engine][pull][I9]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 40);
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}});
    desk.sync();
    for (int i = 1; i <= 20; ++i) office.erase("contacts", guid(i));
    bool revived = false;
    desk.exchange->after = [&](std::size_t) {
        if (!std::exchange(revived, true)) fill(office, 1, 3);
    };
    desk.sync();
    desk.exchange->after = nullptr;
    desk.sync();
    CHECK(count(desk) == 23);
    desk.check_equal();
}

TEST_CASE("The deletion of a record that lives again deletes nothing where the round brings the record too",
          "[engine][pull][I9]")
{
    const auto clock = monday();
    Office office(*clock);
    (void)office.organization->set_setting("deletes_of_living", "true");
    fill(office, 1, 20);
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    SECTION("and a deletion here gives way to it")
    {
        desk.erase("contact", guid(1));
        office.erase("contacts", guid(1));
        office.put("contacts", guid(1), R"({"lastname":"Number 1","jobtitle":"Clerk"})");
    }
    SECTION("and had brought it before")
    {
        office.erase("contacts", guid(1));
        fill(office, 1, 1);
        for (int i = 2; i <= 16; ++i) office.erase("contacts", guid(i));
        desk.options.ask_mass_change = always(false);
        desk.options.mass_change_least = 4;
        desk.reboot();
        CHECK_FALSE(desk.cycle());
        desk.options.ask_mass_change = always(true);
        desk.reboot();
    }
    desk.sync();
    CHECK(desk.has("contact", guid(1)));
    desk.check_equal();
}

TEST_CASE("A table that cannot be pulled stops neither the others nor the pushes", "[engine][pull][I4]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 3);
    office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
    Desk desk(office, clock);
    desk.choose({{"account", ""}, {"task", ""}, {"contact", ""}});
    desk.sync();
    desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    desk.edit("task", desk.create("task", {{"subject", std::string("Call")}}), {});
    office.put("contacts", guid(2), R"({"jobtitle":"Clerk"})");
    desk.exchange->alter = [](const http::Request& request, http::Answer& answer) {
        const bool poll =
            request.url.find("$batch") != std::string::npos && request.body.find("GET ") != std::string::npos;
        if (poll || request.url.find("/tasks") != std::string::npos)
            answer = {500,
                      {{"Content-Type", "application/json"}},
                      R"({"error":{"code":"0x80040216","message":"An unexpected error occurred."}})"};
    };
    for (int i = 0; i < 2; ++i) {
        const auto report = desk.cycle();
        REQUIRE_FALSE(report);
        CHECK(report.error().kind == ErrorKind::retry);
        CHECK(report.error().message.find("task") != std::string::npos);
    }
    CHECK(office.value("contacts", guid(1), "jobtitle") == "Buyer");
    CHECK(desk.text("contact", guid(2), "jobtitle") == "Clerk");
    const auto cycles = desk.store->cycles({}, 1);
    CHECK(cycles->front().message.find("task") != std::string::npos);

    desk.exchange->alter = nullptr;
    desk.sync();
    desk.check_equal();
}

TEST_CASE("Pages that never end are given up", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 3);
    office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
    Desk desk(office, clock);
    desk.choose({{"contact", ""}, {"account", ""}});
    std::string rows;
    SECTION("of nothing") {}
    SECTION("of the same again and again")
    {
        rows = R"({"@odata.etag":"W/\"5\"","contactid":")" + guid(1).text() + R"(","lastname":"Number 1"})";
    }
    int pages = 0;
    desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (request.url.find("/contacts?") == std::string::npos) return;
        answer.status = 200;
        answer.body = R"({"@odata.context":"x","value":[)" + rows +
                      R"(],"@odata.nextLink":"http://127.0.0.1:1/api/data/v9.2/contacts?$skiptoken=)" +
                      std::to_string(++pages) + R"("})";
    };
    const auto report = desk.cycle();
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "server.bad_answer");
    CHECK(report.error().message.find("contact") != std::string::npos);
    CHECK(pages < 200);
    CHECK(desk.has("account", guid(900)));

    desk.exchange->alter = nullptr;
    clock->pass(std::chrono::minutes{6});
    desk.sync();
    desk.check_equal();
}

TEST_CASE("Participants that come in pages come whole", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    std::string parties;
    for (int i = 0; i < 30; ++i)
        parties += std::string(i ? "," : "") + R"({"addressused":"kim)" + std::to_string(i) +
                   R"(@example.com","participationtypemask":5})";
    for (int i = 1; i <= 3; ++i)
        office.put("appointments", guid(i),
                   R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                   R"("scheduledend":"2026-11-03T11:00:00Z","appointment_activity_parties":[)" +
                       parties + "]}");
    Desk::check(office.organization->set_setting("max_page_size", "20"));
    Desk desk(office, clock);
    desk.choose({{"appointment", ""}});
    desk.sync();
    for (int i = 1; i <= 3; ++i) {
        const Value value = desk.get("appointment", guid(i), "parties");
        const auto* found = std::get_if<Collection>(&value);
        REQUIRE(found);
        CHECK(found->elements.size() >= 30);
    }
    desk.check_equal();
}

TEST_CASE("Who loses the right to an activity while it is pulled is not told that nobody takes part",
          "[engine][pull][I3]")
{
    const auto clock = monday();
    Office office(*clock);
    office.put("appointments", guid(1),
               R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
               R"("scheduledend":"2026-11-03T11:00:00Z","appointment_activity_parties":[)"
               R"({"addressused":"kim@example.com","participationtypemask":5}]})");
    Desk desk(office, clock);
    desk.choose({{"appointment", ""}});
    desk.sync();
    const Value kim = desk.get("appointment", guid(1), "parties");
    office.put("appointments", guid(1), R"({"location":"Room 1"})");
    desk.exchange->script = [&](std::size_t, const http::Request& request) {
        // The row has come by now.
        if ((request.url + request.body).find("activityparties?") != std::string::npos)
            CHECK(office.organization->set_depth("ada", server::Depth::basic));
        return Fault::none;
    };
    (void)desk.cycle();
    CHECK(desk.get("appointment", guid(1), "parties") == kim);
    desk.exchange->script = nullptr;
    CHECK(office.organization->set_depth("ada", server::Depth::global));
    clock->pass(std::chrono::minutes{6});
    desk.sync();
    CHECK(desk.get("appointment", guid(1), "parties") == kim);
}

TEST_CASE("A page fetched before a push between two pages takes nothing back", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 60);
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}});
    desk.sync();
    const int page = GENERATE(2, 3, 4, 5, 6, 7);
    int pages = 0;
    desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (request.url.find("/contacts?") != std::string::npos && ++pages == page)
            for (int i = 1; i <= 60; ++i) {
                desk.edit("contact", guid(i), {{"jobtitle", std::string("Buyer")}});
                desk.engine->nudge();
            }
        return Fault::none;
    };
    engine::CycleRequest whole;
    whole.extent = engine::Puller::Extent::full;
    const auto report = desk.cycle(whole);
    if (!report) FAIL(report.error().code + ": " + report.error().message);
    for (int i = 1; i <= 60; ++i) CHECK(desk.text("contact", guid(i), "jobtitle") == "Buyer");
    const auto decisions = desk.store->decisions({});
    for (const auto& decision : *decisions) CHECK(decision.rule != "restored");
    desk.exchange->script = nullptr;
    desk.sync();
    desk.check_equal();
}

TEST_CASE("What one cycle lets go in several ways counts together", "[engine][pull][I9]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 20);
    Desk desk(office, clock);
    desk.options.mass_change_least = 5;
    desk.options.ask_mass_change = always(false);
    desk.reboot();
    desk.choose({{"contact", ""}});
    desk.sync();
    // A whole round is asked about, and leaves the rest to a sweep.
    for (int i = 1; i <= 8; ++i) office.erase("contacts", guid(i));
    clock->pass(std::chrono::hours{24 * 40});
    REQUIRE_FALSE(desk.cycle());
    REQUIRE(count(desk) == 20);
    // Of which there are four then, and four that the next changes tell about.
    fill(office, 1, 4);
    desk.options.mass_change_share = 0.2;
    for (int i = 9; i <= 12; ++i) office.erase("contacts", guid(i));
    std::optional<MassChange> asked;
    desk.options.ask_mass_change = [&](const MassChange& change, std::function<void(bool)> answer) {
        asked = change;
        answer(false);
    };
    desk.reboot();
    CHECK_FALSE(desk.cycle());
    REQUIRE(asked);
    CHECK(asked->affected == 8);
    CHECK(asked->of == 20);
    CHECK(count(desk) == 16);

    int questions = 0;
    for (int i = 13; i <= 18; ++i) office.erase("contacts", guid(i));
    desk.options.ask_mass_change = [&](const MassChange&, std::function<void(bool)> answer) {
        ++questions;
        answer(true);
    };
    desk.reboot();
    desk.sync();
    CHECK(questions == 1);
    CHECK(count(desk) == 6);
    desk.check_equal();
}

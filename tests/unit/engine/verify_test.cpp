#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

TEST_CASE("Verification names what differs and tells live changes from everything else", "[engine][verify]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 5);
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    CHECK(desk.verify().outcome == Verification::Outcome::equal);
    desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    desk.create("contact", {{"lastname", std::string("New")}});
    desk.erase("contact", guid(2));
    Verification found = desk.verify();
    CHECK(found.outcome == Verification::Outcome::only_live_changes);
    CHECK(found.rows.size() == 3);
    for (const auto& row : found.rows) CHECK_FALSE(row.explained_by.empty());
    office.put("contacts", guid(3), R"({"jobtitle":"Manager"})");
    found = desk.verify();
    CHECK(found.outcome == Verification::Outcome::different);
    CHECK(found.tables.at(0).there == 5);
    CHECK(found.tables.at(0).here == 5);
    CHECK(found.tables.at(0).equal == 2);
}

TEST_CASE("Verification asks again for what a bad network swallows", "[engine][verify]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 40);
    Desk desk(office, clock, "ada", small_pages());
    desk.choose({{"contact", ""}});
    desk.sync();
    const auto fault = GENERATE(Fault::drop_answer, Fault::drop_request, Fault::truncate, Fault::busy);

    SECTION("every other answer is lost")
    {
        desk.exchange->script = [fault](std::size_t number, const http::Request&) {
            return number % 2 == 0 ? fault : Fault::none;
        };
        desk.check_equal();
    }
    SECTION("no answer comes: it says so and compares nothing")
    {
        desk.exchange->script = [fault](std::size_t, const http::Request&) { return fault; };
        const auto found = desk.run<Verification>([](engine::Engine& one) { return one.verify(); });
        REQUIRE_FALSE(found);
        CHECK(found.error().kind == ErrorKind::retry);
    }
}

TEST_CASE("A record that left the scope and is kept for its change is told as a difference that the change "
          "explains",
          "[engine][verify]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 3);
    Desk desk(office, clock);
    desk.choose({{"contact", "statecode eq 0"}});
    desk.sync();
    desk.edit("contact", guid(2), {{"jobtitle", std::string("Buyer")}});
    office.put("contacts", guid(2), R"({"statecode":1,"statuscode":2})");
    desk.sync();
    desk.sync();
    const Verification found = desk.verify();
    CHECK(found.outcome == Verification::Outcome::only_live_changes);
    REQUIRE(found.rows.size() == 1);
    CHECK(found.rows.front().record.id == guid(2));
    CHECK(found.rows.front().explained_by.size() == 1);
    CHECK(found.rows.front().difference.find("left the scope") != std::string::npos);
}

TEST_CASE("A table that the organization refuses or cannot show is named and the others are compared",
          "[engine][verify]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 3);
    office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
    office.put("tasks", guid(901), R"({"subject":"Call"})");
    Desk desk(office, clock);
    desk.choose({{"account", ""}, {"contact", ""}, {"task", ""}});
    desk.sync();
    std::string words;
    http::Answer refusal;
    SECTION("a privilege is missing")
    {
        words = "prvReadContact";
        refusal = {403,
                   {{"Content-Type", "application/json"}},
                   R"({"error":{"code":"0x80040220","message":"missing prvReadContact privilege"}})"};
    }
    SECTION("it stumbles over the table")
    {
        words = "An unexpected error occurred.";
        refusal = {500,
                   {{"Content-Type", "application/json"}},
                   R"({"error":{"code":"0x80040216","message":"An unexpected error occurred."}})"};
    }
    SECTION("it shows nonsense")
    {
        words = "contact";
        refusal = {200, {{"Content-Type", "application/json"}}, R"({"value":7})"};
    }
    desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (request.url.find("/contacts?") != std::string::npos) answer = refusal;
    };
    office.put("tasks", guid(901), R"({"subject":"Write"})");
    const Verification found = desk.verify();
    CHECK(found.outcome == Verification::Outcome::different);
    REQUIRE(found.tables.size() == 3);
    CHECK(found.tables[0].table == "account");
    CHECK(found.tables[0].equal == 1);
    CHECK(found.tables[1].table == "contact");
    CHECK(found.tables[1].not_compared.find(words) != std::string::npos);
    CHECK(found.tables[2].not_compared.empty());
    REQUIRE(found.rows.size() == 1);
    CHECK(found.rows.front().record.id == guid(901));
}

TEST_CASE("A look at one record tells what the organization has now, and takes nothing over",
          "[engine][look]")
{
    const auto clock = monday();
    Office office(*clock);
    fill(office, 1, 3);
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    const auto look = [&](int number) {
        return desk.run<Sighting>([&](engine::Engine& one) { return one.look({"contact", guid(number)}); });
    };
    desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    office.put("contacts", guid(1), R"({"jobtitle":"Manager"})");
    const auto there = look(1);
    REQUIRE(there);
    CHECK(there->presence == Sighting::Presence::present);
    CHECK(there->columns.at("jobtitle") == Value{std::string("Manager")});
    CHECK(desk.get("contact", guid(1), "jobtitle") == Value{std::string("Buyer")});
    CHECK(desk.store->state({"contact", guid(1)})->etag != there->etag);
    office.erase("contacts", guid(2));
    CHECK(look(2)->presence == Sighting::Presence::absent);
    desk.exchange->script = [](std::size_t, const http::Request&) { return Fault::drop_answer; };
    const auto lost = look(3);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().kind == ErrorKind::retry);
}

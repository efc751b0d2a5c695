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
    SynchronizerOptions small_pages;
    small_pages.page_bytes = 4'000;
    Desk desk(office, clock, "ada", small_pages);
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

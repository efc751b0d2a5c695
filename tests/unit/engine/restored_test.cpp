#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

TEST_CASE("A read after a refused condition that finds an older version means a restored organization",
          "[engine][restored]")
{
    const auto clock = monday();
    KeptOffice office(*clock);
    office->put("contacts", guid(1), R"({"firstname":"Ann","lastname":"One","department":"Sales"})");
    Desk desk(*office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    office.back_up();
    clock->pass(std::chrono::hours{2});
    desk.edit("contact", guid(1), {{"department", std::string("Buying")}});
    desk.sync();
    REQUIRE(desk.store->queue_figures()->live() == 0);
    desk.kill();
    office.restore();
    desk.exchange = std::make_shared<OrganizationExchange>(*office->organization, *clock, *desk.random);
    desk.revive();
    desk.edit("contact", guid(1), {{"mobilephone", std::string("777")}});
    (void)desk.cycle();
    (void)desk.cycle();
    CHECK(desk.text("contact", guid(1), "department") == "Buying");
    CHECK(office->value("contacts", guid(1), "mobilephone") == "777");
    const auto queue = desk.store->changes({});
    REQUIRE(queue->size() == 1);
    CHECK(queue->front().state == localstore::ChangeState::held);
    REQUIRE(desk.store->release(queue->front().sequence));
    desk.sync();
    CHECK(office->value("contacts", guid(1), "department") == "Buying");
}

TEST_CASE("A deletion that waits takes along what a restored organization lacks of the record",
          "[engine][restored]")
{
    const auto clock = monday();
    KeptOffice office(*clock);
    office->put("contacts", guid(1), R"({"firstname":"Ann","lastname":"One","department":"Sales"})");
    Desk desk(*office, clock);
    desk.choose({{"contact", ""}});
    desk.sync();
    office.back_up();
    clock->pass(std::chrono::hours{2});
    desk.edit("contact", guid(1), {{"department", std::string("Buying")}});
    desk.sync();
    desk.kill();
    office.restore();
    desk.exchange = std::make_shared<OrganizationExchange>(*office->organization, *clock, *desk.random);
    desk.revive();
    desk.erase("contact", guid(1));
    (void)desk.cycle();
    (void)desk.cycle();
    // The organization's copy is another than the one that was deleted here: it stays, and says so.
    CHECK(office->has("contacts", guid(1)));
    CHECK(desk.text("contact", guid(1), "department") == "Sales");
    CHECK(desk.store->queue_figures()->live() == 0);
}

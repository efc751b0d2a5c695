#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// Who is made here after the backup is not in the organization any more once it is set back.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    KeptOffice office{*clock};
    Desk desk{*office, clock};
    Guid made;

    Setting()
    {
        office->put("contacts", guid(1), R"({"lastname":"One"})");
        desk.choose({{"contact", ""}});
        desk.sync();
        office.back_up();
        clock->pass(std::chrono::hours{2});
        made = desk.create("contact", {{"lastname", std::string("Poe")}});
        desk.sync();
        REQUIRE(office->has("contacts", made));
    }
    void set_back()
    {
        desk.kill();
        office.restore();
        desk.exchange = std::make_shared<OrganizationExchange>(*office->organization, *clock, *desk.random);
        desk.revive();
        REQUIRE_FALSE(office->has("contacts", made));
    }
    std::vector<localstore::Change> waiting() { return *desk.store->changes({}); }
};

} // namespace

TEST_CASE("What was sent is queued again after a restore also where the clock was set back since",
          "[engine][restored][I1]")
{
    Setting s;
    // The token is one from after the backup.
    s.office->put("contacts", guid(2), R"({"lastname":"Two"})");
    s.desk.sync();
    s.clock->jump(std::chrono::hours{-16});
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.text("contact", s.made, "lastname") == "Poe");
    REQUIRE(s.waiting().size() == 1);
    CHECK(s.waiting().front().state == localstore::ChangeState::held);
    REQUIRE(s.desk.store->release(s.waiting().front().sequence));
    s.desk.sync();
    CHECK(s.office->value("contacts", s.made, "lastname") == "Poe");
}

TEST_CASE("A record that a question is about, and that a restored organization lacks, is made again whole",
          "[engine][restored][I1]")
{
    Setting s;
    s.office->put("contacts", s.made, R"({"lastname":"Theirs"})");
    s.desk.edit("contact", s.made, {{"lastname", std::string("Mine")}, {"department", std::string("Sales")}});
    s.desk.sync();
    REQUIRE(s.desk.store->conflicts({})->size() == 1);
    REQUIRE(s.office->value("contacts", s.made, "department") == "Sales");
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.store->conflicts({})->empty());
    CHECK(s.office->value("contacts", s.made, "lastname") == "Mine");
    CHECK(s.office->value("contacts", s.made, "department") == "Sales");
    CHECK(s.waiting().empty());
    s.desk.check_equal();
}

TEST_CASE("Edits that come to nothing keep a record that a restored organization lacks",
          "[engine][restored][I1]")
{
    Setting s;
    s.office->put("contacts", guid(2), R"({"lastname":"Two"})");
    s.desk.sync();
    s.desk.edit("contact", s.made, {{"department", std::string("Sales")}});
    s.desk.edit("contact", s.made, {{"department", Value{}}});
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.has("contact", s.made));
}

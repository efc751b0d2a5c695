#include "tests/adding_policies.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

const Party kim{{}, "kim@example.com", {5}}, lee{{}, "lee@example.com", {5}}, zoe{{}, "zoe@example.com", {5}};

/// A firm of ten and a meeting with Kim, both edited here and sent; a colleague then edits them, too.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock, "ada", {}, 11, adding()};

    Setting()
    {
        office.put("accounts", guid(1), R"({"name":"Firm","numberofemployees":10})");
        office.put("appointments", guid(30),
                   R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                   R"("scheduledend":"2026-11-03T11:00:00Z"})");
        desk.choose({{"account", ""}, {"appointment", ""}});
        desk.sync();
        desk.edit("appointment", guid(30), {{"parties", parties_to_collection({kim})}});
        desk.sync();
    }
    localstore::Sequence last()
    {
        localstore::ChangeFilter applied;
        applied.states = {localstore::ChangeState::applied};
        const auto changes = desk.store->changes(applied);
        REQUIRE(changes);
        REQUIRE_FALSE(changes->empty());
        return changes->back().sequence;
    }
    localstore::TakenBack take_back(localstore::Sequence change)
    {
        localstore::WriteContext by_ada;
        by_ada.now = clock->now();
        const auto taken = desk.store->take_back(change, by_ada, localstore::Act::done);
        REQUIRE(taken);
        return *taken;
    }
};

} // namespace

TEST_CASE("Of a sum its own part is taken back, and what others added stays", "[engine][undo][I2]")
{
    Setting s;
    s.desk.edit("account", guid(1), {{"numberofemployees", std::int64_t{15}}});
    s.desk.sync();
    const localstore::Sequence added = s.last();
    s.office.put("accounts", guid(1), R"({"numberofemployees":22})");
    s.desk.sync();
    CHECK(s.take_back(added).kept.empty());
    s.desk.sync();
    CHECK(s.office.value("accounts", guid(1), "numberofemployees") == "17");
    s.desk.check_equal();
}

TEST_CASE("Of a list of participants its own ones are taken back, and whom others invited stays",
          "[engine][undo][I3]")
{
    Setting s;
    s.desk.edit("appointment", guid(30), {{"parties", parties_to_collection({kim, lee})}});
    s.desk.sync();
    const localstore::Sequence invited = s.last();
    s.desk.edit("appointment", guid(30), {{"parties", parties_to_collection({kim, lee, zoe})}});
    s.desk.sync();
    (void)s.take_back(invited);
    s.desk.sync();
    CHECK(s.desk.get("appointment", guid(30), "parties") == Value{parties_to_collection({kim, zoe})});
    s.desk.check_equal();
}

TEST_CASE("What somebody wrote since is kept, and told", "[engine][undo][I3]")
{
    Setting s;
    s.desk.edit("account", guid(1), {{"name", std::string("Works")}, {"telephone1", std::string("1")}});
    s.desk.sync();
    const localstore::Sequence edited = s.last();
    s.office.put("accounts", guid(1), R"({"name":"Theirs"})");
    s.desk.sync();
    const localstore::TakenBack taken = s.take_back(edited);
    REQUIRE(taken.kept.size() == 1);
    CHECK(taken.kept.front().column == "name");
    s.desk.sync();
    CHECK(s.office.value("accounts", guid(1), "name") == "Theirs");
    CHECK(s.office.value("accounts", guid(1), "telephone1").empty());
    s.desk.check_equal();
}

TEST_CASE("A column that is taken back meets what a colleague wrote meanwhile like any edit",
          "[engine][undo][I3]")
{
    Setting s;
    s.desk.edit("account", guid(1), {{"name", std::string("Works")}});
    s.desk.sync();
    const localstore::Sequence edited = s.last();
    s.office.put("accounts", guid(1), R"({"name":"Theirs"})");
    (void)s.take_back(edited);
    (void)s.desk.cycle();
    CHECK(s.office.value("accounts", guid(1), "name") == "Theirs");
    CHECK(s.desk.store->conflicts({})->size() == 1);
}

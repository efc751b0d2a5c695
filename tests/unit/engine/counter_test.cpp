#include "conflict/policy_file.h"
#include "tests/engine_world.h"

#include <utility>

using namespace hawser;
using namespace hawser::tests;

namespace {

std::shared_ptr<engine::Policies> adding()
{
    const auto rules =
        conflict::parse_policy_file(R"({"version":1,"tables":{"account":{"numberofemployees":"add"}}})");
    REQUIRE(rules);
    return std::make_shared<engine::Policies>(*rules);
}

} // namespace

TEST_CASE("What waits to be added is not lost when the counter there comes to say the same number",
          "[engine][conflict][I1]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock, "ada", {}, 11, adding()};
    office.put("accounts", guid(1), R"({"name":"Firm","numberofemployees":10})");
    desk.choose({{"account", ""}, {"contact", ""}});
    desk.sync();
    // The unit waits for an answer about the name, and the edit behind it waits with it.
    desk.write_all(
        {{localstore::ChangeKind::update,
          {"account", guid(1)},
          {{"name", std::string("Mine")}, {"numberofemployees", std::int64_t{20}}}},
         {localstore::ChangeKind::create, {"contact", guid(2)}, {{"lastname", std::string("Ann")}}}},
        localstore::Grouping::one_unit);
    desk.edit("account", guid(1), {{"numberofemployees", std::int64_t{13}}});
    office.put("accounts", guid(1), R"({"name":"Theirs","numberofemployees":13})");
    desk.sync();
    office.put("accounts", guid(1), R"({"numberofemployees":15})");
    desk.sync();
    localstore::Resolution theirs;
    theirs.side = localstore::Side::theirs;
    localstore::WriteContext by;
    by.now = clock->now();
    REQUIRE(desk.store->conflicts({})->size() == 1);
    REQUIRE(desk.store->resolve(desk.store->conflicts({})->front().number, theirs, by));
    desk.sync();
    CHECK(office.value("accounts", guid(1), "numberofemployees") == "18");
    desk.check_equal();
}

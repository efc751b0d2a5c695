#include "conflict/policy_file.h"
#include "tests/engine_world.h"

#include <utility>

using namespace hawser;
using namespace hawser::tests;

namespace {

localstore::Edit update_of(int contact, Fields fields)
{
    return {localstore::ChangeKind::update, {"contact", guid(contact)}, std::move(fields)};
}

std::shared_ptr<engine::Policies> theirs_for_nicknames()
{
    const auto rules =
        conflict::parse_policy_file(R"({"version":1,"tables":{"contact":{"nickname":"theirs"}}})");
    REQUIRE(rules);
    return std::make_shared<engine::Policies>(*rules);
}

/// Two contacts, in step on both sides.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock, "ada", {}, 11, theirs_for_nicknames()};

    Setting()
    {
        fill(office, 1, 2);
        desk.choose({{"contact", ""}});
        desk.sync();
        office.log.clear();
    }

    std::string there(int contact, const std::string& column)
    {
        return office.value("contacts", guid(contact), column);
    }
};

} // namespace

TEST_CASE("A group travels whole also when one of its records gives way to what others wrote",
          "[engine][group]")
{
    Setting s;
    s.desk.write_all({update_of(1, {{"jobtitle", std::string("Buyer")}}),
                      update_of(2, {{"nickname", std::string("Annie")}})},
                     localstore::Grouping::one_unit);
    s.office.put("contacts", guid(2), R"({"nickname":"Anna"})");
    s.desk.sync();
    CHECK(s.there(1, "jobtitle") == "Buyer");
    CHECK(s.there(2, "nickname") == "Anna");
    CHECK(s.desk.store->queue_figures()->live() == 0);
    s.desk.check_equal();
}

TEST_CASE("A column of a group that was set to what it was overwrites nothing", "[engine][group][I3]")
{
    Setting s;
    const bool before_a_deletion = GENERATE(false, true);
    s.desk.write_all(
        {update_of(1, {{"nickname", Null{}}}), update_of(2, {{"jobtitle", std::string("Buyer")}})},
        localstore::Grouping::one_unit);
    if (before_a_deletion) s.desk.erase("contact", guid(1));
    s.office.put("contacts", guid(1), R"({"nickname":"Annie"})");
    s.desk.sync();
    CHECK(s.there(1, "nickname") == "Annie");
    CHECK(s.there(2, "jobtitle") == "Buyer");
}

TEST_CASE("What the organization came to say by itself is not said again later", "[engine][group][I3]")
{
    Setting s;
    const auto grouping = GENERATE(localstore::Grouping::separate, localstore::Grouping::one_unit);
    s.desk.write_all({update_of(1, {{"jobtitle", std::string("Buyer")}, {"telephone1", std::string("1")}}),
                      update_of(2, {{"jobtitle", std::string("Clerk")}})},
                     grouping);
    s.office.put("contacts", guid(1), R"({"jobtitle":"Buyer","telephone1":"9"})");
    s.desk.sync();
    s.office.put("contacts", guid(1), R"({"jobtitle":"Boss"})");
    s.desk.sync();
    const auto conflicts = s.desk.store->conflicts({});
    REQUIRE(conflicts->size() == 1);
    CHECK(conflicts->front().columns.size() == 1);
    localstore::Resolution theirs;
    theirs.side = localstore::Side::theirs;
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->resolve(conflicts->front().number, theirs, by));
    s.desk.sync();
    CHECK(s.there(1, "jobtitle") == "Boss");
    CHECK(s.there(1, "telephone1") == "9");
    CHECK(s.there(2, "jobtitle") == "Clerk");
    s.desk.check_equal();
}

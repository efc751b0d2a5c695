#include "conflict/policy_file.h"
#include "tests/engine_world.h"

#include <vector>

using namespace hawser;
using namespace hawser::tests;

namespace {

std::shared_ptr<engine::Policies> merging_lines()
{
    const auto rules =
        conflict::parse_policy_file(R"({"version":1,"tables":{"account":{"description":"text"}}})");
    REQUIRE(rules);
    return std::make_shared<engine::Policies>(*rules);
}

/// A meeting to which Kim is invited, and a firm with a text of lines that merge.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock, "ada", {}, 11, merging_lines()};

    Setting()
    {
        office.put("appointments", guid(30),
                   R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                   R"("scheduledend":"2026-11-03T11:00:00Z","appointment_activity_parties":)"
                   R"([{"addressused":"kim@example.com","participationtypemask":5}]})");
        office.put("accounts", guid(1), R"({"name":"Firm","description":"one\ntwo\nthree\nfour"})");
        desk.choose({{"account", ""}, {"appointment", ""}});
        desk.sync();
    }
    Party user(const char* name, std::string address = {}) const
    {
        return {{"systemuser", office.organization->user(name)->id}, std::move(address), {5}};
    }
    void invite(std::vector<Party> all, const Guid& meeting = guid(30))
    {
        desk.edit("appointment", meeting, {{"parties", parties_to_collection(all)}});
    }
    void invited_there(const std::string& parties, const Guid& meeting = guid(30))
    {
        const server::Answer put =
            office.ask("PUT", "appointments(" + meeting.text() + ")/appointment_activity_parties",
                       R"({"value":[)" + parties + "]}");
        INFO(put.body);
        REQUIRE(put.status / 100 == 2);
    }
    std::string party(const char* name) const
    {
        return R"x({"partyid_systemuser@odata.bind":"/systemusers()x" +
               office.organization->user(name)->id.text() + R"x()","participationtypemask":5})x";
    }
    std::size_t conflicts() const { return desk.store->conflicts({})->size(); }
    /// The one question that is open, answered.
    void ask_for_theirs()
    {
        const auto open = *desk.store->conflicts({});
        REQUIRE(open.size() == 1);
        CHECK(open.front().reason == localstore::ConflictReason::both_changed);
        localstore::WriteContext by;
        by.now = clock->now();
        REQUIRE(desk.store->resolve(open.front().number, {localstore::Side::theirs, {}}, by));
        desk.sync();
    }
};

const Party kim{{}, "kim@example.com", {5}}, lee{{}, "lee@example.com", {5}};
constexpr const char* kim_there = R"({"addressused":"kim@example.com","participationtypemask":5})";

} // namespace

TEST_CASE("Whom somebody invites here and takes out again takes nobody out whom others invited meanwhile",
          "[engine][conflict][I3]")
{
    Setting s;
    const std::string ours = GENERATE("", "ada@elsewhere.example");
    s.invite({kim, s.user("ada", ours)});
    s.invite({kim, s.user("ada", ours), lee});
    s.invite({kim, lee});
    s.invited_there(std::string(kim_there) + "," + s.party("ada") + "," + s.party("bob"));
    s.desk.sync();
    CHECK(s.office.effects(guid(30), "PUT") == 1);
    s.ask_for_theirs();
    CHECK(s.desk.get("appointment", guid(30), "parties") ==
          Value{parties_to_collection(
              {kim, s.user("ada", "ada@organization.example"), s.user("bob", "bob@organization.example")})});
    s.desk.check_equal();
}

TEST_CASE("Whom somebody invites to a meeting made here and takes out again takes nobody out who is there",
          "[engine][conflict][I3]")
{
    Setting s;
    const std::string ours = GENERATE("", "ada@elsewhere.example");
    const char* made =
        R"({"subject":"Lunch","scheduledstart":"2026-11-04T10:00:00Z","scheduledend":"2026-11-04T11:00:00Z"})";
    const Guid lunch = s.desk.create("appointment", {{"subject", std::string("Lunch")},
                                                     {"scheduledstart", std::string("2026-11-04T10:00:00Z")},
                                                     {"scheduledend", std::string("2026-11-04T11:00:00Z")},
                                                     {"parties", parties_to_collection({kim})}});
    s.invite({kim, s.user("ada", ours)}, lunch);
    s.invite({kim, s.user("ada", ours), lee}, lunch);
    s.invite({kim, lee}, lunch);
    // Another copy of this replica has sent the meeting, and a colleague invited to it since.
    s.office.put("appointments", lunch, made);
    s.invited_there(std::string(kim_there) + "," + s.party("ada") + "," + s.party("bob"), lunch);
    s.desk.sync();
    CHECK(s.office.effects(lunch, "PUT") == 1);
    s.ask_for_theirs();
    CHECK(s.desk.get("appointment", lunch, "parties") ==
          Value{parties_to_collection(
              {kim, s.user("ada", "ada@organization.example"), s.user("bob", "bob@organization.example")})});
    s.desk.check_equal();
}

TEST_CASE("Whom both sides invite, one without an address, is no question", "[engine][conflict]")
{
    Setting s;
    s.invite({kim, s.user("bob")});
    s.invited_there(std::string(kim_there) + "," + s.party("bob"));
    s.desk.sync();
    CHECK(s.conflicts() == 0);
    CHECK(s.desk.get("appointment", guid(30), "parties") ==
          Value{parties_to_collection({kim, s.user("bob", "bob@organization.example")})});
    s.desk.check_equal();
}

TEST_CASE("A line that somebody edits here and sets back undoes no line that others edited meanwhile",
          "[engine][conflict][I3]")
{
    Setting s;
    s.desk.edit("account", guid(1), {{"description", std::string("mine\ntwo\nthree\nfour")}});
    s.desk.edit("account", guid(1), {{"description", std::string("one\ntwo\nthree\nFOUR")}});
    s.office.put("accounts", guid(1), R"({"description":"theirs\ntwo\nthree\nfour"})");
    s.desk.sync();
    CHECK(s.office.value("accounts", guid(1), "description") == "theirs\ntwo\nthree\nfour");
    s.ask_for_theirs();
    CHECK(s.desk.text("account", guid(1), "description") == "theirs\ntwo\nthree\nfour");
    s.desk.check_equal();
}

TEST_CASE("Undoing an invitation that is on its way leaves whom a later edit invited, and how it changed the "
          "first guest",
          "[engine][queue]")
{
    Setting s;
    const Party kim{{}, "kim@example.com", {5}}, lee{{}, "lee@example.com", {5}},
        lee_copied{{}, "lee@example.com", {6}}, zoe{{}, "zoe@example.com", {5}};
    s.invite({kim, lee});
    const auto first = s.desk.store->changes({})->front().sequence;
    s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("PATCH ") != std::string::npos;
        return lost ? Fault::drop_answer : Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    s.invite({kim, lee_copied, zoe});
    localstore::WriteContext by_ada;
    by_ada.now = s.clock->now();
    const auto undone = s.desk.store->undo(first, by_ada);
    REQUIRE(undone);
    CHECK(undone->compensating.size() <= 1);
    const Value expected{parties_to_collection({kim, lee_copied, zoe})};
    CHECK(s.desk.get("appointment", guid(30), "parties") == expected);
    s.desk.exchange->script = {};
    s.clock->pass(std::chrono::hours{1});
    s.desk.sync();
    s.desk.sync();
    CHECK(s.desk.get("appointment", guid(30), "parties") == expected);
    s.desk.check_equal();
}

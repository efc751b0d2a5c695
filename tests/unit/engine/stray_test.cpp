#include "tests/engine_world.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::tests;

namespace {

constexpr std::string_view buyers = "jobtitle eq 'Buyer'";

struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk;

    explicit Setting(const std::string& user) : desk(office, clock, user) {}

    Guid create(const char* title)
    {
        return desk.create("contact", {{"lastname", std::string("New")}, {"jobtitle", std::string(title)}});
    }
    bool decided(const Guid& id, std::string_view rule)
    {
        const auto decisions = desk.store->decisions({});
        REQUIRE(decisions);
        return std::ranges::any_of(
            *decisions, [&](const auto& decision) { return decision.key.id == id && decision.rule == rule; });
    }
    /// The next cycle, or where a table is pulled by filter the next one with a sweep.
    void later()
    {
        clock->pass(std::chrono::hours{25});
        desk.sync();
    }
};

} // namespace

TEST_CASE("A record made here that is outside every scope leaves the replica after it was sent",
          "[engine][scope]")
{
    Setting s(GENERATE("ada", "bob"));
    s.desk.choose({{"contact", std::string(buyers)}});
    s.desk.sync();
    const Guid outside = s.create("Clerk");
    const Guid inside = s.create("Buyer");
    s.desk.sync();
    CHECK(s.office.value("contacts", outside, "jobtitle") == "Clerk");
    CHECK(s.desk.verify().outcome == Verification::Outcome::equal);

    SECTION("at the next look")
    {
        s.later();
        CHECK_FALSE(s.desk.has("contact", outside));
        CHECK(s.decided(outside, "reconcile.out_of_reach"));
        CHECK(s.office.has("contacts", outside));
    }
    SECTION("but not while it has live changes, which are sent as any other")
    {
        s.desk.edit("contact", outside, {{"department", std::string("Sales")}});
        s.later();
        CHECK(s.office.value("contacts", outside, "department") == "Sales");
        CHECK(s.desk.store->queue_figures()->live() == 0);
        s.later();
        CHECK_FALSE(s.desk.has("contact", outside));
    }
    SECTION("unless it has come into a scope meanwhile")
    {
        s.office.put("contacts", outside, R"({"jobtitle":"Buyer"})");
        s.later();
        CHECK(s.desk.text("contact", outside, "jobtitle") == "Buyer");
        CHECK_FALSE(s.decided(outside, "reconcile.out_of_reach"));
    }
    SECTION("and is gone when somebody deleted it there")
    {
        s.office.erase("contacts", outside);
        s.later();
        CHECK_FALSE(s.desk.has("contact", outside));
    }
    CHECK(s.desk.text("contact", inside, "jobtitle") == "Buyer");
    CHECK_FALSE(s.decided(inside, "reconcile.out_of_reach"));
    s.desk.check_equal();
}

TEST_CASE("A record made here stays when any scope of its table takes it", "[engine][scope]")
{
    Setting s(GENERATE("ada", "bob"));
    s.desk.choose({{"contact", std::string(buyers)}});
    Desk::check(s.desk.store->transact(localstore::Durability::relaxed,
                                       [](localstore::Transaction& transaction) -> Result<void> {
                                           localstore::Scope second;
                                           second.table = "contact";
                                           second.name = "sellers";
                                           second.filter = "jobtitle eq 'Seller'";
                                           const auto made = transaction.rounds.define_scope(second);
                                           if (!made) return made.error();
                                           return {};
                                       }));
    s.desk.sync();
    const Guid seller = s.create("Seller");
    const Guid outside = s.create("Clerk");
    s.desk.sync();
    s.later();
    CHECK(s.desk.has("contact", seller));
    CHECK_FALSE(s.decided(seller, "reconcile.out_of_reach"));
    CHECK_FALSE(s.desk.has("contact", outside));
    s.desk.check_equal();
}

TEST_CASE("A record that left the scope while its deletion waited is not here when the deletion gives way",
          "[engine][scope]")
{
    Setting s(GENERATE("ada", "bob"));
    s.desk.choose({{"contact", std::string(buyers)}});
    const Guid id = guid(1);
    s.office.put("contacts", id,
                 R"x({"lastname":"One","jobtitle":"Buyer","ownerid@odata.bind":"/systemusers()x" +
                     s.office.organization->user("bob")->id.text() + R"x()"})x");
    s.desk.sync();
    REQUIRE(s.desk.has("contact", id));
    s.desk.erase("contact", id);
    s.office.put("contacts", id, R"({"jobtitle":"Seller"})");
    s.later();
    const auto waiting = s.desk.store->changes({});
    REQUIRE(waiting);
    for (const localstore::Change& change : *waiting)
        if (change.state == localstore::ChangeState::held)
            REQUIRE(s.desk.store->release(change.sequence, {}));
    s.desk.sync();
    CHECK(s.decided(id, "reconcile.edit_beats_deletion"));
    CHECK(s.office.has("contacts", id));
    CHECK_FALSE(s.desk.has("contact", id));
    CHECK(s.desk.store->queue_figures()->live() == 0);
}

TEST_CASE("A record that left the scope while an answer about it was missing leaves when that is settled",
          "[engine][scope][I4]")
{
    Setting s("ada");
    s.desk.choose({{"contact", std::string(buyers)}});
    const Guid id = guid(1);
    s.office.put("contacts", id, R"({"lastname":"One","jobtitle":"Buyer"})");
    s.desk.sync();
    s.desk.edit("contact", id, {{"department", std::string("Mine")}});
    s.desk.exchange->script = [](std::size_t, const http::Request& request) {
        return request.body.find("PATCH ") == std::string::npos ? Fault::none : Fault::hang_done;
    };
    REQUIRE_FALSE(s.desk.try_cycle());
    s.desk.exchange->script = nullptr;
    s.desk.reboot();
    s.office.put("contacts", id, R"({"jobtitle":"Seller"})");
    const bool asked = GENERATE(false, true);
    if (asked) s.office.put("contacts", id, R"({"department":"Theirs"})");
    s.desk.sync();
    const auto questions = s.desk.store->conflicts({});
    REQUIRE(questions);
    REQUIRE(questions->size() == (asked ? 1 : 0));
    localstore::WriteContext by;
    by.now = s.clock->now();
    if (asked) REQUIRE(s.desk.store->resolve(questions->front().number, {localstore::Side::mine, {}}, by));
    s.later();
    CHECK(s.office.value("contacts", id, "department") == "Mine");
    CHECK_FALSE(s.desk.has("contact", id));
    CHECK(s.decided(id, "reconcile.out_of_reach"));
    s.desk.check_equal();
}

TEST_CASE("A record made here that left the scope while a question about it is open leaves after the answer",
          "[engine][scope][I4]")
{
    Setting s("ada");
    s.desk.choose({{"contact", std::string(buyers)}});
    s.desk.sync();
    const Guid id = s.create("Buyer");
    s.desk.sync();
    s.desk.edit("contact", id, {{"department", std::string("Mine")}});
    s.office.put("contacts", id, R"({"jobtitle":"Seller","department":"Theirs"})");
    s.desk.sync();
    const auto questions = s.desk.store->conflicts({});
    REQUIRE(questions);
    REQUIRE(questions->size() == 1);
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->resolve(questions->front().number, {localstore::Side::theirs, {}}, by));
    s.later();
    CHECK_FALSE(s.desk.has("contact", id));
    CHECK(s.decided(id, "reconcile.out_of_reach"));
    s.desk.check_equal();
}

TEST_CASE("A record made here and deleted there is looked for, too, while something of it waits",
          "[engine][scope][I4]")
{
    Setting s("bob");
    s.desk.choose({{"contact", ""}});
    s.desk.sync();
    const Guid id = s.create("Buyer");
    s.desk.sync();
    s.desk.erase("contact", id);
    const auto deletion = s.desk.store->changes({});
    REQUIRE(deletion);
    Desk::check(s.desk.store->hold(deletion->back().sequence, "not yet", {}));
    s.office.erase("contacts", id);
    s.later();
    CHECK(s.desk.store->queue_figures()->live() == 0);
    CHECK_FALSE(s.desk.has("contact", id));
    s.desk.check_equal();
}

TEST_CASE("A record made here that left the scope before it was seen there leaves the replica, too",
          "[engine][scope]")
{
    Setting s(GENERATE("ada", "bob"));
    s.desk.choose({{"contact", std::string(buyers)}});
    s.desk.sync();
    const Guid id = s.create("Buyer");
    s.desk.sync();
    s.office.put("contacts", id, R"({"jobtitle":"Seller"})");
    s.later();
    s.later();
    CHECK(s.office.has("contacts", id));
    CHECK_FALSE(s.desk.has("contact", id));
}

TEST_CASE("What was made here outside every scope and is there already as it was made leaves with its unit",
          "[engine][scope][I4]")
{
    Setting s("ada");
    s.office.put("contacts", guid(1), R"({"lastname":"One","jobtitle":"Buyer"})");
    s.desk.choose({{"contact", std::string(buyers)}});
    s.desk.sync();
    const Guid id = guid(2);
    s.desk.write_all({{localstore::ChangeKind::create,
                       {"contact", id},
                       {{"lastname", std::string("New")}, {"jobtitle", std::string("Clerk")}}},
                      {localstore::ChangeKind::update, {"contact", guid(1)}, {{"fax", std::string("1")}}}},
                     localstore::Grouping::one_unit);
    // Another copy of this replica has sent a part of it.
    s.office.put("contacts", id, R"({"lastname":"New","jobtitle":"Clerk"})");
    s.desk.sync();
    s.later();
    CHECK(s.office.value("contacts", guid(1), "fax") == "1");
    CHECK(s.office.has("contacts", id));
    CHECK_FALSE(s.desk.has("contact", id));
    s.desk.check_equal();
}

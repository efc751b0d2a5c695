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
    localstore::WriteContext by_ada() const
    {
        localstore::WriteContext context;
        context.now = clock->now();
        return context;
    }
    /// From now on the token is one that the backup does not know.
    void hear_more()
    {
        office->put("contacts", guid(2), R"({"lastname":"Two"})");
        desk.sync();
    }
    void look_again()
    {
        for (int week = 0; week < 3; ++week) {
            clock->pass(std::chrono::hours{24 * 8});
            (void)desk.cycle();
        }
    }
    /// What was made waits for a word, and is made again with it.
    void check_made_again()
    {
        CHECK(desk.text("contact", made, "lastname") == "Poe");
        REQUIRE(waiting().size() == 1);
        CHECK(waiting().front().state == localstore::ChangeState::held);
        REQUIRE(desk.store->release(waiting().front().sequence, {}));
        desk.sync();
        CHECK(office->value("contacts", made, "lastname") == "Poe");
        desk.check_equal();
    }
};

} // namespace

TEST_CASE("What was sent is queued again after a restore also where the clock was set back since",
          "[engine][restored][I1]")
{
    Setting s;
    s.hear_more();
    s.clock->jump(std::chrono::hours{-16});
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.text("contact", s.made, "lastname") == "Poe");
    REQUIRE(s.waiting().size() == 1);
    CHECK(s.waiting().front().state == localstore::ChangeState::held);
    REQUIRE(s.desk.store->release(s.waiting().front().sequence, {}));
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

TEST_CASE(
    "Whoever gives up a held edit of a record that a restored organization lacks does not lose the record",
    "[engine][restored][I1]")
{
    Setting s;
    s.hear_more();
    s.desk.edit("contact", s.made, {{"department", std::string("Sales")}});
    const auto edit = s.waiting().front().sequence;
    Desk::check(s.desk.store->hold(edit, "not yet", {}));
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    REQUIRE(s.waiting().size() == 1);
    CHECK_FALSE(s.office->has("contacts", s.made));
    REQUIRE(s.desk.store->discard(edit, s.by_ada()));
    s.look_again();
    s.check_made_again();
}

TEST_CASE("A held edit of a record that a restored organization lacks makes it again when it is released",
          "[engine][restored][I1]")
{
    Setting s;
    s.hear_more();
    s.desk.edit("contact", s.made, {{"department", std::string("Sales")}});
    const auto edit = s.waiting().front().sequence;
    Desk::check(s.desk.store->hold(edit, "not yet", {}));
    s.set_back();
    (void)s.desk.cycle();
    REQUIRE(s.desk.store->release(edit, {}));
    s.desk.sync();
    CHECK(s.office->value("contacts", s.made, "lastname") == "Poe");
    CHECK(s.office->value("contacts", s.made, "department") == "Sales");
    CHECK(s.waiting().empty());
    s.look_again();
    s.desk.check_equal();
}

TEST_CASE("Whoever undoes an edit that would make a record again does not lose the record",
          "[engine][restored][I1]")
{
    Setting s;
    s.hear_more();
    s.desk.edit("contact", s.made, {{"department", std::string("Sales")}});
    s.set_back();
    s.desk.exchange->script = [](std::size_t, const http::Request& request) {
        return request.body.find("PATCH ") != std::string::npos ? Fault::unreachable : Fault::none;
    };
    (void)s.desk.cycle();
    REQUIRE(s.waiting().size() == 1);
    s.desk.exchange->script = {};
    REQUIRE(s.desk.store->undo(s.waiting().front().sequence, s.by_ada()));
    s.look_again();
    s.check_made_again();
}

TEST_CASE("Whoever gives up an edit hears of the one before it that a restored organization lacks",
          "[engine][restored][I1]")
{
    Setting s;
    s.hear_more();
    s.desk.edit("contact", guid(1), {{"department", std::string("Sales")}});
    s.desk.sync();
    s.desk.edit("contact", guid(1), {{"department", std::string("Law")}});
    const auto edit = s.waiting().front().sequence;
    Desk::check(s.desk.store->hold(edit, "not yet", {}));
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    REQUIRE(s.desk.store->discard(edit, s.by_ada()));
    CHECK(s.desk.text("contact", guid(1), "department") == "Sales");
    for (const localstore::Change& change : s.waiting()) REQUIRE(s.desk.store->release(change.sequence, {}));
    s.desk.sync();
    CHECK(s.office->value("contacts", guid(1), "department") == "Sales");
    s.look_again();
    s.desk.check_equal();
}

TEST_CASE("Of a change whose rest was given up, what a restored organization lacks is queued again",
          "[engine][restored][I1]")
{
    Setting s;
    s.office->put("contacts", guid(1), R"({"description":"Theirs"})");
    s.desk.edit("contact", guid(1), {{"description", std::string("Mine")}, {"telephone1", std::string("1")}});
    s.desk.sync();
    REQUIRE(s.office->value("contacts", guid(1), "telephone1") == "1");
    REQUIRE(s.waiting().size() == 1);
    REQUIRE(s.desk.store->discard(s.waiting().front().sequence, s.by_ada()));
    s.desk.sync();
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.text("contact", guid(1), "telephone1") == "1");
    CHECK(s.desk.text("contact", guid(1), "description").empty());
    for (const localstore::Change& change : s.waiting()) REQUIRE(s.desk.store->release(change.sequence, {}));
    s.desk.sync();
    CHECK(s.office->value("contacts", guid(1), "telephone1") == "1");
}

TEST_CASE("What an edit was to make again with its record waits for a word where somebody else made it again",
          "[engine][restored][I1]")
{
    Setting s;
    s.desk.edit("contact", s.made, {{"telephone1", std::string("1")}});
    s.hear_more();
    s.desk.edit("contact", s.made, {{"department", std::string("Sales")}});
    const auto edit = s.waiting().front().sequence;
    Desk::check(s.desk.store->hold(edit, "not yet", {}));
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    s.office->put("contacts", s.made, R"({"lastname":"Poe"})");
    s.desk.sync();
    REQUIRE(s.desk.store->discard(edit, s.by_ada()));
    CHECK(s.desk.text("contact", s.made, "telephone1") == "1");
    for (const localstore::Change& change : s.waiting()) REQUIRE(s.desk.store->release(change.sequence, {}));
    s.desk.sync();
    CHECK(s.office->value("contacts", s.made, "telephone1") == "1");
}

TEST_CASE("Whoever gives up an edit that was on its way when a restored organization was met does not lose "
          "the record",
          "[engine][restored][I1]")
{
    Setting s;
    s.hear_more();
    s.desk.edit("contact", s.made, {{"department", std::string("Sales")}});
    s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("PATCH ") != std::string::npos;
        return lost ? Fault::drop_request : Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    REQUIRE(s.desk.store->open_intents()->size() == 1);
    s.set_back();
    s.desk.exchange->script = [](std::size_t, const http::Request& request) {
        return request.body.find("PATCH ") != std::string::npos ? Fault::unreachable : Fault::none;
    };
    (void)s.desk.cycle();
    s.clock->pass(std::chrono::hours{1});
    (void)s.desk.cycle();
    s.desk.exchange->script = {};
    for (const localstore::Change& change : s.waiting())
        if (change.after.contains("department")) REQUIRE(s.desk.store->discard(change.sequence, s.by_ada()));
    s.look_again();
    s.check_made_again();
}

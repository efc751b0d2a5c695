#include "engine/copied.h"
#include "tests/engine_world.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::tests;

namespace {

Fields text(std::initializer_list<std::pair<const char*, const char*>> columns)
{
    Fields fields;
    for (const auto& [name, value] : columns) fields[name] = std::string(value);
    return fields;
}

/// A desk that knows of no contact yet.
struct Setting : Workplace {
    Setting()
    {
        desk.choose({{"contact", ""}});
        desk.sync();
        office.log.clear();
    }

    /// A contact that waits here to be created and that the organization had and deleted.
    Guid create_known_and_deleted()
    {
        const Guid known = desk.create("contact", {{"lastname", std::string("Poe")}});
        office.put("contacts", known, R"({"lastname":"Poe"})");
        office.erase("contacts", known);
        office.log.clear();
        return known;
    }
    /// The next to synchronize finds that the file was copied or restored.
    void become_a_copy()
    {
        Desk::check(engine::begin_as_copy(*desk.store, Guid::make(*desk.random), clock->now()));
    }
    /// Each request that asks what was deleted meets this.
    void trouble_tokens(Fault fault)
    {
        desk.exchange->script = [fault](std::size_t, const http::Request& request) {
            const bool asks = (request.url + request.body).find("deltatoken") != std::string::npos;
            return asks ? fault : Fault::none;
        };
        CHECK_FALSE(desk.cycle());
        desk.exchange->script = {};
        clock->jump(std::chrono::hours{1});
    }
    bool decided(std::string_view rule)
    {
        const auto decisions = desk.store->decisions({});
        REQUIRE(decisions);
        return std::ranges::any_of(*decisions, [&](const auto& decision) { return decision.rule == rule; });
    }
};

} // namespace

TEST_CASE("A record that waits to be created and was deleted there already is not created unasked",
          "[engine][reconcile]")
{
    Setting s;
    const Guid known = s.create_known_and_deleted();
    const bool edited = GENERATE(false, true);
    if (edited) {
        // The creation lies behind a hold, and what follows it waits with it.
        const auto queued = s.desk.store->changes({});
        REQUIRE(queued->size() == 1);
        Desk::check(s.desk.store->hold(queued->front().sequence, "held by you", {}));
        s.desk.edit("contact", known, text({{"jobtitle", "Poet"}}));
    }
    s.desk.sync();
    CHECK_FALSE(s.office.has("contacts", known));
    const auto changes = s.desk.store->changes({});
    REQUIRE(changes->size() == (edited ? 2 : 1));
    CHECK(changes->front().state == localstore::ChangeState::held);
    CHECK(changes->front().waits_for.find("deleted there") != std::string::npos);
    CHECK(s.decided("reconcile.deleted_before"));
    Desk::check(s.desk.store->release(changes->front().sequence, {}));
    s.desk.sync();
    CHECK(s.office.has("contacts", known));
    CHECK(s.office.value("contacts", known, "jobtitle") == (edited ? "Poet" : ""));
    CHECK(s.desk.store->changes({})->empty());
    s.desk.check_equal();
}

TEST_CASE("A group of creations that were deleted there already waits whole, and each record tells why",
          "[engine][reconcile]")
{
    Setting s;
    std::vector<localstore::Edit> edits;
    for (const int number : {71, 72})
        edits.push_back(
            {localstore::ChangeKind::create, {"contact", guid(number)}, text({{"lastname", "Poe"}})});
    s.desk.write_all(edits, localstore::Grouping::one_unit);
    for (const int number : {71, 72}) {
        s.office.put("contacts", guid(number), R"({"lastname":"Poe"})");
        s.office.erase("contacts", guid(number));
    }
    s.office.log.clear();
    CHECK(s.desk.sync().held == 2);
    CHECK(s.office.log.empty());
    const auto decisions = s.desk.store->decisions({});
    for (const int number : {71, 72})
        CHECK(std::ranges::count_if(*decisions, [&](const auto& decision) {
                  return decision.rule == "reconcile.deleted_before" && decision.key.id == guid(number);
              }) == 1);
}

TEST_CASE("A copied replica hears of the deletion of what it does not know it created", "[engine][reconcile]")
{
    Setting s;
    const Guid known = s.create_known_and_deleted();
    s.become_a_copy();
    // The whole table it would show.
    if (GENERATE(false, true)) s.trouble_tokens(Fault::busy);
    CHECK(s.desk.sync().held == 1);
    CHECK_FALSE(s.office.has("contacts", known));
    CHECK(s.office.log.empty());
    CHECK(s.decided("reconcile.deleted_before"));
}

TEST_CASE("A copied replica keeps the tokens of all tables until each was heard", "[engine][reconcile]")
{
    Setting s;
    s.desk.choose({{"contact", ""}, {"task", ""}, {"appointment", ""}, {"account", ""}, {"lead", ""}});
    s.desk.sync();
    const std::pair<const char*, const char*> named[] = {
        {"contact", "lastname"}, {"task", "subject"}, {"account", "name"}, {"lead", "subject"}};
    for (const auto& [table, column] : named) {
        const Guid known = s.desk.create(table, text({{column, "Poe"}}));
        s.office.put(std::string(table) + "s", known, R"({")" + std::string(column) + R"(":"Poe"})");
        s.office.erase(std::string(table) + "s", known);
    }
    s.office.log.clear();
    s.become_a_copy();
    // After three tables without an answer the others are not asked at all.
    s.trouble_tokens(Fault::drop_request);
    CHECK(s.desk.sync().held == 4);
    CHECK(s.office.log.empty());
}

TEST_CASE("A creation whose answer was lost is not repeated once a deletion of the record is told",
          "[engine][reconcile]")
{
    Setting s;
    const Guid known = s.desk.create("contact", text({{"lastname", "Poe"}}));
    s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("PATCH ") != std::string::npos;
        return lost ? Fault::drop_answer : Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    REQUIRE(s.office.has("contacts", known));
    REQUIRE(s.desk.store->open_intents()->size() == 1);
    s.office.erase("contacts", known);
    s.office.log.clear();
    s.desk.exchange->script = {};
    s.clock->jump(std::chrono::hours{1});
    CHECK(s.desk.sync().held == 1);
    CHECK_FALSE(s.office.has("contacts", known));
    CHECK(s.office.log.empty());
    CHECK(s.decided("reconcile.deleted_before"));
    const auto waiting = s.desk.store->changes({});
    REQUIRE(waiting->size() == 1);
    Desk::check(s.desk.store->release(waiting->front().sequence, {}));
    s.desk.sync();
    CHECK(s.office.has("contacts", known));
    s.desk.check_equal();
}

TEST_CASE("An edit whose answer was lost is not repeated once its record was deleted",
          "[engine][reconcile][I2]")
{
    Setting s;
    s.office.put("contacts", guid(1), person(1));
    s.desk.sync();
    s.desk.edit("contact", guid(1), text({{"jobtitle", "Buyer"}}));
    s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("PATCH ") != std::string::npos;
        return lost ? Fault::drop_answer : Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    REQUIRE(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    s.office.erase("contacts", guid(1));
    s.office.log.clear();
    s.desk.exchange->script = {};
    s.clock->jump(std::chrono::hours{1});
    CHECK(s.desk.sync().held == 1);
    s.desk.sync();
    CHECK(s.office.log.empty());
    const auto waiting = s.desk.store->changes({});
    REQUIRE(waiting->size() == 1);
    CHECK(waiting->front().state == localstore::ChangeState::held);
    SECTION("released, it creates the record again")
    {
        Desk::check(s.desk.store->release(waiting->front().sequence, {}));
        s.desk.sync();
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    }
    SECTION("discarded, it leaves nothing")
    {
        localstore::WriteContext by;
        by.now = s.clock->now();
        REQUIRE(s.desk.store->discard(waiting->front().sequence, by));
        s.desk.sync();
        CHECK(s.office.log.empty());
        CHECK_FALSE(s.desk.has("contact", guid(1)));
    }
    s.desk.check_equal();
}

#include "tests/adding_policies.h"
#include "tests/engine_world.h"

#include <utility>

using namespace hawser;
using namespace hawser::tests;

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

TEST_CASE("What a receipt proves and no read shows is edited and deleted like any other afterwards",
          "[engine][push][I4]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock, "ada", {}, 11, adding()};
    office.put("accounts", guid(1), R"({"name":"Firm","numberofemployees":10})");
    desk.choose({{"account", ""}});
    desk.sync();
    desk.edit("account", guid(1), {{"numberofemployees", std::int64_t{13}}});
    bool lost = false;
    desk.exchange->script = [&lost](std::size_t, const http::Request& request) {
        const bool write = request.body.find("PATCH ") != std::string::npos;
        return write && !std::exchange(lost, true) ? Fault::drop_answer : Fault::none;
    };
    // Something on the way lets no batch pass that reads the record.
    desk.exchange->alter = [&lost](const http::Request& request, http::Answer& answer) {
        const bool reads = request.body.find("GET ") != std::string::npos &&
                           request.body.find(guid(1).text()) != std::string::npos;
        if (lost && reads) answer = {403, {{"Content-Type", "text/html"}}, "<html>Blocked</html>"};
    };
    (void)desk.cycle();
    CHECK(desk.store->queue_figures()->live() == 0);
    desk.edit("account", guid(1), {{"telephone1", std::string("123")}});
    desk.exchange->script = [](std::size_t, const http::Request& request) {
        const bool pulls = (request.url + request.body).find("deltatoken") != std::string::npos;
        return pulls ? Fault::busy : Fault::none;
    };
    desk.exchange->alter = nullptr;
    (void)desk.cycle();
    CHECK(desk.store->queue_figures()->parked == 0);
    desk.exchange->script = nullptr;
    clock->pass(std::chrono::hours{1});
    desk.sync();
    CHECK(office.value("accounts", guid(1), "telephone1") == "123");
    CHECK(office.value("accounts", guid(1), "numberofemployees") == "13");
    desk.check_equal();
}

TEST_CASE("A unit that adds and is refused for a record that may not be read waits for a person",
          "[engine][push][I4]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    const auto owned = [&](const char* path, const Guid& id, const char* user, const std::string& json) {
        office.put(path, id,
                   R"x({"ownerid@odata.bind":"/systemusers()x" + office.organization->user(user)->id.text() +
                       R"x()",)x" + json + "}");
    };
    owned("accounts", guid(1), "bob", R"("name":"Firm","numberofemployees":10)");
    owned("contacts", guid(7), "ada", R"("lastname":"Ann")");
    Desk desk{office, clock, "bob", {}, 11, adding()};
    desk.choose({{"account", ""}, {"contact", ""}});
    desk.sync();
    // Another copy of this replica has sent it, and it was given away since.
    desk.write_all(
        {{localstore::ChangeKind::update, {"account", guid(1)}, {{"numberofemployees", std::int64_t{13}}}},
         {localstore::ChangeKind::create, {"contact", guid(7)}, {{"lastname", std::string("Ann")}}}},
        localstore::Grouping::one_unit);
    (void)desk.cycle();
    clock->pass(std::chrono::hours{2});
    (void)desk.cycle();
    const auto changes = desk.store->changes({});
    REQUIRE(changes);
    REQUIRE(changes->size() == 2);
    for (const localstore::Change& change : *changes) {
        CHECK(change.state == localstore::ChangeState::parked);
        CHECK(change.last_error.find("may not read") != std::string::npos);
    }
    CHECK(office.value("accounts", guid(1), "numberofemployees") == "10");
    CHECK(desk.store->open_intents()->empty());
}

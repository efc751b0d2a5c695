#include "engine/copied.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// A creation that waits here, and that another copy of this replica sends.
struct Setting : Workplace {
    Guid id;

    Setting()
    {
        desk.choose({{"contact", ""}});
        desk.sync();
        id = desk.create("contact", {{"lastname", std::string("Poe")}, {"firstname", std::string("Ed")}});
    }
    void sent_by_a_copy(const std::string& json) { office.put("contacts", id, json); }
    void edit(const char* column, Value value) { desk.edit("contact", id, {{column, std::move(value)}}); }
    std::string there(const char* column) { return there_of(id, column); }
    std::string there_of(const Guid& contact, const char* column)
    {
        return office.value("contacts", contact, column);
    }
    std::vector<localstore::Conflict> open() const { return *desk.store->conflicts({}); }
};

} // namespace

TEST_CASE("What was edited since a creation that is there already asks nobody and takes nothing back",
          "[engine][reconcile][I3]")
{
    Setting s;
    s.edit("firstname", std::string("Edgar"));
    s.sent_by_a_copy(R"({"lastname":"Poe","firstname":"Ed"})");
    s.desk.sync();
    CHECK(s.open().empty());
    CHECK(s.there("firstname") == "Edgar");
    s.office.put("contacts", s.id, R"({"lastname":"Theirs"})");
    s.edit("jobtitle", std::string("Poet"));
    s.desk.sync();
    CHECK(s.there("lastname") == "Theirs");
    s.desk.check_equal();
}

TEST_CASE("An edit behind a creation that is there already meets what others wrote",
          "[engine][reconcile][I3]")
{
    Setting s;
    s.edit("department", std::string("Mine"));
    s.sent_by_a_copy(R"({"lastname":"Poe","firstname":"Ed"})");
    s.office.put("contacts", s.id, R"({"department":"Theirs"})");
    (void)s.desk.cycle();
    REQUIRE(s.open().size() == 1);
    CHECK(s.there("department") == "Theirs");
}

TEST_CASE("What was created here and cleared again takes nothing from who made the record meanwhile",
          "[engine][reconcile][I3]")
{
    Setting s;
    s.edit("firstname", Null{});
    s.sent_by_a_copy(R"({"lastname":"Theirs","firstname":"Edgar"})");
    (void)s.desk.cycle();
    REQUIRE(s.open().size() == 1);
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->resolve(s.open().front().number, {localstore::Side::mine, {}}, by));
    s.desk.sync();
    CHECK(s.there("lastname") == "Poe");
    CHECK(s.there("firstname") == "Edgar");
    s.desk.check_equal();
}

TEST_CASE("What was created here and somebody cleared since is asked about", "[engine][reconcile][I3]")
{
    Setting s;
    s.sent_by_a_copy(R"({"lastname":"Poe","firstname":"Ed"})");
    s.office.put("contacts", s.id, R"({"firstname":null})");
    (void)s.desk.cycle();
    REQUIRE(s.open().size() == 1);
    CHECK(s.there("firstname").empty());
    localstore::WriteContext by;
    by.now = s.clock->now();
    const bool mine = GENERATE(false, true);
    const localstore::Side side = mine ? localstore::Side::mine : localstore::Side::theirs;
    REQUIRE(s.desk.store->resolve(s.open().front().number, {side, {}}, by));
    s.desk.sync();
    CHECK(s.there("firstname") == (mine ? "Ed" : ""));
    s.desk.check_equal();
}

TEST_CASE("A reference that was created here and that somebody cleared since is asked about",
          "[engine][reconcile][I3]")
{
    Setting s;
    s.office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
    s.desk.choose({{"account", ""}});
    s.desk.sync();
    const Guid id = s.desk.create(
        "contact", {{"lastname", std::string("Roe")}, {"parentcustomerid", Lookup{"account", guid(900)}}});
    s.office.put("contacts", id, R"({"lastname":"Roe"})");
    (void)s.desk.cycle();
    REQUIRE(s.open().size() == 1);
    CHECK(s.open().front().key.id == id);
    CHECK(s.there_of(id, "_parentcustomerid_value").empty());
}

TEST_CASE("A reference to a record that is still to be created is no question", "[engine][reconcile]")
{
    Setting s;
    s.desk.choose({{"account", ""}});
    s.desk.sync();
    // The contact and the account refer to each other: one of them goes without, and says it later.
    const Guid account = s.desk.create("account", {{"name", std::string("Fabrikam")}});
    const Guid id = s.desk.create(
        "contact", {{"lastname", std::string("Roe")}, {"parentcustomerid", Lookup{"account", account}}});
    s.desk.edit("account", account, {{"primarycontactid", Lookup{"contact", id}}});
    s.office.put("contacts", id, R"({"lastname":"Roe"})");
    s.desk.sync();
    CHECK(s.open().empty());
    CHECK(s.there_of(id, "_parentcustomerid_value") == account.text());
    s.desk.check_equal();
}

TEST_CASE("What is there as it was made here is in the scope that brought it", "[engine][reconcile][I4]")
{
    Setting s;
    const Guid other = s.desk.create("contact", {{"lastname", std::string("Roe")}});
    s.sent_by_a_copy(R"({"lastname":"Poe","firstname":"Ed"})");
    s.desk.sync();
    const auto taken = s.desk.store->state({"contact", s.id});
    REQUIRE(taken);
    CHECK(taken->scopes.size() == 1);
    CHECK(s.office.has("contacts", other));
}

TEST_CASE(
    "What was created here and is deleted here is deleted there, too, once a copy of the replica sent it",
    "[engine][push][I1]")
{
    Setting s;
    s.desk.choose({{"appointment", ""}});
    s.desk.sync();
    const Guid id =
        s.desk.create("appointment", {{"subject", std::string("Lunch")},
                                      {"scheduledstart", std::string("2026-11-04T10:00:00Z")},
                                      {"scheduledend", std::string("2026-11-04T11:00:00Z")},
                                      {"parties", parties_to_collection({{{}, "kim@example.com", {5}}})}});
    s.office.put("appointments", id,
                 R"({"subject":"Lunch","scheduledstart":"2026-11-04T10:00:00Z",)"
                 R"("scheduledend":"2026-11-04T11:00:00Z","appointment_activity_parties":)"
                 R"([{"addressused":"lee@example.com","participationtypemask":5}]})");
    // It is read, and merged, and nothing can be sent.
    s.desk.exchange->script = [](std::size_t, const http::Request& request) {
        const bool writes = request.body.find("PUT ") != std::string::npos ||
                            request.body.find("PATCH ") != std::string::npos;
        return writes ? Fault::unreachable : Fault::none;
    };
    (void)s.desk.cycle();
    s.desk.exchange->script = {};
    REQUIRE(s.desk.store->state({"appointment", id})->live.front().kind == localstore::ChangeKind::create);
    REQUIRE(s.open().empty());
    s.desk.erase("appointment", id);
    s.clock->jump(std::chrono::hours{1});
    s.desk.sync();
    CHECK_FALSE(s.office.has("appointments", id));
    s.desk.check_equal();
}

TEST_CASE("What another copy created and edited is no base for an edit here", "[engine][push][I3]")
{
    Setting s;
    s.office.put("accounts", guid(900), R"({"name":"Firm"})");
    s.office.put("accounts", guid(901), R"({"name":"Works"})");
    s.desk.choose({{"account", ""}});
    Desk::check(engine::begin_as_copy(*s.desk.store, Guid::make(*s.desk.random), s.clock->now()));
    s.desk.exchange->script = [&, met = false](std::size_t, const http::Request& request) mutable {
        if (met || request.body.find("\"lastname\":\"Poe\"") == std::string::npos) return Fault::none;
        met = true;
        s.sent_by_a_copy(
            R"x({"lastname":"Poe","firstname":"Ed","parentcustomerid_account@odata.bind":"/accounts()x" +
            guid(900).text() + R"x()"})x");
        s.edit("parentcustomerid", Lookup{"account", guid(901)});
        return Fault::none;
    };
    s.desk.sync();
    REQUIRE(s.open().size() == 1);
    CHECK(s.open().front().columns.front().column == "parentcustomerid");
    CHECK(s.there("_parentcustomerid_value") == guid(900).text());
}

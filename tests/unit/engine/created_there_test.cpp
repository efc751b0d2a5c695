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

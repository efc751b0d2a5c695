#include "tests/engine_world.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::tests;

namespace {

/// An account and a contact, and a network that breaks off at the first write.
struct Setting : Workplace {
    Setting()
    {
        office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
        office.put("contacts", guid(1), R"({"lastname":"Number 1","jobtitle":"Clerk"})");
        desk.choose({{"contact", ""}, {"account", ""}});
        desk.sync();
    }
    Guid create(Fields more = {})
    {
        more.insert_or_assign("lastname", std::string("Poe"));
        return desk.create("contact", std::move(more));
    }
    /// What is written now is lost on its way there or back, and nothing more is heard.
    void lose(Fault how)
    {
        desk.exchange->script = [how, lost = false](std::size_t, const http::Request& request) mutable {
            if (lost) return Fault::unreachable;
            const auto& body = request.body;
            lost = body.find("PATCH ") != std::string::npos || body.find("POST ") != std::string::npos;
            return lost ? how : Fault::none;
        };
        CHECK_FALSE(desk.cycle());
        REQUIRE(desk.store->open_intents()->size() > 0);
        desk.exchange->script = {};
        clock->jump(std::chrono::hours{1});
    }
    std::vector<localstore::Conflict> open() const { return *desk.store->conflicts({}); }
    std::string there(const Guid& id, const char* column) { return office.value("contacts", id, column); }
};

} // namespace

TEST_CASE(
    "A creation whose answer was lost, and that another copy of the replica made otherwise, is asked about",
    "[engine][push][I1]")
{
    Setting s;
    const Guid id = s.create({{"firstname", std::string("Ed")}, {"jobtitle", std::string("Poet")}});
    s.lose(Fault::drop_request);
    s.office.put("contacts", id, R"({"lastname":"Poe","firstname":"Edgar"})");
    s.desk.sync();
    REQUIRE(s.open().size() == 1);
    CHECK(s.open().front().reason == localstore::ConflictReason::indeterminate);
    CHECK(s.open().front().columns.size() == 2);
    CHECK(s.there(id, "firstname") == "Edgar");
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->resolve(s.open().front().number, {localstore::Side::mine, {}}, by));
    s.desk.sync();
    CHECK(s.there(id, "firstname") == "Ed");
    CHECK(s.there(id, "jobtitle") == "Poet");
    s.desk.check_equal();
}

TEST_CASE(
    "A creation whose answer was lost is known by participants whose addresses the organization filled in",
    "[engine][push][I2]")
{
    Setting s;
    s.desk.choose({{"email", ""}});
    s.desk.sync();
    const Guid grace = s.create({{"emailaddress1", std::string("grace@skyline.example")}});
    s.desk.sync();
    const Guid lunch =
        s.desk.create("email", {{"subject", std::string("Lunch")},
                                {"parties", parties_to_collection({{{"contact", grace}, "", {2}}})}});
    s.lose(Fault::drop_answer);
    REQUIRE(s.office.has("emails", lunch));
    s.desk.sync();
    CHECK(s.open().empty());
    CHECK(s.desk.get("email", lunch, "parties") ==
          Value{parties_to_collection({{{"contact", grace}, "grace@skyline.example", {2}}})});
    s.desk.check_equal();
}

TEST_CASE("A creation whose answer was lost and that was deleted here since gives way to who wrote there",
          "[engine][push][I3]")
{
    Setting s;
    const Guid id = s.create({{"firstname", std::string("Ed")}});
    s.lose(Fault::drop_answer);
    s.office.put("contacts", id, R"({"firstname":"Edgar"})");
    s.desk.erase("contact", id);
    s.desk.sync();
    CHECK(s.there(id, "firstname") == "Edgar");
    CHECK(s.open().empty());
    const auto decisions = *s.desk.store->decisions({});
    CHECK(std::ranges::count(decisions, "reconcile.edit_beats_deletion", &localstore::Decision::rule) == 1);
    s.desk.check_equal();
}

TEST_CASE("What our own deletion emptied in a creation whose answer was lost is nobody's edit",
          "[engine][push][I1]")
{
    Setting s;
    const Guid id = s.create({{"parentcustomerid", Lookup{"account", guid(900)}}});
    s.desk.erase("account", guid(900));
    s.lose(Fault::drop_answer);
    REQUIRE(s.office.has("contacts", id));
    REQUIRE_FALSE(s.office.has("accounts", guid(900)));
    const bool deleted = GENERATE(false, true);
    if (deleted) s.desk.erase("contact", id);
    s.desk.sync();
    CHECK(s.open().empty());
    CHECK(s.office.has("contacts", id) == !deleted);
    s.desk.check_equal();
}

TEST_CASE("An edit whose answer was lost is not sent again once the sides agree on what came after it",
          "[engine][push][I2]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.lose(Fault::drop_answer);
    REQUIRE(s.there(guid(1), "jobtitle") == "Buyer");
    // In a unit of its own, so that the two do not travel together.
    s.desk.write_all(
        {{localstore::ChangeKind::update,
          {"contact", guid(1)},
          {{"jobtitle", std::string("Clerk")}, {"nickname", std::string("One")}}},
         {localstore::ChangeKind::create, {"contact", guid(2)}, {{"lastname", std::string("Two")}}}},
        localstore::Grouping::one_unit);
    s.office.put("contacts", guid(1), R"({"jobtitle":"Clerk"})");
    s.office.log.clear();
    s.desk.sync();
    CHECK(s.office.effects(guid(1), "PATCH") == 1);
    CHECK(s.there(guid(1), "jobtitle") == "Clerk");
    CHECK(s.there(guid(1), "nickname") == "One");
    CHECK(s.open().empty());
    s.desk.check_equal();
}

TEST_CASE(
    "What is undone after a write whose answer was lost, and that others wrote over in part, is taken back",
    "[engine][push][I1]")
{
    Setting s;
    const bool again = GENERATE(false, true);
    if (again) s.office.erase("contacts", guid(1));
    s.desk.edit("contact", guid(1), {{"nickname", std::string("Doc")}, {"department", std::string("Sales")}});
    s.lose(Fault::drop_answer);
    REQUIRE(s.there(guid(1), "nickname") == "Doc");
    s.office.put("contacts", guid(1), R"({"department":"Theirs"})");
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->undo(s.desk.store->changes({})->front().sequence, by));
    s.desk.sync();
    CHECK(s.there(guid(1), "nickname").empty());
    CHECK(s.there(guid(1), "department") == "Theirs");
}

TEST_CASE("What left the scope while an answer was missing goes when its part of the answer is clear",
          "[engine][push][I4]")
{
    Setting s;
    s.office.put("contacts", guid(2), R"({"lastname":"Number 2"})");
    s.desk.choose({{"contact", "statecode eq 0"}});
    s.desk.sync();
    s.desk.write_all(
        {{localstore::ChangeKind::update, {"contact", guid(1)}, {{"nickname", std::string("One")}}},
         {localstore::ChangeKind::update, {"contact", guid(2)}, {{"nickname", std::string("Two")}}}},
        localstore::Grouping::one_unit);
    s.lose(Fault::drop_answer);
    s.office.put("contacts", guid(1), R"({"statecode":1})");
    s.office.put("contacts", guid(2), R"({"nickname":"Theirs"})");
    for (int i = 0; i < 3; ++i) {
        (void)s.desk.cycle();
        s.clock->pass(std::chrono::hours{24});
    }
    CHECK(s.open().size() == 1);
    CHECK_FALSE(s.desk.has("contact", guid(1)));
}

TEST_CASE("A lost unit of which one record was deleted here since asks about what others wrote in another",
          "[engine][push][I2]")
{
    Setting s;
    s.desk.write_all(
        {{localstore::ChangeKind::create,
          {"contact", guid(7)},
          {{"lastname", std::string("Poe")},
           {"nickname", std::string("Doc")},
           {"department", std::string("Sales")}}},
         {localstore::ChangeKind::update, {"contact", guid(1)}, {{"jobtitle", std::string("Buyer")}}}},
        localstore::Grouping::one_unit);
    s.lose(Fault::drop_answer);
    s.office.put("contacts", guid(7), R"({"department":"Theirs"})");
    s.desk.erase("contact", guid(1));
    s.desk.edit("contact", guid(7), {{"nickname", Null{}}});
    s.desk.sync();
    REQUIRE(s.open().size() == 1);
    CHECK(s.open().front().key.id == guid(7));
    REQUIRE(s.open().front().columns.size() == 1);
    CHECK(s.open().front().columns.front().column == "department");
    CHECK(s.there(guid(7), "nickname").empty());
    CHECK(s.there(guid(7), "department") == "Theirs");
    CHECK_FALSE(s.office.has("contacts", guid(1)));
}

TEST_CASE("Of a lost edit whose record was deleted here since, what the organization shows is not sent again",
          "[engine][push][I2]")
{
    Setting s;
    s.office.put("contacts", guid(2), R"({"lastname":"Number 2"})");
    s.desk.sync();
    s.desk.edit("contact", guid(1), {{"nickname", std::string("Doc")}, {"department", std::string("Sales")}});
    s.lose(Fault::drop_answer);
    s.office.put("contacts", guid(1), R"({"department":"Theirs"})");
    const auto unit = s.desk.write_all(
        {{localstore::ChangeKind::update, {"contact", guid(2)}, {{"nickname", std::string("Two")}}},
         {localstore::ChangeKind::remove, {"contact", guid(1)}, {}}},
        localstore::Grouping::one_unit);
    s.desk.sync();
    s.office.put("contacts", guid(1), R"({"nickname":"Again"})");
    s.desk.sync();
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->discard(unit.front(), by));
    const auto left = s.desk.store->changes({});
    REQUIRE(left->size() == 1);
    CHECK(left->front().state == localstore::ChangeState::held);
    Desk::check(s.desk.store->release(left->front().sequence, {}));
    s.desk.sync();
    CHECK(s.there(guid(1), "nickname") == "Again");
    CHECK(s.there(guid(1), "department") == "Sales");
    s.desk.check_equal();
}

TEST_CASE("A lost unit of which a new record is not there waits for a person where no deletion is told",
          "[engine][push][I2]")
{
    Setting s;
    const auto unit = s.desk.write_all(
        {{localstore::ChangeKind::update, {"contact", guid(1)}, {{"jobtitle", std::string("Buyer")}}},
         {localstore::ChangeKind::create, {"contact", guid(2)}, {{"lastname", std::string("Two")}}}},
        localstore::Grouping::one_unit);
    s.lose(Fault::drop_answer);
    REQUIRE(s.there(guid(1), "jobtitle") == "Buyer");
    s.office.put("contacts", guid(1), R"({"jobtitle":"Chief"})");
    s.office.erase("contacts", guid(2));
    s.desk.edit("contact", guid(1), {{"fax", std::string("1")}});
    s.office.log.clear();
    const bool unheard = GENERATE(false, true);
    if (unheard)
        s.desk.exchange->script = [](std::size_t, const http::Request& request) {
            const bool asks = (request.url + request.body).find("deltatoken") != std::string::npos;
            return asks ? Fault::busy : Fault::none;
        };
    // From the start: that tells of rows, not of deletions.
    const auto scopes = s.desk.store->scopes();
    for (const localstore::Scope& scope : *scopes)
        if (!unheard)
            REQUIRE(s.desk.store->transact(localstore::Durability::full,
                                           [&](localstore::Transaction& transaction) {
                                               return transaction.rounds.reset(scope.number);
                                           }));
    (void)s.desk.cycle();
    s.desk.exchange->script = {};
    CHECK(s.office.effects(guid(1), "PATCH") == 0);
    CHECK_FALSE(s.office.has("contacts", guid(2)));
    for (const localstore::Sequence change : unit)
        CHECK(s.desk.store->change(change)->state == localstore::ChangeState::held);
    // What was never sent waits for it, and for nobody's word of its own.
    CHECK(s.desk.store->changes({})->back().state == localstore::ChangeState::queued);
    if (unheard) return;
    for (const localstore::Sequence change : unit) (void)s.desk.store->release(change, {});
    s.desk.sync();
    REQUIRE(s.open().size() == 1);
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->resolve(s.open().front().number, {localstore::Side::mine, {}}, by));
    s.desk.sync();
    CHECK(s.office.has("contacts", guid(2)));
    CHECK(s.there(guid(1), "jobtitle") == "Buyer");
    CHECK(s.there(guid(1), "fax") == "1");
}

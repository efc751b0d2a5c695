#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

bool has(const http::Request& request, std::string_view operation)
{
    return request.body.find(operation) != std::string::npos;
}

/// The network carries the first write twice and delivers the second answer, which tells of an outdated
/// version; what is read after it fails, until it is told to answer again.
struct Setting : Workplace {
    Setting()
    {
        fill(office, 1, 1);
        desk.choose({{"contact", ""}});
        desk.sync();
    }

    void push_twice()
    {
        bool written = false;
        desk.exchange->script = [&written](std::size_t, const http::Request& request) {
            if (written) return Fault::busy;
            written = has(request, "PATCH ") || has(request, "DELETE ");
            return written ? Fault::duplicate : Fault::none;
        };
        CHECK_FALSE(desk.cycle());
        REQUIRE(written);
        desk.exchange->script = {};
        clock->pass(std::chrono::hours{1});
    }
    /// Somebody writes before the first write arrives, which is refused; nothing is read after it.
    void push_outrun(const char* json)
    {
        bool written = false;
        desk.exchange->script = [&](std::size_t, const http::Request& request) {
            if (written) return Fault::busy;
            written = has(request, "PATCH ");
            if (written) office.put("contacts", guid(1), json);
            return Fault::none;
        };
        CHECK_FALSE(desk.cycle());
        REQUIRE(written);
        desk.exchange->script = {};
        clock->pass(std::chrono::hours{1});
    }
    localstore::Sequence only_change() const
    {
        const auto changes = desk.store->changes({});
        REQUIRE(changes);
        REQUIRE(changes->size() == 1);
        return changes->front().sequence;
    }
    void undo(localstore::Sequence change)
    {
        localstore::WriteContext by;
        by.now = clock->now();
        REQUIRE(desk.store->undo(change, by));
    }
    std::string there(const std::string& column) { return office.value("contacts", guid(1), column); }
};

} // namespace

TEST_CASE("A creation that the network repeated, and that is undone before it is read, is deleted",
          "[engine][push][I2]")
{
    Setting s;
    const Guid id = s.desk.create("contact", {{"lastname", std::string("Twice")}});
    s.push_twice();
    REQUIRE(s.office.has("contacts", id));
    SECTION("undone")
    {
        s.undo(s.only_change());
    }
    SECTION("deleted")
    {
        s.desk.erase("contact", id);
    }
    s.desk.sync();
    CHECK_FALSE(s.office.has("contacts", id));
    s.desk.check_equal();
}

TEST_CASE("An edit that the network repeated, and that is undone before it is read, is taken back",
          "[engine][push][I2]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"lastname", std::string("Twice")}});
    s.push_twice();
    REQUIRE(s.there("lastname") == "Twice");
    s.undo(s.only_change());
    s.desk.sync();
    CHECK(s.there("lastname") == "Number 1");
    s.desk.check_equal();
}

TEST_CASE("An edit that follows one that the network repeated asks nobody", "[engine][push]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"lastname", std::string("Twice")}});
    s.push_twice();
    s.desk.edit("contact", guid(1), {{"lastname", std::string("Later")}});
    s.desk.sync();
    CHECK(s.there("lastname") == "Later");
    s.desk.check_equal();
}

TEST_CASE("What was refused as outdated and could not be read for a while may have been applied before",
          "[engine][push][I2]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"lastname", std::string("Twice")}});
    s.push_twice();
    s.office.put("contacts", guid(1), R"({"lastname":"Theirs"})");
    s.desk.sync();
    CHECK(s.there("lastname") == "Theirs");
    const auto open = s.desk.store->conflicts({});
    REQUIRE(open);
    REQUIRE(open->size() == 1);
    CHECK(open->front().reason == localstore::ConflictReason::indeterminate);
}

TEST_CASE("A change that was refused as outdated and whose record is read late asks nobody without need",
          "[engine][push][I3]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"lastname", std::string("Mine")}});
    bool written = false;
    s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (written) return Fault::busy;
        written = has(request, "PATCH ");
        if (written) s.office.put("contacts", guid(1), R"({"nickname":"Theirs"})");
        return Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    REQUIRE(written);
    s.desk.exchange->script = {};
    s.clock->pass(std::chrono::hours{1});
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.desk.sync();
    CHECK(s.there("lastname") == "Mine");
    CHECK(s.there("nickname") == "Theirs");
    CHECK(s.there("jobtitle") == "Buyer");
    s.desk.check_equal();
}

TEST_CASE("Of an edit that the network repeated, what somebody wrote over at once is asked about",
          "[engine][push][I2]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"lastname", std::string("Mine")}, {"nickname", std::string("Twice")}});
    std::optional<std::size_t> written;
    s.desk.exchange->script = [&](std::size_t number, const http::Request& request) {
        if (written || !has(request, "PATCH ")) return Fault::none;
        written = number;
        return Fault::duplicate;
    };
    s.desk.exchange->after = [&](std::size_t number) {
        if (number == written) s.office.put("contacts", guid(1), R"({"lastname":"Theirs"})");
    };
    s.desk.sync();
    REQUIRE(written);
    CHECK(s.there("lastname") == "Theirs");
    CHECK(s.there("nickname") == "Twice");
    CHECK(s.office.effects(guid(1), "PATCH") == 3);
    const auto open = s.desk.store->conflicts({});
    REQUIRE(open);
    REQUIRE(open->size() == 1);
    CHECK(open->front().reason == localstore::ConflictReason::indeterminate);
}

TEST_CASE("An edit that somebody made halfway before is not taken for sent", "[engine][push][I1]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"lastname", std::string("Mine")}, {"nickname", std::string("Same")}});
    bool outrun = false;
    s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (!outrun && has(request, "PATCH "))
            s.office.put("contacts", guid(1), R"({"nickname":"Same","jobtitle":"Buyer"})");
        outrun = outrun || has(request, "PATCH ");
        return Fault::none;
    };
    s.desk.sync();
    REQUIRE(outrun);
    CHECK(s.there("lastname") == "Mine");
    CHECK(s.there("jobtitle") == "Buyer");
    s.desk.check_equal();
}

TEST_CASE(
    "Of an edit that the network repeated, what somebody cleared before it is read late is not filled again",
    "[engine][push][I2]")
{
    Setting s;
    s.desk.edit("contact", guid(1),
                {{"department", std::string("Mine")}, {"nickname", std::string("Twice")}});
    s.push_twice();
    REQUIRE(s.there("department") == "Mine");
    SECTION("where the rest is as it was sent")
    {
        s.office.put("contacts", guid(1), R"({"department":null})");
    }
    SECTION("where the rest was overwritten")
    {
        s.office.put("contacts", guid(1), R"({"department":null,"nickname":"Theirs"})");
    }
    s.desk.sync();
    CHECK(s.there("department").empty());
    const auto open = s.desk.store->conflicts({});
    REQUIRE(open);
    REQUIRE(open->size() == 1);
    CHECK(open->front().reason == localstore::ConflictReason::indeterminate);
}

TEST_CASE("A creation that the network repeated, and that others edited and somebody deleted here before it "
          "is read, stays",
          "[engine][push][I5]")
{
    Setting s;
    const Guid id =
        s.desk.create("contact", {{"lastname", std::string("Twice")}, {"firstname", std::string("Ed")}});
    s.push_twice();
    s.office.put("contacts", id, R"({"firstname":"Theirs"})");
    s.desk.erase("contact", id);
    s.desk.sync();
    CHECK(s.office.has("contacts", id));
    CHECK(s.desk.text("contact", id, "firstname") == "Theirs");
    s.desk.check_equal();
}

TEST_CASE("Of a unit that the network repeated, and of which somebody deleted what it made, what was undone "
          "before it is read is taken back",
          "[engine][push][I2]")
{
    Setting s;
    s.desk.write_all(
        {{localstore::ChangeKind::create, {"contact", guid(7)}, {{"lastname", std::string("Made")}}},
         {localstore::ChangeKind::update, {"contact", guid(1)}, {{"firstname", std::string("Twice")}}}},
        localstore::Grouping::one_unit);
    s.push_twice();
    REQUIRE(s.there("firstname") == "Twice");
    const auto erase = [&s] { s.office.erase("contacts", guid(7)); };
    const bool heard = GENERATE(true, false);
    if (heard)
        erase();
    else
        s.desk.exchange->script = [erase, done = false](std::size_t, const http::Request& request) mutable {
            const bool reads = has(request, "contacts(" + guid(7).text());
            if (reads && !std::exchange(done, true)) erase();
            return Fault::none;
        };
    s.desk.edit("contact", guid(1), {{"firstname", std::string("Ann")}});
    s.desk.sync();
    CHECK(s.there("firstname") == "Ann");
    CHECK(s.desk.text("contact", guid(1), "firstname") == "Ann");
    if (!heard) s.desk.sync();
    CHECK_FALSE(s.desk.has("contact", guid(7)));
    s.desk.check_equal();
}

TEST_CASE(
    "A unit that was refused as outdated, and of which somebody wrote one value alike, is asked about though "
    "its new record was deleted here",
    "[engine][push][I1]")
{
    Setting s;
    s.desk.write_all(
        {{localstore::ChangeKind::create, {"contact", guid(7)}, {{"lastname", std::string("Made")}}},
         {localstore::ChangeKind::update,
          {"contact", guid(1)},
          {{"firstname", std::string("Mine")}, {"jobtitle", std::string("Alike")}}}},
        localstore::Grouping::one_unit);
    s.push_outrun(R"({"department":"Theirs"})");
    s.office.put("contacts", guid(1), R"({"jobtitle":"Alike"})");
    s.desk.erase("contact", guid(7));
    s.desk.sync();
    const auto open = s.desk.store->conflicts({});
    REQUIRE(open->size() == 1);
    REQUIRE(open->front().columns.size() == 1);
    CHECK(open->front().columns.front().column == "firstname");
    CHECK(open->front().columns.front().mine == Value{std::string("Mine")});
    CHECK(s.there("firstname") != "Mine");
}

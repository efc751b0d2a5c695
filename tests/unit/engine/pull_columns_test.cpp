// Which columns a pull asks for, and what happens when they change on the other side.

#include "tests/choose_table.h"
#include "tests/engine_world.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::tests;

namespace {

localstore::Scope contact_scope(const Desk& desk)
{
    const auto all = desk.store->scopes();
    for (const localstore::Scope& one : *all)
        if (one.table == "contact") return one;
    return {};
}

engine::CycleRequest whole()
{
    engine::CycleRequest request;
    request.extent = engine::Puller::Extent::full;
    return request;
}

void choose_columns(Desk& desk, const std::vector<std::string>& columns)
{
    Desk::check(choose_table(*desk.store, "contact", {}, columns));
}

} // namespace

TEST_CASE("A column that the organization drops is left out, and one that it adds is pulled for every row",
          "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    office.put("contacts", guid(1), R"({"lastname":"Doe","jobtitle":"Clerk"})");
    office.put("contacts", guid(2), R"({"lastname":"Roe"})");
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    bool dropped = true;
    desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        // An organization that has no job titles: not in the metadata, and refused in a query.
        if (!dropped) return;
        if (request.body.find("EntityDefinitions(LogicalName='contact')") != std::string::npos)
            for (auto at = answer.body.find("\"jobtitle\""); at != std::string::npos;
                 at = answer.body.find("\"jobtitle\""))
                answer.body.replace(at, 10, "\"-\"");
        if (request.url.find("jobtitle") != std::string::npos)
            answer = {
                400,
                {{"Content-Type", "application/json"}},
                R"({"error":{"code":"0x80060888","message":"Could not find a property named 'jobtitle'"}})"};
    };

    SECTION("added later")
    {
        desk.sync();
        CHECK(desk.text("contact", guid(1), "lastname") == "Doe");
        CHECK(desk.text("contact", guid(1), "jobtitle").empty());
        dropped = false;
        clock->pass(std::chrono::hours{25});
        desk.sync();
        CHECK(desk.text("contact", guid(1), "jobtitle") == "Clerk");
        desk.check_equal();
    }
    SECTION("dropped later")
    {
        dropped = false;
        desk.sync();
        CHECK(desk.text("contact", guid(1), "jobtitle") == "Clerk");
        dropped = true;
        const auto report = desk.cycle(whole());
        if (!report) FAIL(report.error().message);
        CHECK(desk.text("contact", guid(2), "lastname") == "Roe");
        CHECK(contact_scope(desk).mode == "delta");
        office.put("contacts", guid(2), R"({"lastname":"Poe"})");
        desk.sync();
        CHECK(desk.text("contact", guid(2), "lastname") == "Poe");
    }
}

TEST_CASE("A scope's column list keeps the rest on the server", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    office.put("contacts", guid(1), R"({"lastname":"Doe","jobtitle":"Clerk","telephone1":"555"})");
    Desk desk(office, clock);
    choose_columns(desk, {"jobtitle"});
    desk.sync();
    CHECK(desk.text("contact", guid(1), "jobtitle") == "Clerk");
    CHECK(desk.text("contact", guid(1), "telephone1").empty());
    for (const auto& seen : desk.exchange->seen)
        if (seen.target.find("/contacts?") != std::string::npos)
            CHECK(seen.target.find("telephone1") == std::string::npos);
}

TEST_CASE("A record with edits takes what is pulled also where the scope names its columns", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    office.put("contacts", guid(1),
               R"({"lastname":"Doe","jobtitle":"Clerk","department":"Sales","telephone1":"555"})");
    Desk desk(office, clock);
    choose_columns(desk, {"jobtitle", "department"});
    desk.sync();
    SECTION("merged, and what stays on the server is left alone")
    {
        const auto edit = desk.write(
            {localstore::ChangeKind::update, {"contact", guid(1)}, {{"jobtitle", std::string("Mine")}}});
        Desk::check(desk.store->hold(edit.front(), "held by you", {}));
        office.put("contacts", guid(1), R"({"department":"Law","telephone1":"556"})");
        desk.sync();
        CHECK(desk.text("contact", guid(1), "department") == "Law");
        CHECK(desk.text("contact", guid(1), "jobtitle") == "Mine");
        if (GENERATE(false, true)) {
            Desk::check(desk.store->release(edit.front(), {}));
            desk.sync();
            CHECK(office.value("contacts", guid(1), "jobtitle") == "Mine");
        } else {
            localstore::WriteContext by;
            by.now = clock->now();
            REQUIRE(desk.store->discard(edit.front(), by));
        }
        CHECK(desk.text("contact", guid(1), "department") == "Law");
        CHECK(office.value("contacts", guid(1), "telephone1") == "556");
    }
    SECTION("the question is about what they have now")
    {
        desk.edit("contact", guid(1), {{"jobtitle", std::string("Mine")}});
        for (const char* theirs : {"Theirs", "Theirs again"}) {
            office.put("contacts", guid(1), R"({"jobtitle":")" + std::string(theirs) + R"("})");
            desk.sync();
            const auto open = desk.store->conflicts({});
            REQUIRE(open->size() == 1);
            CHECK(open->front().columns.front().theirs == Value{std::string(theirs)});
        }
    }
    SECTION("an edit of a column that stays on the server overwrites nothing unseen")
    {
        desk.edit("contact", guid(1), {{"telephone1", std::string("777")}});
        for (const char* theirs : {"556", "557"}) {
            office.put("contacts", guid(1), R"({"telephone1":")" + std::string(theirs) + R"("})");
            desk.sync();
            CHECK(office.value("contacts", guid(1), "telephone1") == theirs);
            const auto open = desk.store->conflicts({});
            REQUIRE(open->size() == 1);
            CHECK(open->front().columns.front().theirs == Value{std::string(theirs)});
        }
    }
}

TEST_CASE("A user pulled by filter also asks for ten tables in one round trip", "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    Desk desk(office, clock, "bob");
    desk.choose({{"account", ""}, {"contact", ""}, {"lead", ""}, {"appointment", ""}, {"task", ""}});
    const server::Answer made =
        office.ask("PATCH", "contacts(" + guid(1).text() + ")", R"({"lastname":"Number 1"})", {}, "bob");
    REQUIRE(made.status / 100 == 2);
    desk.sync();
    desk.sync();
    desk.sync();
    const std::size_t before = desk.exchange->seen.size();
    desk.sync();
    CHECK(desk.exchange->seen.size() - before == 1);
    const server::Answer changed =
        office.ask("PATCH", "contacts(" + guid(1).text() + ")", R"({"jobtitle":"Buyer"})", {}, "bob");
    REQUIRE(changed.status / 100 == 2);
    CHECK(desk.sync().pulled == 1);
    CHECK(desk.text("contact", guid(1), "jobtitle") == "Buyer");
    desk.check_equal();
}

TEST_CASE("A version that could not be read whole for the edits of its record is not passed over",
          "[engine][pull][I4]")
{
    const auto clock = monday();
    Office office(*clock);
    office.put("contacts", guid(1), R"({"lastname":"Doe","department":"Sales","telephone1":"555"})");
    Desk desk(office, clock);
    choose_columns(desk, {"department"});
    desk.sync();
    const auto edit = desk.write(
        {localstore::ChangeKind::update, {"contact", guid(1)}, {{"telephone1", std::string("777")}}});
    Desk::check(desk.store->hold(edit.front(), "held by you", {}));
    office.put("contacts", guid(1), R"({"department":"Law"})");
    desk.exchange->alter = [](const http::Request& request, http::Answer& answer) {
        if (request.body.find("contacts(" + guid(1).text()) != std::string::npos)
            answer = {404, {{"Content-Type", "text/html"}}, "<html>Not Found</html>"};
    };
    CHECK_FALSE(desk.cycle());
    desk.exchange->alter = nullptr;
    clock->pass(std::chrono::hours{1});
    desk.sync();
    CHECK(desk.text("contact", guid(1), "department") == "Law");
}

TEST_CASE("What columns there are is asked again after the time that was chosen, and not before",
          "[engine][pull]")
{
    const auto clock = monday();
    Office office(*clock);
    office.put("contacts", guid(1), R"({"lastname":"Doe"})");
    SynchronizerOptions options;
    options.metadata_every = std::chrono::hours{72};
    Desk desk(office, clock, "ada", options);
    desk.choose({{"contact", ""}});
    const auto asks = [&] {
        const std::size_t before = desk.exchange->seen.size();
        desk.sync();
        return std::any_of(desk.exchange->seen.begin() + static_cast<std::ptrdiff_t>(before),
                           desk.exchange->seen.end(), [](const auto& request) {
                               return request.target.find("EntityDefinitions?") != std::string::npos;
                           });
    };
    CHECK(asks());
    clock->pass(std::chrono::hours{48});
    CHECK_FALSE(asks());
    clock->pass(std::chrono::hours{25});
    CHECK(asks());
}

TEST_CASE(
    "A deletion does not give way to columns that were never read, where nobody wrote after a lost answer",
    "[engine][push][I1]")
{
    const auto clock = monday();
    Office office(*clock, {"ada", "carol"});
    office.put("contacts", guid(1), R"({"lastname":"Doe","jobtitle":"Clerk"})");
    Desk desk(office, clock);
    choose_columns(desk, {"lastname"});
    desk.sync();
    desk.edit("contact", guid(1), {{"lastname", std::string("Roe")}});
    desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("PATCH ") != std::string::npos;
        return lost ? Fault::drop_answer : Fault::none;
    };
    CHECK_FALSE(desk.cycle());
    desk.erase("contact", guid(1));
    desk.exchange->script = {};
    clock->jump(std::chrono::hours{1});
    const bool others = GENERATE(false, true);
    const std::string path = "contacts(" + guid(1).text() + ")";
    if (others) REQUIRE(office.ask("PATCH", path, R"({"jobtitle":"Buyer"})", {}, "carol").status == 204);
    desk.sync();
    CHECK(office.has("contacts", guid(1)) == others);
}

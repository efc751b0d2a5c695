#include "tests/unit/server/fixture.h"

using namespace hawser::server;
using namespace hawser::server::tests;

namespace {

const Headers track = {{"Prefer", "odata.track-changes"}};

/// Follows a round to its end.
struct Round {
    std::vector<json::object> entries;
    std::string link;
    int pages = 0;
};

Round follow(Office& office, const std::string& start, const std::string& preference)
{
    Round round;
    std::string next = start;
    while (!next.empty()) {
        const Reply page = office.get(next, {{"Prefer", preference}});
        INFO(page.answer.body);
        REQUIRE(page.status() == 200);
        REQUIRE(++round.pages < 100);
        for (const json::value& one : page.rows()) round.entries.push_back(one.as_object());
        CHECK(page.has("@odata.nextLink") != page.has("@odata.deltaLink"));
        next = page.has("@odata.nextLink") ? page.text("@odata.nextLink") : "";
        if (page.has("@odata.deltaLink")) round.link = page.text("@odata.deltaLink");
    }
    return round;
}

std::string contact(Office& office, const std::string& name)
{
    return office.id_of("contacts", R"({"lastname":")" + name + R"("})");
}

} // namespace

TEST_CASE("a first round brings every row and no deletion, and the next one what happened since")
{
    Office office;
    const std::string a = contact(office, "a");
    const std::string b = contact(office, "b");
    office.ask("DELETE", row("contacts", contact(office, "early")));
    const Reply first = office.get("contacts?$select=lastname", track);
    CHECK(first.rows().size() == 2);
    CHECK(first.head("Preference-Applied") == "odata.track-changes");
    CHECK(first.text("@odata.context") == std::string(root) + "$metadata#contacts(lastname)");
    const std::string link = first.text("@odata.deltaLink");

    const Reply idle = office.get(link);
    CHECK(idle.rows().empty());
    CHECK(idle.has("@odata.deltaLink"));
    CHECK(idle.text("@odata.context") == std::string(root) + "$metadata#contacts(lastname)/$delta");

    const std::string c = contact(office, "c");
    office.patch(row("contacts", a), R"({"lastname":"a2"})");
    office.ask("DELETE", row("contacts", b));
    const Reply changes = office.get(link);
    REQUIRE(changes.rows().size() == 3);
    CHECK(changes.at(0, "contactid") == c);
    CHECK(changes.at(1, "contactid") == a);
    CHECK(changes.at(1, "lastname") == "a2");
    CHECK(changes.at(2, "id") == b);
    CHECK(changes.at(2, "reason") == "deleted");
    CHECK(changes.at(2, "@odata.context") == std::string(root) + "$metadata#contacts/$deletedEntity");
    CHECK(office.get(changes.text("@odata.deltaLink")).rows().empty());
    const std::string token = link.substr(link.find("$deltatoken="));
    CHECK(office.get("contacts/$count?" + token).answer.body == "3");
}

TEST_CASE("a round of several pages ends with the link, and what happens meanwhile comes in the next")
{
    Office office;
    for (int at = 0; at < 10; ++at) contact(office, std::to_string(at));
    const Reply first =
        office.get("contacts?$select=lastname", {{"Prefer", "odata.track-changes,odata.maxpagesize=4"}});
    CHECK(first.rows().size() == 4);
    const std::string last_row(first.rows()[3].at("contactid").as_string());
    const std::string moved = office.get("contacts?$filter=lastname eq '9'").at(0, "contactid");
    office.patch(row("contacts", moved), R"({"lastname":"nine"})");
    office.ask("DELETE", row("contacts", last_row));
    const Round rest = follow(office, first.text("@odata.nextLink"), "odata.maxpagesize=4");
    CHECK(rest.entries.size() == 5);
    const Round next = follow(office, rest.link, "odata.maxpagesize=1");
    REQUIRE(next.entries.size() == 2);
    CHECK(next.pages == 2);
    CHECK(text_of(next.entries[0], "lastname") == "nine");
    CHECK(text_of(next.entries[1], "id") == last_row);
}

TEST_CASE("a token that is too old is refused, or silently answered with everything")
{
    for (const std::string answer : {"error", "full"}) {
        Office office(Office::with({{"expired_token", answer}, {"change_tracking_retention", "1d"}}));
        const std::string kept = contact(office, "kept");
        const std::string gone = contact(office, "gone");
        const std::string link = office.get("contacts?$select=lastname", track).text("@odata.deltaLink");
        office.ask("DELETE", row("contacts", gone));
        office.now += std::chrono::hours(23);
        CHECK(office.get(link).rows().size() == 1);
        office.now += std::chrono::hours(2);
        const Reply late = office.get(link);
        if (answer == "error") {
            CHECK(late.status() == 400);
            CHECK(late.code() == "0x80044352");
        } else {
            CHECK(late.status() == 200);
            REQUIRE(late.rows().size() == 1);
            CHECK(late.at(0, "contactid") == kept);
            CHECK(late.text("@odata.context").find("$delta") == std::string::npos);
        }
    }
    Office gone(Office::with({{"expired_token_status", "410"}, {"change_tracking_retention", "10"}}));
    const std::string link = gone.get("contacts", track).text("@odata.deltaLink");
    gone.now += std::chrono::seconds(11);
    CHECK(gone.get(link).status() == 410);
}

TEST_CASE("a token from a database that knew more, or of another query, is refused")
{
    Office office;
    contact(office, "a");
    const std::string link = office.get("contacts?$select=lastname", track).text("@odata.deltaLink");
    Office restored;
    CHECK(restored.get(link).code() == "0x80044352");
    CHECK(office.get("contacts?$deltatoken=rubbish").status() == 400);
    CHECK(office.get("contacts?$deltatoken=5%21x").status() == 400);
    for (int at = 0; at < 3; ++at) contact(office, "more");
    const Reply page =
        office.get("contacts?$select=lastname", {{"Prefer", "odata.track-changes,odata.maxpagesize=1"}});
    std::string next = page.text("@odata.nextLink");
    CHECK(office.get(next).status() == 200);
    next.replace(next.find("contacts?$select=lastname"), 25, "contacts?$select=fullname");
    CHECK(office.get(next).status() == 400);
}

TEST_CASE("tracking refuses options, and callers without organization-wide read")
{
    Office office;
    for (const std::string option :
         {"$filter=lastname eq 'x'", "$orderby=lastname", "$expand=createdby", "$top=1"}) {
        const Reply refused = office.get("contacts?" + option, track);
        CHECK(refused.status() == 400);
        CHECK(refused.message() == "The \"" + option.substr(0, option.find('=')) +
                                       "\" query parameter isn't supported when Change Tracking is enabled.");
    }
    office.user = "bob";
    const Reply refused = office.get("contacts", track);
    CHECK(refused.status() == 403);
    CHECK(refused.code() == "0x80040220");
    CHECK(office.get("systemusers?$select=fullname", track).has("@odata.deltaLink"));
}

TEST_CASE("a table that is not tracked answers without a link")
{
    Office office(Office::with({{"change_tracking.task", "false"}}));
    const Reply page = office.get("tasks", track);
    CHECK(page.status() == 200);
    CHECK_FALSE(page.has("@odata.deltaLink"));
    CHECK(office.get("tasks?$deltatoken=5%21x").code() == "0x80072491");
    CHECK(
        office.get(
            "EntityDefinitions(LogicalName='task')?$select=ChangeTrackingEnabled")["ChangeTrackingEnabled"] ==
        false);
}

TEST_CASE("a deletion of a row that lives again is told only when the setting asks for it")
{
    for (const bool told : {false, true}) {
        Office office(Office::with({{"deletes_of_living", told ? "true" : "false"}}));
        office.patch(row("contacts", some_id), R"({"lastname":"x"})");
        const std::string link = office.get("contacts?$select=lastname", track).text("@odata.deltaLink");
        office.ask("DELETE", row("contacts", some_id));
        office.patch(row("contacts", some_id), R"({"lastname":"again"})");
        CHECK(office.get(link).rows().size() == (told ? 2u : 1u));
    }
}

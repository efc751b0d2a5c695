#include "tests/unit/server/fixture.h"

#include <set>

using namespace hawser::server;
using namespace hawser::server::tests;

namespace {

/// Names of the contacts that meet a filter, in order.
std::string names(Office& office, const std::string& filter)
{
    const Reply page = office.get("contacts?$select=lastname&$orderby=lastname&$filter=" + filter);
    INFO(filter << " " << page.answer.body);
    REQUIRE(page.status() == 200);
    std::string found;
    for (const json::value& one : page.rows()) found += text_of(one, "lastname") + " ";
    return found;
}

void add_people(Office& office)
{
    office.make("contacts",
                R"({"lastname":"Adams","firstname":"Eve","gendercode":2,"creditlimit":10,"donotemail":true,
        "birthdate":"1990-05-01"})");
    office.make("contacts", R"({"lastname":"berg","firstname":"O'Hara","gendercode":1,"creditlimit":20.5})");
    office.make("contacts", R"({"lastname":"Cole","birthdate":"2000-01-01"})");
}

} // namespace

TEST_CASE("filters compare text without regard to case, and nothing compares with null")
{
    Office office;
    add_people(office);
    CHECK(names(office, "lastname eq 'ADAMS'") == "Adams ");
    CHECK(names(office, "lastname ne 'adams'") == "berg Cole ");
    CHECK(names(office, "firstname ne 'eve'") == "berg ");
    CHECK(names(office, "firstname eq 'o''hara'") == "berg ");
    CHECK(names(office, "firstname eq null") == "Cole ");
    CHECK(names(office, "firstname ne null") == "Adams berg ");
    CHECK(names(office, "gendercode gt 1") == "Adams ");
    CHECK(names(office, "creditlimit ge 10 and creditlimit lt 20.5") == "Adams ");
    CHECK(names(office, "donotemail eq true") == "Adams ");
    CHECK(names(office, "birthdate le 1995-01-01") == "Adams ");
    CHECK(names(office, "createdon gt 2020-01-01T00:00:00Z") == "Adams berg Cole ");
    CHECK(names(office, "contains(lastname,'D')") == "Adams ");
    CHECK(names(office, "startswith(lastname,'B') or endswith(lastname,'le')") == "berg Cole ");
    CHECK(names(office, "not (startswith(lastname,'b') or lastname eq 'cole')") == "Adams ");
    CHECK(names(office, "(lastname eq 'adams' or lastname eq 'berg') and gendercode eq 1") == "berg ");
    CHECK(
        names(office, "Microsoft.Dynamics.CRM.In(PropertyName='lastname',PropertyValues=['cole','adams'])") ==
        "Adams Cole ");
    CHECK(names(office, "Microsoft.Dynamics.CRM.EqualUserId(PropertyName='ownerid')") == "Adams berg Cole ");
    CHECK(names(office, "_ownerid_value ne null and _parentcustomerid_value eq null") == "Adams berg Cole ");
}

TEST_CASE("a filter by id, by parent and by version finds the same as a walk over all rows")
{
    Office office;
    add_people(office);
    const std::string account = office.id_of("accounts", R"({"name":"x"})");
    const Reply member = office.make(
        "contacts", R"({"lastname":"Dunn",)" + bound("parentcustomerid_account", "accounts", account) + "}");
    CHECK(names(office, "_parentcustomerid_value eq " + account) == "Dunn ");
    CHECK(names(office, "parentcustomerid_account/accountid eq " + account) == "Dunn ");
    CHECK(names(office, "contactid eq " + member.text("contactid")) == "Dunn ");
    CHECK(names(office, "contactid eq " + member.text("contactid") + " and lastname eq 'x'").empty());
    const std::string version = std::to_string(member["versionnumber"].as_int64());
    CHECK(names(office, "versionnumber ge " + version) == "Dunn ");
    CHECK(names(office, "versionnumber gt " + version).empty());
    CHECK(names(office, "versionnumber lt " + version) == "Adams berg Cole ");
    const Reply page =
        office.get("contacts?$select=lastname&$filter=versionnumber gt 0&$orderby=versionnumber asc");
    CHECK(page.at(3, "lastname") == "Dunn");
}

TEST_CASE("a query that is not understood is refused with 400 and never guessed")
{
    Office office;
    for (const std::string query :
         {"$filter=nonsense eq 1",
          "$filter=lastname eq",
          "$filter=lastname eq 'x",
          "$filter=lastname like 'x'",
          "$filter=(lastname eq 'x'",
          "$filter=lastname eq 'x')",
          "$filter=gendercode eq 'x'",
          "$filter=lastname eq 5",
          "$filter=length(lastname) eq 5",
          "$filter=and",
          "$filter=createdon gt yesterday",
          "$select=nonsense",
          "$orderby=nonsense",
          "$orderby=lastname sideways",
          "$expand=nonsense",
          "$top=x",
          "$count=maybe",
          "$search=x",
          "$skiptoken=x",
          "$filter=Microsoft.Dynamics.CRM.In(PropertyName='lastname',PropertyValues=[])"}) {
        INFO(query);
        const Reply reply = office.get("contacts?" + query);
        CHECK(reply.status() == 400);
        CHECK_FALSE(reply.message().empty());
    }
    std::string deep = "lastname eq 'x'";
    for (int at = 0; at < 100; ++at) deep = "(" + deep + ")";
    CHECK(office.get("contacts?$filter=" + deep).code() == "0x8004027c");
    std::string wide = "lastname eq 'x'";
    for (int at = 0; at < 600; ++at) wide += " or lastname eq 'x'";
    CHECK(office.get("contacts?$filter=" + wide).code() == "0x8004027c");
}

TEST_CASE("order, top, count and select shape the answer")
{
    Office office;
    add_people(office);
    const Reply page =
        office.get("contacts?$select=lastname&$orderby=gendercode desc,lastname&$count=true&$top=2");
    CHECK(page["@odata.count"].as_int64() == 3);
    CHECK(page.rows().size() == 2);
    CHECK(page.at(0, "lastname") == "Adams");
    CHECK_FALSE(page.has("@odata.nextLink"));
    CHECK(page.rows()[0].as_object().size() == 3);
    CHECK(office.get("contacts/$count").answer.body == "3");
    CHECK(office.get("contacts/$count?$filter=gendercode eq 1").answer.body == "1");
    CHECK(office.get("RetrieveTotalRecordCount(EntityNames=['contact'])")["EntityRecordCountCollection"]
              .as_object()
              .at("Values")
              .as_array() == json::array{3});
}

TEST_CASE("targets and collections are expanded, one inside the other")
{
    Office office;
    const std::string account = office.id_of("accounts", R"({"name":"Works"})");
    office.make("contacts",
                R"({"lastname":"a",)" + bound("parentcustomerid_account", "accounts", account) + "}");
    office.make("contacts",
                R"({"lastname":"b",)" + bound("parentcustomerid_account", "accounts", account) + "}");
    const Reply page = office.get(
        "accounts(" + account +
        ")?$select=name&$expand=contact_customer_accounts($select=lastname;"
        "$filter=lastname ne 'a';$expand=parentcustomerid_account($select=name)),primarycontactid");
    INFO(page.answer.body);
    CHECK(page["primarycontactid"].is_null());
    const json::array& members = page["contact_customer_accounts"].as_array();
    REQUIRE(members.size() == 1);
    CHECK(members[0].at("parentcustomerid_account").at("name") == "Works");
    CHECK(office.get("accounts(" + account + ")/primarycontactid").status() == 204);
    CHECK(office.get("contacts?$expand=createdby($expand=createdby($expand=createdby($expand=createdby)))")
              .status() == 400);
}

TEST_CASE("pages keep their place while rows come, go and change")
{
    for (const std::string order :
         {"", "&$orderby=lastname", "&$orderby=lastname desc", "&$orderby=contactid"}) {
        Office office;
        for (int at = 0; at < 20; ++at)
            office.make("contacts", R"({"lastname":"n)" + std::to_string(10 + at) + R"("})");
        const Headers size = {{"Prefer", "odata.maxpagesize=6"}};
        Reply page = office.get("contacts?$select=lastname" + order, size);
        std::vector<std::string> seen;
        std::vector<std::string> all;
        for (int number = 0;; ++number) {
            for (std::size_t at = 0; at < page.rows().size(); ++at) seen.push_back(page.at(at, "contactid"));
            if (number == 0) {
                // What was seen is deleted or changed; the places of the others must not shift.
                office.ask("DELETE", row("contacts", seen[0]));
                office.patch(row("contacts", seen[1]), R"({"jobtitle":"x"})");
            }
            if (!page.has("@odata.nextLink")) break;
            page = office.get(page.text("@odata.nextLink"), size);
            REQUIRE(page.status() == 200);
        }
        INFO(order);
        CHECK(seen.size() == 20);
        CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 20);
    }
}

TEST_CASE("a page holds at most 5,000 rows, and the last full page has no next link")
{
    Office office(Office::with({{"max_page_size", "8"}}));
    for (int at = 0; at < 16; ++at) office.make("contacts", R"({"lastname":"x"})");
    const Reply page = office.get("contacts?$select=lastname", {{"Prefer", "odata.maxpagesize=100000"}});
    CHECK(page.rows().size() == 8);
    const Reply last = office.get(page.text("@odata.nextLink"));
    CHECK(last.rows().size() == 8);
    CHECK_FALSE(last.has("@odata.nextLink"));
    // A token belongs to its query.
    std::string other = page.text("@odata.nextLink");
    CHECK(office.get(other + "&$orderby=lastname").status() == 400);
}

TEST_CASE("labels of choices, states, dates and money come as formatted values when asked for")
{
    Office office;
    const Reply made = office.make(
        "opportunities", R"({"name":"x","estimatedvalue":1234567.5,"estimatedclosedate":"2026-05-01"})");
    const std::string path = row("opportunities", made.text("opportunityid"));
    const Reply read =
        office.get(path, {{"Prefer", "odata.include-annotations=\"OData.Community.Display.V1.*\""}});
    const auto label = [&](const std::string& column) {
        return read.text((column + "@OData.Community.Display.V1.FormattedValue").c_str());
    };
    CHECK(label("statecode") == "Open");
    CHECK(label("statuscode") == "In Progress");
    CHECK(label("estimatedvalue") == "$1,234,567.50");
    CHECK(label("estimatedclosedate") == "5/1/2026");
    CHECK(label("createdon") == "3/14/2026 12:00 AM");
    CHECK(label("_ownerid_value") == "Ada Sample");
    CHECK_FALSE(read.has("_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"));
}

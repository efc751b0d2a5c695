#include "tests/unit/server/fixture.h"

using namespace hawser::server::tests;

namespace {
const std::string contact = row("contacts", some_id);
const std::string stale = "W/\"1\"";
} // namespace

TEST_CASE("a PATCH without a condition creates an absent row with the given id and updates a present one")
{
    Office office;
    const Reply created = office.patch(contact, R"({"lastname":"One"})");
    CHECK(created.status() == 204);
    CHECK(created.head("OData-EntityId") == std::string(root) + contact);
    const Reply updated =
        office.patch(contact, R"({"lastname":"Two"})", {{"Prefer", "return=representation"}});
    CHECK(updated.status() == 200);
    CHECK(updated.text("lastname") == "Two");
    CHECK(office.organization->count("contact") == 1);
}

TEST_CASE("a created row comes back with 201 when its representation is wanted")
{
    Office office;
    const Reply made = office.patch(contact + "?$select=lastname", R"({"lastname":"One","firstname":"F"})",
                                    {{"If-None-Match", "*"}, {"Prefer", "return=representation"}});
    CHECK(made.status() == 201);
    CHECK(made.text("contactid") == some_id);
    CHECK(made.text("lastname") == "One");
    CHECK_FALSE(made.has("firstname"));
    CHECK(made.head("OData-EntityId").empty());
    CHECK(made.head("ETag") == made.text("@odata.etag"));
}

TEST_CASE("an absent row refuses If-Match with 404 in the organization's words")
{
    Office office;
    for (const std::string& condition : {std::string("*"), stale}) {
        const Reply refused = office.patch(contact, R"({"lastname":"X"})", {{"If-Match", condition}});
        CHECK(refused.status() == 404);
        CHECK(refused.code() == "0x80040217");
        CHECK(refused.message() == std::string("contact With Id = ") + some_id + " Does Not Exist");
        CHECK(office.ask("DELETE", contact, {}, {{"If-Match", condition}}).status() == 404);
    }
    CHECK(office.ask("DELETE", contact).status() == 404);
    CHECK(office.organization->count("contact") == 0);
}

TEST_CASE("a present row accepts its own version and refuses another with 412")
{
    Office office;
    office.patch(contact, R"({"lastname":"One"})");
    const std::string etag = office.get(contact).text("@odata.etag");
    for (const char* nothing : {"", "   "}) {
        CHECK(office.patch(contact, R"({"lastname":"Lost"})", {{"If-Match", nothing}}).status() == 400);
        CHECK(office.ask("DELETE", contact, {}, {{"If-Match", nothing}}).status() == 400);
    }
    const Reply refused = office.patch(contact, R"({"lastname":"Lost"})", {{"If-Match", stale}});
    CHECK(refused.status() == 412);
    CHECK(refused.code() == "0x80060882");
    CHECK(office.get(contact).text("lastname") == "One");
    CHECK(office.patch(contact, R"({"lastname":"Two"})", {{"If-Match", etag}}).status() == 204);
    CHECK(office.patch(contact, R"({"lastname":"Three"})", {{"If-Match", etag}}).status() == 412);
    CHECK(office.patch(contact, R"({"lastname":"Four"})", {{"If-Match", "*"}}).status() == 204);
    CHECK(office.ask("DELETE", contact, {}, {{"If-Match", etag}}).status() == 412);
    CHECK(
        office.ask("DELETE", contact, {}, {{"If-Match", office.get(contact).text("@odata.etag")}}).status() ==
        204);
    CHECK(office.organization->count("contact") == 0);
}

TEST_CASE("If-None-Match * refuses a present row with 412, and null is no condition")
{
    Office office;
    CHECK(office.patch(contact, R"({"lastname":"One"})", {{"If-None-Match", "*"}}).status() == 204);
    const Reply refused = office.patch(contact, R"({"lastname":"Two"})", {{"If-None-Match", "*"}});
    CHECK(refused.status() == 412);
    CHECK(refused.message() == "A record with matching key values already exists.");
    CHECK(office.patch(contact, R"({"lastname":"Two"})", {{"If-None-Match", "null"}}).status() == 204);
    CHECK(office.patch(contact, "{}", {{"If-None-Match", "*"}, {"If-Match", "*"}}).status() == 400);
    CHECK(office.patch(contact, "{}", {{"If-Match", "rubbish"}}).status() == 400);
}

TEST_CASE("a POST takes the id of the body, and a repeat is a duplicate")
{
    Office office;
    const std::string body = std::string(R"({"lastname":"One","contactid":")") + some_id + R"("})";
    CHECK(office.post("contacts", body).head("OData-EntityId") == std::string(root) + contact);
    const Reply repeat = office.post("contacts", body);
    CHECK(repeat.status() == 412);
    CHECK(repeat.code() == "0x80040237");
    CHECK(office.post("contacts", R"({"lastname":"No id"})").status() == 204);
    CHECK(office.organization->count("contact") == 2);
}

TEST_CASE("a GET with the present version answers 304, but not with annotations or expansions")
{
    Office office;
    office.patch(contact, R"({"lastname":"One"})");
    const std::string etag(office.get(contact).head("ETag"));
    CHECK(office.get(contact, {{"If-None-Match", etag}}).status() == 304);
    CHECK(office.get(contact, {{"If-None-Match", stale}}).status() == 200);
    CHECK(office.get(contact, {{"If-None-Match", etag}, {"Prefer", "odata.include-annotations=\"*\""}})
              .status() == 200);
    CHECK(office.get(contact + "?$expand=createdby", {{"If-None-Match", etag}}).status() == 200);
    CHECK(office.get(row("contacts", other_id), {{"If-None-Match", etag}}).status() == 404);
}

TEST_CASE("a table without optimistic concurrency refuses a version")
{
    Office office;
    const std::string me = office.get("WhoAmI").text("UserId");
    const Reply refused =
        office.patch(row("usersettingscollection", me), R"({"timezonecode":110})", {{"If-Match", stale}});
    CHECK(refused.status() == 400);
    CHECK(refused.code() == "0x8006088d");
    CHECK(office.patch(row("usersettingscollection", me), R"({"timezonecode":110})").status() == 204);
}

TEST_CASE("the documented empty error codes can be had")
{
    Office office(Office::with({{"empty_codes", "true"}}));
    CHECK(office.get(contact).code().empty());
}

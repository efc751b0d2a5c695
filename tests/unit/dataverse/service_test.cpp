#include "sample.h"
#include "tests/catch.h"
#include "transport/dataverse/identity.h"

using namespace hawser;
using namespace hawser::dataverse;

TEST_CASE("an organization's address may carry a path, a port and the API's own path", "[service]")
{
    const std::pair<std::string, std::string> cases[] = {
        {"https://Org.example", "https://org.example/api/data/v9.2/"},
        {"https://org.example/", "https://org.example/api/data/v9.2/"},
        {"https://org.example/crm/", "https://org.example/crm/api/data/v9.2/"},
        {"https://org.example:443/api/data/v9.1", "https://org.example/api/data/v9.1/"},
        {"http://127.0.0.1:8080/crm/api/data/v9.2//", "http://127.0.0.1:8080/crm/api/data/v9.2/"},
    };
    for (const auto& [given, root] : cases) CHECK(parse_service(given)->root == root);
    CHECK(parse_service("https://org.example:8443/crm")->path() == "/crm/api/data/v9.2/");
    CHECK(parse_service("https://org.example:8443/crm")->host() == "org.example:8443");
    for (const std::string bad :
         {"org.example", "ftp://org.example", "https://org.example/?x=1", "https://u:p@org.example"})
        CHECK(parse_service(bad).error().code == "odata.bad_url");
}

TEST_CASE("every request says who it is and carries no token", "[service]")
{
    const auto request = who_am_i(sample::service(), sample::request_id);
    CHECK(request.method == "GET");
    CHECK(request.url == "https://org.example/api/data/v9.2/WhoAmI");
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {"Accept", "application/json"},
             {"OData-MaxVersion", "4.0"},
             {"OData-Version", "4.0"},
             {"If-None-Match", "null"},
             {"x-ms-client-request-id", sample::request_id.text()}}) {
        REQUIRE(http::find_header(request.headers, name));
        CHECK(*http::find_header(request.headers, name) == value);
    }
    CHECK_FALSE(http::find_header(request.headers, "Authorization"));
}

TEST_CASE("who is signed in is read with the server's hint", "[service]")
{
    auto answer = sample::answer(200, R"({"@odata.context":"x","BusinessUnitId":")" + sample::third.text() +
                                          R"(","UserId":")" + sample::second.text() +
                                          R"(","OrganizationId":")" + sample::first.text() + "\"}");
    answer.headers.push_back({"x-ms-dop-hint", "4"});
    const auto identity = parse_who_am_i(answer, sample::now);
    REQUIRE(identity);
    CHECK(identity->organization_id == sample::first);
    CHECK(identity->user_id == sample::second);
    CHECK(identity->business_unit_id == sample::third);
    CHECK(identity->parallelism_hint == 4);
    CHECK(parse_who_am_i(sample::answer(401), sample::now).error().kind == ErrorKind::sign_in);
    CHECK(parse_who_am_i(sample::answer(200, "<html>", "text/html"), sample::now).error().code ==
          "net.captive_portal");
    CHECK(parse_who_am_i(sample::answer(200, "{}"), sample::now).error().code == "server.bad_answer");
    CHECK(parse_who_am_i(sample::answer(200, R"({"UserId":7})"), sample::now).error().code ==
          "server.bad_answer");
    CHECK(parse_who_am_i(sample::answer(200, "{"), sample::now).error().code == "server.bad_answer");
    CHECK(parse_who_am_i(sample::answer(200), sample::now).error().code == "server.bad_answer");
}

TEST_CASE("a degree of parallelism is a small whole number or nothing", "[service]")
{
    const auto hint = [](std::string text) {
        auto answer = sample::answer(200);
        answer.headers.push_back({"X-MS-DOP-HINT", std::move(text)});
        return parallelism_hint(answer);
    };
    CHECK(hint("8") == 8);
    CHECK(hint("1000") == 52);
    for (const auto* bad : {"", "0", "-1", "many", "4.5", "99999999999999"}) CHECK_FALSE(hint(bad));
    CHECK_FALSE(parallelism_hint(sample::answer(200)));
}

TEST_CASE("version, settings and privileges are read, and a forbidden settings row is no failure",
          "[service]")
{
    CHECK(*parse_version(sample::answer(200, R"({"Version":"9.2.24011.00190"})"), sample::now) ==
          "9.2.24011.00190");
    CHECK_FALSE(parse_version(sample::answer(200, "{}"), sample::now));

    const auto settings = parse_organization_settings(
        sample::answer(
            200,
            R"({"name":"Org","expirechangetrackingindays":30,"maxuploadfilesize":5242880,"blockedattachments":"exe"})"),
        sample::now);
    REQUIRE(settings);
    CHECK(settings->name == "Org");
    CHECK(settings->change_tracking_days == 30);
    CHECK(settings->max_upload_bytes == 5'242'880);
    CHECK_FALSE(settings->max_appointment_days);
    const auto forbidden =
        parse_organization_settings(sample::answer(403, sample::error_json("0x80040220", "no")), sample::now);
    REQUIRE(forbidden);
    CHECK_FALSE(forbidden->change_tracking_days);
    CHECK_FALSE(parse_organization_settings(sample::answer(401), sample::now));
    CHECK_FALSE(parse_organization_settings(sample::answer(503), sample::now));

    const auto privileges = parse_user_privileges(
        sample::answer(
            200,
            R"({"RolePrivileges":[{"PrivilegeName":"prvReadContact","Depth":"Global"},{"Depth":"Basic"},7,)"
            R"({"PrivilegeName":"prvSyncToOutlook","Depth":"Basic"}]})"),
        sample::now);
    REQUIRE(privileges);
    REQUIRE(privileges->size() == 2);
    CHECK((*privileges)[0].name == "prvReadContact");
    CHECK((*privileges)[0].depth == Privilege::Depth::global);
    CHECK_FALSE(parse_user_privileges(sample::answer(200, "{}"), sample::now));
}

#include "tests/unit/server/fixture.h"

using namespace hawser;
using namespace hawser::server;
using namespace hawser::server::tests;

TEST_CASE("an address that leads nowhere is refused")
{
    Office office;
    const std::string row_address = "/api/data/v9.2/contacts(" + std::string(some_id);
    const std::vector<std::string> targets = {"",
                                              "/",
                                              "/api/data/",
                                              "/api/data/v9.2/nowhere",
                                              "/api/data/v9.2/contacts(x)",
                                              row_address + ")/nowhere",
                                              row_address,
                                              "/api/data/v9.2/%zz",
                                              "/api/data/v9.2/contacts(fullname='x')",
                                              "contacts",
                                              "/../../etc/passwd"};
    for (const std::string& target : targets) {
        Request request{
            "GET", target, {{"Authorization", "Bearer " + office.organization->users().front().token}}, ""};
        const Answer answer = office.organization->handle(request, office.now, *office.random);
        INFO(target);
        CHECK(answer.status >= 400);
        CHECK(answer.status < 500);
    }
}

TEST_CASE("methods that do not fit an address answer 405")
{
    Office office;
    CHECK(office.ask("DELETE", "contacts").status() == 405);
    CHECK(office.patch("contacts", "{}").status() == 405);
    CHECK(office.ask("PUT", row("contacts", some_id), "{}").status() == 405);
    CHECK(office.ask("TRACE", "contacts").status() == 405);
    CHECK(office.post("WhoAmI", "{}").status() == 405);
}

TEST_CASE("bodies that are too large, too deep or no UTF-8 are refused")
{
    Office office(Office::with({{"max_request_body", "1000"}}));
    CHECK(office.post("contacts", std::string(1001, ' ')).status() == 413);
    CHECK(office.post("contacts", std::string(900, '[')).status() == 400);
    CHECK(office.post("contacts", "{\"lastname\":\"\xff\xfe\"}").status() == 400);
    CHECK(office.post("contacts", R"({"lastname":"\ud800"})").status() == 400);
    CHECK(office.post("contacts", R"({"lastname":"x","creditlimit":1e400})").status() == 400);
    CHECK(office.post("contacts", R"({"lastname":"x","importsequencenumber":99999999999})").status() == 400);
    CHECK(office.organization->count("contact") == 0);
}

TEST_CASE("random requests never break the organization")
{
    Office office;
    office.make("contacts", R"({"lastname":"x"})");
    const std::vector<std::string> pieces = {"contacts",
                                             "(",
                                             ")",
                                             "emails",
                                             "$batch",
                                             "?",
                                             "&",
                                             "$filter=",
                                             "$select=",
                                             "$expand=",
                                             "$orderby=",
                                             "lastname",
                                             " eq ",
                                             "'",
                                             "null",
                                             "$skiptoken=",
                                             "$deltatoken=",
                                             "1000001!03/14/2026 00:00:00",
                                             "fetchXml=",
                                             "<fetch>",
                                             "/",
                                             "$ref",
                                             "$value",
                                             "$count",
                                             "%",
                                             "%00",
                                             "(((((",
                                             "EntityDefinitions",
                                             "Attributes",
                                             "\xff",
                                             "WhoAmI",
                                             some_id,
                                             ",",
                                             ";",
                                             "Microsoft.Dynamics.CRM.",
                                             "In",
                                             "[",
                                             "]",
                                             "email_activity_parties",
                                             "{\"a\":",
                                             "}",
                                             "--x\r\n"};
    const std::vector<std::string> methods = {"GET", "POST", "PATCH", "PUT", "DELETE"};
    const auto random = seeded_random(99);
    for (int round = 0; round < 5000; ++round) {
        std::string path;
        std::string body;
        for (std::uint64_t left = below(*random, 9); left > 0; --left)
            path += pieces[below(*random, pieces.size())];
        for (std::uint64_t left = below(*random, 6); left > 0; --left)
            body += pieces[below(*random, pieces.size())];
        const Reply reply = office.ask(methods[below(*random, methods.size())], path, body,
                                       {{"Content-Type", "multipart/mixed; boundary=x"}, {"Prefer", path}});
        INFO(path << "\n" << body);
        REQUIRE(reply.status() >= 200);
        REQUIRE(reply.status() < 500);
    }
    CHECK(office.get("WhoAmI").status() == 200);
}

TEST_CASE("an address may carry a path before the service")
{
    OrganizationOptions options;
    options.path_prefix = "/crm";
    Office office(std::move(options));
    const std::string token = "Bearer " + office.organization->users().front().token;
    const auto status = [&](const std::string& target) {
        Request request{"GET", target, {{"Authorization", token}, {"Host", "h"}}, ""};
        return office.organization->handle(request, office.now, *office.random).status;
    };
    CHECK(status("/crm/api/data/v9.2/WhoAmI") == 200);
    CHECK(status("/crm/api/data/v9.1/WhoAmI") == 200);
    CHECK(status("/api/data/v9.2/WhoAmI") == 404);
    CHECK(status("/other/api/data/v9.2/WhoAmI") == 404);
}

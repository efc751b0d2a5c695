#include "tests/unit/server/fixture.h"

using namespace hawser::server;
using namespace hawser::server::tests;

namespace {

/// One operation's part of a multipart body.
std::string operation(const std::string& line, const std::string& headers = {}, const std::string& body = {},
                      const std::string& content_id = {})
{
    std::string text = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n";
    if (!content_id.empty()) text += "Content-ID: " + content_id + "\r\n";
    return text + "\r\n" + line + " HTTP/1.1\r\nContent-Type: application/json\r\n" + headers + "\r\n" +
           body + "\r\n";
}

std::string multipart(const std::string& boundary, const std::vector<std::string>& parts)
{
    std::string text;
    for (const std::string& part : parts) text += "--" + boundary + "\r\n" + part;
    return text + "--" + boundary + "--\r\n";
}

std::string change_set(const std::vector<std::string>& parts)
{
    return "Content-Type: multipart/mixed; boundary=changeset_1\r\n\r\n" + multipart("changeset_1", parts);
}

Reply send(Office& office, const std::vector<std::string>& parts, const std::string& preference = {})
{
    Headers headers = {{"Content-Type", "multipart/mixed; boundary=\"batch_1\""}};
    if (!preference.empty()) headers.emplace_back("Prefer", preference);
    return office.post("$batch", multipart("batch_1", parts), headers);
}

/// The statuses of the parts, in order.
std::vector<int> statuses(const Reply& reply)
{
    std::vector<int> found;
    const std::string& text = reply.answer.body;
    for (auto at = text.find("HTTP/1.1 "); at != std::string::npos; at = text.find("HTTP/1.1 ", at + 1))
        found.push_back(std::stoi(text.substr(at + 9, 3)));
    return found;
}

const std::string contacts = "/api/data/v9.2/contacts";
const std::string first = contacts + "(" + some_id + ")";
const std::string second = std::string("http://organization.test") + contacts + "(" + other_id + ")";

} // namespace

TEST_CASE("a batch runs its parts in order, with absolute and relative addresses")
{
    Office office;
    const Reply reply = send(
        office, {operation("PATCH " + first, "If-None-Match: *\r\n", R"({"lastname":"One"})"),
                 operation("PATCH " + second, "Prefer: return=representation\r\n", R"({"lastname":"Two"})"),
                 operation("GET " + contacts + "?$select=lastname"),
                 operation("DELETE contacts(" + std::string(some_id) + ")")});
    CHECK(reply.status() == 200);
    CHECK(statuses(reply) == std::vector<int>{204, 201, 200, 204});
    CHECK(reply.head("Content-Type").substr(0, 38) == "multipart/mixed; boundary=batchrespons");
    CHECK(reply.answer.body.find("OData-EntityId: " + std::string(root) + "contacts(" + some_id + ")") !=
          std::string::npos);
    CHECK(office.organization->count("contact") == 1);
}

TEST_CASE("a batch stops at the first error, keeps what was done, and has the error's status outside")
{
    Office office;
    office.patch(row("contacts", some_id), R"({"lastname":"One"})");
    const std::vector<std::string> parts = {
        operation("PATCH " + second, "", R"({"lastname":"Two"})"),
        operation("PATCH " + first, "If-Match: W/\"1\"\r\n", R"({"lastname":"Lost"})"),
        operation("PATCH " + second, "", R"({"lastname":"Three"})")};
    const Reply stopped = send(office, parts);
    CHECK(stopped.status() == 412);
    CHECK(statuses(stopped) == std::vector<int>{204, 412});
    CHECK(office.get(row("contacts", other_id)).text("lastname") == "Two");

    const Reply went_on = send(office, parts, "odata.continue-on-error");
    CHECK(went_on.status() == 200);
    CHECK(statuses(went_on) == std::vector<int>{204, 412, 204});
    CHECK(office.get(row("contacts", other_id)).text("lastname") == "Three");
    CHECK(office.get(row("contacts", some_id)).text("lastname") == "One");
}

TEST_CASE("a change set is all or nothing, and nothing of it is in the write log when it fails")
{
    Office office;
    const auto set = [&](const std::string& condition) {
        return change_set({operation("PATCH " + first, "If-None-Match: *\r\n", R"({"lastname":"One"})", "1"),
                           operation("PATCH " + second, condition, R"({"lastname":"Two"})", "2")});
    };
    const Reply failed =
        send(office, {set("If-Match: *\r\n"), operation("GET " + contacts)}, "odata.continue-on-error");
    CHECK(failed.status() == 200);
    CHECK(statuses(failed) == std::vector<int>{404, 200});
    CHECK(office.organization->count("contact") == 0);
    CHECK(office.log.empty());

    const Reply done = send(office, {set("If-None-Match: *\r\n")});
    CHECK(statuses(done) == std::vector<int>{204, 204});
    CHECK(done.answer.body.find("multipart/mixed; boundary=changesetresponse_") != std::string::npos);
    CHECK(done.answer.body.find("Content-ID: 2") != std::string::npos);
    CHECK(office.log.size() == 2);
}

TEST_CASE("the write log tells which part of a batch a write belongs to")
{
    Office office;
    send(office, {operation("GET " + contacts),
                  change_set({operation("PATCH " + first, "", R"({"lastname":"One"})", "1"),
                              operation("PATCH " + second, "", R"({"lastname":"Two"})", "2")}),
                  operation("PATCH " + first, "", R"({"lastname":"Three"})")});
    office.patch(row("contacts", some_id), R"({"lastname":"Four"})");
    std::vector<std::int64_t> parts;
    for (const std::string& line : office.log)
        parts.push_back(json::parse(line).at("part").to_number<std::int64_t>());
    CHECK(parts == std::vector<std::int64_t>{2, 2, 3, 0});
}

TEST_CASE("later parts of a change set refer to earlier ones by content id")
{
    Office office;
    const Reply reply = send(
        office,
        {change_set({operation("POST " + contacts, "", R"({"lastname":"One"})", "1"),
                     operation("POST /api/data/v9.2/accounts", "",
                               R"({"name":"Works","primarycontactid@odata.bind":"$1"})", "2"),
                     operation("PUT $1/jobtitle", "", R"({"value":"Chief"})", "3"),
                     operation("PATCH $2", "", R"({"accountnumber":"7"})", "4"),
                     operation("PUT $1/parentcustomerid_account/$ref", "", R"({"@odata.id":"$2"})", "5")})});
    INFO(reply.answer.body);
    CHECK(statuses(reply) == std::vector<int>{204, 204, 204, 204, 204});
    const Reply account =
        office.get("accounts?$expand=primarycontactid($select=jobtitle,_parentcustomerid_value)");
    const json::object& one = account.rows().at(0).as_object();
    CHECK(one.at("accountnumber") == "7");
    CHECK(one.at("primarycontactid").as_object().at("jobtitle") == "Chief");
    CHECK(one.at("primarycontactid").as_object().at("_parentcustomerid_value") == one.at("accountid"));

    const Reply forward =
        send(office, {change_set({operation("PUT $9/jobtitle", "", R"({"value":"x"})", "1")})});
    CHECK(forward.status() == 400);
    CHECK(forward.answer.body.find("Content-ID Reference: '$9' does not exist in the batch context.") !=
          std::string::npos);
}

TEST_CASE("a change set holds no GET, and a batch no batch")
{
    Office office;
    CHECK(send(office, {change_set({operation("GET " + contacts, "", "", "1")})}).status() == 400);
    CHECK(send(office, {operation("POST /api/data/v9.2/$batch", "", "x")}).status() == 400);
    CHECK(
        send(office, {operation("GET http://organization.test/elsewhere/api/data/v9.2/contacts")}).status() >=
        400);
    CHECK(office.get("$batch").status() == 405);
}

TEST_CASE("a batch that cannot be read is refused, whatever is wrong with it")
{
    Office office;
    const auto raw = [&](const std::string& type, const std::string& body) {
        return office.post("$batch", body, {{"Content-Type", type}}).status();
    };
    CHECK(raw("application/json", "{}") == 400);
    CHECK(raw("multipart/mixed", "--x--") == 400);
    CHECK(raw("multipart/mixed; boundary=x", "nothing") == 400);
    CHECK(raw("multipart/mixed; boundary=x", "--x\r\n\r\n\r\n--x--") == 400);
    CHECK(raw("multipart/mixed; boundary=x", "--x\r\nContent-Type: multipart/mixed\r\n\r\n--x--") == 400);
    CHECK(raw("multipart/mixed; boundary=x", "--x\nContent-Type: application/http\n\nPATCH " + first +
                                                 " HTTP/1.1\n\n{\"lastname\":\"bare lines\"}\n--x--") == 200);
    CHECK(office.get(row("contacts", some_id)).text("lastname") == "bare lines");

    const std::vector<std::string> many(1001, operation("GET " + contacts));
    CHECK(send(office, many).status() == 400);
    CHECK(statuses(send(office, {many.begin(), many.begin() + 1000})).size() == 1000);
}

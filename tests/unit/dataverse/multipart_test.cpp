#include "tests/catch.h"
#include "transport/odata/multipart.h"

#include <random>

using namespace hawser;
using namespace hawser::odata;

namespace {

const std::string type = "multipart/mixed; boundary=batchresponse_1";

// As the fact sheet shows it: a change set, a read, a refusal.
std::string recorded()
{
    return "--batchresponse_1\r\n"
           "Content-Type: multipart/mixed; boundary=changesetresponse_2\r\n\r\n"
           "--changesetresponse_2\r\n"
           "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\n"
           "HTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\n"
           "OData-EntityId: "
           "https://org.example/api/data/v9.2/contacts(49516f4a-083d-5dfe-a407-b8227f73fbb9)\r\n\r\n\r\n"
           "--changesetresponse_2\r\n"
           "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 2\r\n\r\n"
           "HTTP/1.1 204 No Content\r\n\r\n\r\n"
           "--changesetresponse_2--\r\n"
           "--batchresponse_1\r\n"
           "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
           "HTTP/1.1 200 OK\r\nContent-Type: application/json; odata.metadata=minimal\r\n\r\n"
           "{\"value\":[{\"fullname\":\"--batchresponse_1 is no delimiter here\"}]}\r\n"
           "--batchresponse_1\r\n"
           "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
           "HTTP/1.1 412 Precondition Failed\r\nContent-Type: application/json\r\n\r\n"
           "{\"error\":{\"code\":\"0x80060882\",\"message\":\"m\"}}\r\n"
           "--batchresponse_1--\r\n";
}

void check_recorded(const BatchBody& body)
{
    REQUIRE(body.groups.size() == 3);
    CHECK(body.groups[0].kind == OperationGroup::Kind::change_set);
    REQUIRE(body.groups[0].parts.size() == 2);
    CHECK(body.groups[0].parts[0].answer.status == 204);
    CHECK(body.groups[0].parts[0].content_id == "1");
    CHECK(body.groups[0].parts[0].answer.header("odata-entityid")->ends_with("fbb9)"));
    CHECK(body.groups[0].parts[1].content_id == "2");
    CHECK(body.groups[1].parts[0].answer.status == 200);
    CHECK(body.groups[1].parts[0].answer.body.ends_with("here\"}]}"));
    CHECK(body.groups[2].parts[0].answer.status == 412);
    CHECK_FALSE(body.broken);
}

std::string with_line_feeds(std::string text)
{
    std::erase(text, '\r');
    return text;
}

} // namespace

TEST_CASE("a batch answer is read with CRLF and with LF", "[odata][batch]")
{
    check_recorded(*parse_batch_body(type, recorded()));
    check_recorded(*parse_batch_body("Multipart/Mixed;boundary=\"batchresponse_1\"; charset=x",
                                     with_line_feeds(recorded())));
}

TEST_CASE("a batch request is written as the fact sheet shows it", "[odata][batch]")
{
    std::vector<OperationGroup> groups(2);
    groups[0].kind = OperationGroup::Kind::change_set;
    groups[0].operations = {{"PATCH",
                             "/api/data/v9.2/contacts(1)",
                             {{"Content-Type", "application/json"}, {"If-None-Match", "*"}},
                             "{\"lastname\":\"A\"}",
                             "1"}};
    groups[1].operations = {{"GET", "/api/data/v9.2/contacts", {{"Accept", "application/json"}}, "", "2"}};
    CHECK(write_batch_body(groups, "b") ==
          "--b\r\n"
          "Content-Type: multipart/mixed; boundary=\"changeset_1_b\"\r\n\r\n"
          "--changeset_1_b\r\n"
          "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
          "Content-ID: 1\r\n\r\n"
          "PATCH /api/data/v9.2/contacts(1) HTTP/1.1\r\n"
          "Content-Type: application/json\r\nIf-None-Match: *\r\n\r\n"
          "{\"lastname\":\"A\"}\r\n"
          "--changeset_1_b--\r\n"
          "--b\r\n"
          "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
          "Content-ID: 2\r\n\r\n"
          "GET /api/data/v9.2/contacts HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n"
          "--b--\r\n");
}

TEST_CASE("a batch answer cut at any byte gives whole groups and says that it is broken", "[odata][batch]")
{
    const auto whole = recorded();
    const auto reference = *parse_batch_body(type, whole);
    const auto closed = whole.size() - 2; // Without the last line end it is still whole.
    for (std::size_t length = 0; length < closed; ++length) {
        INFO("cut at " << length);
        const auto body = parse_batch_body(type, std::string_view(whole).substr(0, length));
        REQUIRE(body);
        REQUIRE(body->broken);
        CHECK(body->broken->code == "odata.bad_batch");
        CHECK(body->broken->message.find("byte ") != std::string::npos);
        REQUIRE(body->groups.size() <= 3);
        for (std::size_t i = 0; i < body->groups.size(); ++i) {
            REQUIRE(body->groups[i].parts.size() == reference.groups[i].parts.size());
            for (std::size_t k = 0; k < body->groups[i].parts.size(); ++k) {
                CHECK(body->groups[i].parts[k].answer.status == reference.groups[i].parts[k].answer.status);
                CHECK(body->groups[i].parts[k].answer.body == reference.groups[i].parts[k].answer.body);
            }
        }
    }
    CHECK_FALSE(parse_batch_body(type, std::string_view(whole).substr(0, closed))->broken);
}

TEST_CASE("a mangled batch answer never harms the reader", "[odata][batch]")
{
    const auto whole = recorded();
    std::mt19937_64 random(20'260'101);
    for (int seed = 0; seed < 20'000; ++seed) {
        auto text = whole;
        const auto changes = 1 + random() % 4;
        for (std::uint64_t i = 0; i < changes; ++i) {
            const auto at = random() % text.size();
            switch (random() % 4) {
            case 0:
                text[at] = static_cast<char>(random());
                break;
            case 1:
                text.erase(at, random() % 40);
                break;
            case 2:
                text.insert(at, text.substr(random() % text.size(), random() % 60));
                break;
            default:
                text.insert(at, 1, "\r\n-:\0"[random() % 5]);
                break;
            }
            if (text.empty()) text = "-";
        }
        const auto body = parse_batch_body(type, text);
        if (!body) continue;
        for (const auto& group : body->groups) {
            REQUIRE_FALSE(group.parts.empty());
            for (const auto& part : group.parts)
                REQUIRE((part.answer.status >= 100 && part.answer.status <= 999));
        }
    }
}

TEST_CASE("what is no batch answer, or too much of one, is refused whole", "[odata][batch]")
{
    CHECK(parse_batch_body("text/html", "<html>").error().code == "odata.bad_batch");
    CHECK_FALSE(parse_batch_body("", ""));
    CHECK_FALSE(parse_batch_body("multipart/mixed", recorded()));
    CHECK_FALSE(parse_batch_body("multipart/mixed; boundary=", recorded()));
    CHECK_FALSE(parse_batch_body(type, recorded(), {.max_parts = 3}));
    CHECK(parse_batch_body(type, recorded(), {.max_parts = 5}));
    CHECK_FALSE(parse_batch_body(type, recorded(), {.max_header_bytes = 60}));
    CHECK_FALSE(parse_batch_body(type, recorded(), {.max_part_bytes = 50}));
    CHECK(parse_batch_body("multipart/mixed; boundary=other", recorded())->broken);
    CHECK(parse_batch_body(type, recorded())->groups.size() == 3);
}

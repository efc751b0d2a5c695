#include "sample.h"
#include "tests/catch.h"
#include "transport/odata/answer.h"

using namespace hawser;
using namespace hawser::odata;
using namespace std::chrono_literals;

TEST_CASE("an error body is read in every form it comes in", "[odata]")
{
    using Form = ErrorBody::Form;
    struct Case {
        std::string body, type;
        Form form;
        std::string code, text;
    };
    const Case cases[] = {
        {R"({"error":{"code":"0x80040217","message":"contact With Id = x Does Not Exist"}})",
         "application/json", Form::json, "0x80040217", "contact With Id = x Does Not Exist"},
        {R"({"error":{"code":"0X8004F507","message":"no"}})", "application/json", Form::json, "0x8004f507",
         "no"},
        {R"({"error":{"code":"","message":"a"}})", "application/json", Form::json, "", "a"},
        {R"({"error":{"message":"without code"}})", "application/json", Form::json, "", "without code"},
        {R"({"error":{"code":"-2147220969","message":"decimal"}})", "application/json", Form::json,
         "0x80040217", "decimal"},
        {R"({"error":{"code":-2147204270,"message":"number"}})", "application/json", Form::json, "0x80044352",
         "number"},
        {R"({"error":{"code":"a","message":{"lang":"en","value":"older"}}})", "application/json", Form::json,
         "a", "older"},
        {R"({"error":{"code":"a","innererror":{"message":"inner"}}})", "application/json", Form::json, "a",
         "inner"},
        {R"({"error":"plain"})", "application/json", Form::json, "", "plain"},
        {R"({"Message":"No HTTP resource was found"})", "application/json", Form::json, "",
         "No HTTP resource was found"},
        {"", "", Form::empty, "", ""},
        {" \r\n", "text/plain", Form::empty, "", ""},
        {"<html><head><title>503</title><style>x{}</style></head><body><h1>Busy</h1><script>1<2</script></"
         "body></html>",
         "text/html", Form::html, "", "503 Busy"},
        {"upstream connect error", "text/plain", Form::other, "", "upstream connect error"},
        {R"({"error":{"code":"x")", "application/json", Form::other, "", R"({"error":{"code":"x")"},
    };
    for (const auto& each : cases) {
        INFO(each.body);
        const auto body = parse_error_body(sample::answer(400, each.body, each.type));
        CHECK(body.form == each.form);
        CHECK(body.code == each.code);
        CHECK(body.text == each.text);
    }
}

TEST_CASE("a server's words are cut and cleaned before anybody sees them", "[odata]")
{
    const auto body = parse_error_body(sample::answer(
        400, R"({"error":{"code":"x","message":"a\u001b[31m\nb)" + std::string(3'000, 'z') + "\"}}"));
    CHECK(body.text.size() == 2'000);
    CHECK(body.text.find('\x1b') == std::string::npos);
    CHECK(body.text.find('\n') == std::string::npos);
    CHECK(excerpt(std::string(199, 'a') + "\xC3\xA9").size() == 199);
    CHECK(parse_error_body(sample::answer(400, std::string(100'000, '['))).form == ErrorBody::Form::other);
    CHECK(parse_error_body(sample::answer(400, "{\"a\":" + std::string(100'000, '['))).form ==
          ErrorBody::Form::other);
}

TEST_CASE("Retry-After is seconds or a date seen from now", "[odata]")
{
    const auto wait = [](std::string value) {
        auto answer = sample::answer(429);
        answer.headers.push_back({"retry-after", std::move(value)});
        return retry_after(answer, sample::now);
    };
    CHECK(wait("17") == 17s);
    CHECK(wait(" 0 ") == 0s);
    CHECK(wait("Tue, 14 Nov 2023 22:14:20 GMT") == 60s);
    CHECK(wait("Tuesday, 14-Nov-23 22:13:30 GMT") == 10s);
    CHECK(wait("Tue Nov 14 22:13:25 2023") == 5s);
    CHECK(wait("Tue, 14 Nov 2000 22:14:20 GMT") == 0s);
    CHECK(wait("99999999999999999999") == 86'400s);
    for (const auto* bad : {"", "soon", "-5", "1.5", "Tue, 99 Nov 2023 22:14:20 GMT", "Tue, 14 Nov 2023",
                            "14 Nov 25:00:00 2023"})
        CHECK_FALSE(wait(bad));
    CHECK_FALSE(retry_after(sample::answer(429), sample::now));
}

TEST_CASE("a web page where JSON was expected is a network that wants a sign-in", "[odata]")
{
    const auto page =
        unexpected_content(sample::answer(200, "<html>Welcome</html>", "text/html"), "application/json");
    REQUIRE(page);
    CHECK(page->code == "net.captive_portal");
    CHECK(page->kind == ErrorKind::offline);
    CHECK(page->message.find("this network wants you to sign in") != std::string::npos);

    auto unlabelled = sample::answer(200, "\n <!DOCTYPE HTML><p>Hi", "");
    unlabelled.headers.clear();
    CHECK(unexpected_content(unlabelled, "application/json")->code == "net.captive_portal");
    CHECK(unexpected_content(sample::answer(200, "x", "image/png"), "application/json")->code ==
          "odata.bad_answer");
    CHECK_FALSE(unexpected_content(sample::answer(200, "{}"), "application/json"));
}

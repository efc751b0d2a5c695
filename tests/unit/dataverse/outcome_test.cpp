#include "sample.h"
#include "tests/catch.h"
#include "transport/dataverse/outcome.h"

using namespace hawser;
using namespace hawser::dataverse;
using Kind = Outcome::Kind;
using Action = Asked::Action;

namespace {

Kind kind_of(Action action, int status, const std::string& code, const std::string& text = "words")
{
    return classify(sample::answer(status, sample::error_json(code, text)), {action, sample::first},
                    sample::now)
        .kind;
}

} // namespace

TEST_CASE("every code of the fact sheet has its meaning", "[outcome]")
{
    struct Case {
        int status;
        std::string code;
        Kind kind;
    };
    const Case cases[] = {
        {404, "0x80040217", Kind::gone},
        {403, "0x80040220", Kind::access},
        {403, "0x80048306", Kind::access},
        {403, "0x80040231", Kind::access},
        {403, "0x8004020d", Kind::access},
        {403, "0x80048405", Kind::access},
        {403, "0x8004f502", Kind::column_access},
        {403, "0x8004f504", Kind::column_access},
        {403, "0x8004f507", Kind::column_access},
        {400, "0x80040203", Kind::refused},
        {500, "0x80040216", Kind::retry},
        {400, "0x80040239", Kind::refused},
        {405, "0x8004023b", Kind::refused},
        {400, "0x8004f00e", Kind::refused},
        {405, "0x80040227", Kind::refused},
        {405, "0x80040228", Kind::refused},
        {400, "0x80040265", Kind::refused},
        {400, "0x80044331", Kind::refused},
        {500, "0x80044150", Kind::retry},
        {500, "0x80044151", Kind::retry},
        {412, "0x80040237", Kind::exists},
        {412, "0x80040333", Kind::exists},
        {500, "0x80040333", Kind::exists},
        {412, "0x80060882", Kind::conflict},
        {400, "0x80044352", Kind::rebaseline},
        {410, "0x80044352", Kind::rebaseline},
        {401, "0x8004a101", Kind::sign_in},
        {403, "0x8004a100", Kind::sign_in},
        {400, "0x80041d52", Kind::sign_in},
        {403, "0x8005f101", Kind::sign_in},
        {403, "0x80044302", Kind::sign_in},
        {403, "0x8004a104", Kind::stop},
        {429, "0x80072322", Kind::throttled},
        {429, "0x80072321", Kind::throttled},
        {429, "0x80072326", Kind::throttled},
        {503, "0x8005f103", Kind::throttled},
        {400, "0x80048544", Kind::throttled},
        {400, "0x80043e09", Kind::refused},
        {400, "0x80044a08", Kind::refused},
        {400, "0x80044a02", Kind::refused},
        {400, "0x80040275", Kind::refused},
        {404, "0x8004e106", Kind::gone},
        {400, "0x80043506", Kind::refused},
        {400, "0x80043518", Kind::refused},
        {400, "0x8004027c", Kind::refused},
        {400, "0x80072510", Kind::schema_changed},
        {400, "0x8006088d", Kind::refused},
        {401, "", Kind::sign_in},
        {403, "", Kind::access},
        {405, "", Kind::refused},
        {413, "", Kind::refused},
        {429, "", Kind::throttled},
        {501, "", Kind::refused},
        {500, "", Kind::retry},
    };
    for (const auto& each : cases) {
        INFO(each.status << " " << each.code);
        CHECK(name(kind_of(Action::update, each.status, each.code)) == name(each.kind));
    }
}

TEST_CASE("codes come in capitals and as decimals too", "[outcome]")
{
    CHECK(kind_of(Action::update, 412, "0X80060882") == Kind::conflict);
    CHECK(kind_of(Action::pull, 400, "-2147204270") == Kind::rebaseline);
}

TEST_CASE("without a code the text decides what a 412 means, and without a text the request does",
          "[outcome]")
{
    const std::string exists = "A record with matching key values already exists.";
    const std::string version =
        "The version of the existing record doesn't match the RowVersion property provided.";
    CHECK(kind_of(Action::update, 412, "", version) == Kind::conflict);
    CHECK(kind_of(Action::create, 412, "", version) == Kind::conflict);
    CHECK(kind_of(Action::create, 412, "", exists) == Kind::exists);
    CHECK(kind_of(Action::group, 412, "", exists) == Kind::exists);
    CHECK(kind_of(Action::create, 412, "", "") == Kind::exists);
    CHECK(kind_of(Action::update, 412, "", "") == Kind::conflict);
    CHECK(kind_of(Action::remove, 412, "", "") == Kind::conflict);
    CHECK(classify(sample::answer(412), {Action::create, sample::first}, sample::now).kind == Kind::exists);
}

TEST_CASE("only the JSON error for that id means gone", "[outcome]")
{
    const auto own = "contact With Id = " + sample::first.text() + " Does Not Exist";
    const auto other = "account With Id = " + sample::second.text() + " Does Not Exist";
    CHECK(kind_of(Action::read, 404, "0x80040217", own) == Kind::gone);
    CHECK(kind_of(Action::read, 404, "", own) == Kind::gone);
    CHECK(kind_of(Action::update, 404, "0x80040217", own) == Kind::gone);
    CHECK(kind_of(Action::update, 404, "0x80040217", other) == Kind::refused);
    CHECK(kind_of(Action::create, 404, "0x80040217", other) == Kind::refused);
    const auto of_group = [&](const std::string& text) {
        const std::string body = R"({"error":{"code":"0x80040217","message":")" + text + R"("}})";
        return classify(sample::answer(404, body), {Action::group, {}, {sample::first}}, sample::now).kind;
    };
    CHECK(of_group(own) == Kind::gone);
    CHECK(of_group(other) == Kind::refused);
    CHECK(kind_of(Action::read, 404, "0x8006088a", "Resource not found for the segment 'contactz'.") ==
          Kind::refused);
    CHECK(kind_of(Action::read, 404, "", "nothing here") == Kind::refused);
    const auto page = sample::answer(404, "<html>not found</html>", "text/html");
    CHECK(classify(page, {Action::read, sample::first}, sample::now).kind == Kind::retry);
    CHECK(classify(page, {Action::update, sample::first}, sample::now).kind == Kind::unknown);
    CHECK(classify(sample::answer(404), {Action::read, sample::first}, sample::now).kind == Kind::retry);
}

TEST_CASE("what a gateway says about a write leaves it unknown, about a read it is tried again", "[outcome]")
{
    for (const int status : {408, 500, 502, 503, 504}) {
        for (const auto& answer :
             {sample::answer(status), sample::answer(status, "<html>busy</html>", "text/html")}) {
            INFO(status << " " << answer.body);
            CHECK(classify(answer, {Action::update, {}}, sample::now).kind == Kind::unknown);
            CHECK(classify(answer, {Action::create, {}}, sample::now).kind == Kind::unknown);
            CHECK(classify(answer, {Action::read, {}}, sample::now).kind == Kind::retry);
        }
    }
    for (const int status : {403, 410}) {
        const auto page = sample::answer(status, "<html>proxy</html>", "text/html");
        INFO(status);
        CHECK(classify(page, {Action::read, {}}, sample::now).kind == Kind::retry);
        CHECK(classify(page, {Action::update, {}}, sample::now).kind == Kind::unknown);
    }
}

TEST_CASE("pages and redirects in place of an answer are the network's, not the organization's", "[outcome]")
{
    const auto page = sample::answer(200, "<html>hotel</html>", "text/html");
    CHECK(classify(page, {Action::read, {}}, sample::now).kind == Kind::intercepted);
    CHECK(classify(page, {Action::update, {}}, sample::now).kind == Kind::intercepted);
    for (const int status : {301, 302, 303, 307, 308, 407, 511})
        CHECK(classify(sample::answer(status), {Action::update, {}}, sample::now).kind == Kind::intercepted);
    CHECK(classify(sample::answer(304), {Action::read, {}}, sample::now).kind == Kind::not_modified);
    CHECK(classify(sample::answer(204), {Action::update, {}}, sample::now).kind == Kind::applied);
    CHECK(classify(sample::answer(201, "{}"), {Action::create, {}}, sample::now).kind == Kind::applied);
    CHECK(classify(sample::answer(200, "x", "image/png"), {Action::update, {}}, sample::now).kind ==
          Kind::unknown);
}

TEST_CASE("410 means a lost checkpoint only for a pull", "[outcome]")
{
    CHECK(kind_of(Action::pull, 410, "") == Kind::rebaseline);
    CHECK(classify(sample::answer(410), {Action::pull, {}}, sample::now).kind == Kind::rebaseline);
    CHECK(kind_of(Action::update, 410, "") == Kind::refused);
}

TEST_CASE("throttling always comes with a time", "[outcome]")
{
    auto answer = sample::answer(
        429, sample::error_json("0x80072322", "Number of requests exceeded the limit of 6000"));
    CHECK(classify(answer, {}, sample::now).retry_after == std::chrono::seconds(30));
    answer.headers.push_back({"Retry-After", "7"});
    const auto outcome = classify(answer, {}, sample::now);
    CHECK(outcome.retry_after == std::chrono::seconds(7));
    const auto error = to_error(outcome, "list contacts");
    CHECK(error.kind == ErrorKind::wait);
    CHECK(error.retry_after == std::chrono::seconds(7));
    CHECK(error.message.find("0x80072322") != std::string::npos);
}

TEST_CASE("a failure of the exchange leaves a write unknown only when it may have arrived", "[outcome]")
{
    const auto failure = [](std::string code) { return Error{ErrorKind::retry, std::move(code), "m"}; };
    for (const auto* code : {"net.name", "net.unreachable", "net.tls", "net.insecure", "net.bad_url"}) {
        CHECK_FALSE(http::may_have_arrived(failure(code)));
        CHECK(classify(failure(code), {Action::update, {}}).kind == Kind::retry);
    }
    for (const auto* code :
         {"net.timeout", "net.lost_answer", "net.too_large", "net.bad_answer", "net.cancelled", "net.new"}) {
        CHECK(http::may_have_arrived(failure(code)));
        CHECK(classify(failure(code), {Action::update, {}}).kind == Kind::unknown);
        CHECK(classify(failure(code), {Action::read, {}}).kind == Kind::retry);
    }
}

TEST_CASE("each outcome becomes the error that says what to do", "[outcome]")
{
    const std::pair<Kind, ErrorKind> expected[] = {{Kind::sign_in, ErrorKind::sign_in},
                                                   {Kind::throttled, ErrorKind::wait},
                                                   {Kind::rebaseline, ErrorKind::rebaseline},
                                                   {Kind::retry, ErrorKind::retry},
                                                   {Kind::unknown, ErrorKind::retry},
                                                   {Kind::not_run, ErrorKind::retry},
                                                   {Kind::intercepted, ErrorKind::offline},
                                                   {Kind::schema_changed, ErrorKind::retry},
                                                   {Kind::stop, ErrorKind::stop},
                                                   {Kind::access, ErrorKind::park},
                                                   {Kind::column_access, ErrorKind::park},
                                                   {Kind::gone, ErrorKind::park},
                                                   {Kind::conflict, ErrorKind::park},
                                                   {Kind::exists, ErrorKind::park},
                                                   {Kind::refused, ErrorKind::park}};
    for (const auto& [kind, error] : expected) {
        INFO(name(kind));
        Outcome outcome;
        outcome.kind = kind;
        outcome.text = "words";
        const auto result = to_error(outcome, "list contacts");
        CHECK(result.kind == error);
        CHECK(result.message.find("list contacts: words") != std::string::npos);
        CHECK(result.retry_after.has_value() == (error == ErrorKind::wait));
    }
}

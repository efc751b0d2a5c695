#include "sample.h"
#include "tests/catch.h"
#include "transport/dataverse/batch.h"
#include "transport/dataverse/write.h"

using namespace hawser;
using namespace hawser::dataverse;
using Kind = Outcome::Kind;
using State = ItemAnswer::State;

namespace {

const std::string type = "multipart/mixed; boundary=r";

std::string part(int status, const std::string& body = {}, const std::string& content_id = {})
{
    std::string text = "Content-Type: application/http\r\n";
    if (!content_id.empty()) text += "Content-ID: " + content_id + "\r\n";
    text += "\r\nHTTP/1.1 " + std::to_string(status) + " X\r\n";
    if (!body.empty()) text += "Content-Type: application/json\r\n";
    return text + "\r\n" + body + "\r\n";
}

std::string change_set(const std::vector<std::string>& parts)
{
    std::string text = "Content-Type: multipart/mixed; boundary=c\r\n\r\n";
    for (const auto& each : parts) text += "--c\r\n" + each;
    return text + "--c--\r\n";
}

http::Answer batch_answer(const std::vector<std::string>& parts, int status = 200)
{
    std::string body;
    for (const auto& each : parts) body += "--r\r\n" + each;
    return sample::answer(status, body + "--r--\r\n", type);
}

BatchItem single()
{
    return {{*delete_step(sample::contact(), sample::first, "W/\"1\"")}};
}

BatchItem pair()
{
    auto item = single();
    item.steps.push_back(receipt_step(sample::second, "x"));
    return item;
}

Kind kind_of(const BatchAnswer& answer, std::size_t item, Asked::Action action = Asked::Action::update)
{
    return classify(answer.items[item], answer.whole, {action, sample::first}, sample::now).kind;
}

const std::string refusal = sample::error_json("0x80040265", "no");

} // namespace

TEST_CASE("a batch holds conditions in its parts and change sets for several steps", "[batch]")
{
    const std::vector<BatchItem> items{single(), pair()};
    const auto request = write_batch(sample::service(), items, OnError::go_on, sample::request_id);
    CHECK(request.method == "POST");
    CHECK(request.url == "https://org.example/api/data/v9.2/$batch");
    CHECK(*http::find_header(request.headers, "Content-Type") ==
          "multipart/mixed; boundary=\"batch_00000000-0000-4000-8000-000000000001\"");
    CHECK(*http::find_header(request.headers, "Prefer") == "odata.continue-on-error");
    CHECK(*http::find_header(request.headers, "x-ms-client-request-id") == sample::request_id.text());
    CHECK_FALSE(http::find_header(request.headers, "Authorization"));
    CHECK(request.body.find("DELETE /api/data/v9.2/contacts(" + sample::first.text() +
                            ") HTTP/1.1\r\nAccept: application/json\r\nIf-Match: W/\"1\"\r\n\r\n") !=
          std::string::npos);
    CHECK(request.body.find("Content-Type: multipart/mixed; boundary=\"changeset_") != std::string::npos);
    CHECK(request.body.find("Content-ID: 3\r\n") != std::string::npos);
    CHECK(request.body.find("If-None-Match: *\r\n\r\n{\"subject\":\"x\"}") != std::string::npos);
    const auto stopping = write_batch(sample::service(), items, OnError::stop, sample::request_id);
    CHECK_FALSE(http::find_header(stopping.headers, "Prefer"));
}

TEST_CASE("one step can travel as a request of its own", "[batch]")
{
    const auto step = single().steps.front();
    const auto request = write_step(sample::service(), step, sample::request_id);
    CHECK(request.method == "DELETE");
    CHECK(request.url == "https://org.example/api/data/v9.2/contacts(" + sample::first.text() + ")");
    CHECK(*http::find_header(request.headers, "If-Match") == "W/\"1\"");
    CHECK_FALSE(http::find_header(request.headers, "If-None-Match"));
}

TEST_CASE("each item gets its own answer, a change set one for each step or one error", "[batch]")
{
    const std::vector<BatchItem> items{single(), pair(), pair(), single()};
    const auto answer =
        parse_batch(batch_answer({part(204), change_set({part(201, "{}", "3"), part(204, "", "2")}),
                                  part(412, sample::error_json("0x80060882", "v")), part(404, refusal)}),
                    items, OnError::go_on, sample::now);
    REQUIRE(answer.items.size() == 4);
    CHECK_FALSE(answer.whole);
    CHECK(kind_of(answer, 0) == Kind::applied);
    REQUIRE(answer.items[1].answers.size() == 2);
    CHECK(answer.items[1].answers[0].status == 204); // In the order of their Content-IDs.
    CHECK(kind_of(answer, 1) == Kind::applied);
    CHECK(answer.items[2].answers.size() == 1);
    CHECK(kind_of(answer, 2) == Kind::conflict);
    CHECK(kind_of(answer, 3) == Kind::refused);

    const auto nested =
        parse_batch(batch_answer({change_set({part(412, sample::error_json("0x80040237", "d"))})}),
                    std::vector<BatchItem>{pair()}, OnError::go_on, sample::now);
    CHECK(kind_of(nested, 0) == Kind::exists);
}

TEST_CASE("fewer parts than were sent are not run only behind a failure that stopped the batch", "[batch]")
{
    const std::vector<BatchItem> items{single(), single(), single()};
    const auto stopped =
        parse_batch(batch_answer({part(204), part(400, refusal)}, 400), items, OnError::stop, sample::now);
    CHECK(kind_of(stopped, 0) == Kind::applied);
    CHECK(kind_of(stopped, 1) == Kind::refused);
    CHECK(stopped.items[2].state == State::not_run);
    CHECK(kind_of(stopped, 2) == Kind::not_run);

    const auto odd = parse_batch(batch_answer({part(204)}), items, OnError::stop, sample::now);
    CHECK(odd.items[1].state == State::unknown);
    const auto going_on =
        parse_batch(batch_answer({part(204), part(400, refusal)}), items, OnError::go_on, sample::now);
    CHECK(going_on.items[2].state == State::unknown);
    CHECK(kind_of(going_on, 2) == Kind::unknown);
}

TEST_CASE("a successful change set with a part missing is unknown", "[batch]")
{
    const auto answer = parse_batch(batch_answer({change_set({part(204)})}), std::vector<BatchItem>{pair()},
                                    OnError::go_on, sample::now);
    CHECK(answer.items[0].state == State::unknown);
}

TEST_CASE("more parts than were sent make the whole answer unknown", "[batch]")
{
    const auto answer = parse_batch(batch_answer({part(204), part(204)}), std::vector<BatchItem>{single()},
                                    OnError::go_on, sample::now);
    REQUIRE(answer.items.size() == 1);
    CHECK(kind_of(answer, 0) == Kind::unknown);
}

TEST_CASE("an answer to the batch as a whole decides for all its items", "[batch]")
{
    const std::vector<BatchItem> items{single(), single()};
    struct Case {
        http::Answer answer;
        State state;
        Kind kind;
    };
    auto throttled = sample::answer(429, sample::error_json("0x80072322", "slow"));
    throttled.headers.push_back({"Retry-After", "3"});
    const Case cases[] = {
        {sample::answer(401), State::not_run, Kind::sign_in},
        {throttled, State::not_run, Kind::throttled},
        {sample::answer(413), State::not_run, Kind::refused},
        {sample::answer(503, "<html>", "text/html"), State::unknown, Kind::unknown},
        {sample::answer(500, refusal), State::unknown, Kind::unknown},
        {sample::answer(400, refusal), State::unknown, Kind::unknown},
        {sample::answer(200, "<html>sign in</html>", "text/html"), State::unknown, Kind::intercepted},
        {sample::answer(200, "{}"), State::unknown, Kind::unknown},
        {sample::answer(302), State::unknown, Kind::intercepted},
        {sample::answer(200), State::unknown, Kind::unknown},
    };
    for (const auto& each : cases) {
        INFO(each.answer.status << " " << each.answer.body);
        const auto answer = parse_batch(each.answer, items, OnError::stop, sample::now);
        REQUIRE(answer.whole);
        CHECK(answer.items[0].state == each.state);
        CHECK(answer.items[1].state == each.state);
        CHECK(name(kind_of(answer, 0)) == name(each.kind));
    }
    const auto refused = parse_batch(sample::answer(400, refusal), items, OnError::go_on, sample::now);
    CHECK(refused.items[0].state == State::not_run);
    REQUIRE(refused.whole);
    CHECK(smaller_may_pass(*refused.whole));
    CHECK(parse_batch(throttled, items, OnError::stop, sample::now).whole->retry_after ==
          std::chrono::seconds(3));
}

TEST_CASE("a plain refusal of a batch of one is that item's own answer", "[batch]")
{
    const auto answer = parse_batch(sample::answer(400, refusal), std::vector<BatchItem>{single()},
                                    OnError::stop, sample::now);
    CHECK(answer.items[0].state == State::answered);
    CHECK(kind_of(answer, 0) == Kind::refused);
}

TEST_CASE("a failure of a batch of one says nothing about its item, which may have been carried out before",
          "[batch][I2]")
{
    const std::string words = sample::error_json("0x80040216", "An unexpected error occurred.");
    for (const int status : {500, 502, 503, 504})
        for (const auto on_error : {OnError::stop, OnError::go_on}) {
            INFO(status);
            const auto answer = parse_batch(sample::answer(status, words), std::vector<BatchItem>{single()},
                                            on_error, sample::now);
            CHECK(answer.items[0].state == State::unknown);
            CHECK(kind_of(answer, 0) == Kind::unknown);
        }
}

TEST_CASE("a batch answer cut at any byte never calls an item applied that is not", "[batch]")
{
    const std::vector<BatchItem> items{single(), pair(), single()};
    const auto whole =
        batch_answer({part(204), change_set({part(204, "", "2"), part(204, "", "3")}), part(412, refusal)});
    for (std::size_t length = 0; length + 2 < whole.body.size(); ++length) {
        auto cut = whole;
        cut.body.resize(length);
        const auto answer = parse_batch(cut, items, OnError::stop, sample::now);
        REQUIRE(answer.items.size() == 3);
        for (std::size_t i = 0; i < 3; ++i) {
            const auto kind = kind_of(answer, i);
            const bool sound = kind == Kind::unknown || kind == (i < 2 ? Kind::applied : Kind::conflict);
            INFO("cut at " << length << ", item " << i << ": " << name(kind));
            CHECK(sound);
        }
        CHECK(answer.whole);
    }
}

TEST_CASE("a condition survives its way to the disk and back", "[batch]")
{
    for (const auto& step :
         {single().steps[0], receipt_step(sample::first, "s"), receipt_read_step(sample::first)}) {
        Step restored = step;
        restored.condition = Step::Condition::none;
        restored.etag.clear();
        REQUIRE(set_condition(restored, condition_text(step)));
        CHECK(restored == step);
        CHECK(method_from(text(step.method)) == step.method);
    }
    Step step;
    CHECK_FALSE(set_condition(step, "If-Match: a\r\nX: y"));
    CHECK_FALSE(set_condition(step, "If-Match: "));
    CHECK_FALSE(set_condition(step, "nonsense"));
    CHECK_FALSE(method_from("TRACE"));
}

TEST_CASE("a full batch of change sets has its answer read", "[batch]")
{
    const std::vector<BatchItem> items(max_batch_operations / 2, pair());
    const std::vector<std::string> parts(items.size(), change_set({part(204, "", "1"), part(204, "", "2")}));
    const auto answer = parse_batch(batch_answer(parts), items, OnError::go_on, sample::now);
    CHECK_FALSE(answer.whole);
    for (std::size_t i = 0; i < items.size(); ++i) REQUIRE(kind_of(answer, i) == Kind::applied);
}

#include "base/time_text.h"
#include "conflict/policy_file.h"
#include "engine/push_draft.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// A replica whose tables merge by configured rules.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    std::unique_ptr<Desk> desk;

    explicit Setting(const char* rules)
    {
        office.put("accounts", guid(1),
                   R"({"name":"Fabrikam","numberofemployees":2,"description":"a\nb\nc"})");
        const auto configured = conflict::parse_policy_file(rules);
        if (!configured) FAIL(configured.error().message);
        desk = std::make_unique<Desk>(office, clock, "ada", SynchronizerOptions{}, 11,
                                      std::make_shared<engine::Policies>(*configured));
        desk->choose({{"account", ""}});
        desk->sync();
        office.log.clear();
    }
};

constexpr const char* counting =
    R"({"version":1,"tables":{"account":{"numberofemployees":"add","description":"text"}}})";

} // namespace

TEST_CASE("A counter adds up from both sides, once, whatever is lost", "[engine][policy][I2]")
{
    for (const Fault fault :
         {Fault::none, Fault::drop_answer, Fault::drop_request, Fault::late, Fault::duplicate}) {
        INFO(name(fault));
        Setting s(counting);
        s.desk->edit("account", guid(1), {{"numberofemployees", std::int64_t{5}}}); // three more
        s.office.put("accounts", guid(1), R"({"numberofemployees":4})");            // two more
        bool once = false;
        s.desk->exchange->script = [&](std::size_t, const http::Request& request) {
            if (once || request.body.find("numberofemployees\":") == std::string::npos) return Fault::none;
            once = true;
            return fault;
        };
        s.desk->sync();
        s.desk->exchange->deliver_late();
        s.desk->sync();
        CHECK(once);
        CHECK(s.office.value("accounts", guid(1), "numberofemployees") == "7");
        s.desk->check_equal();
        // The receipt row is cleared away.
        const server::Answer notes = s.office.ask("GET", "annotations?$select=subject");
        CHECK(notes.body.find("hawser receipt") == std::string::npos);
    }
}

TEST_CASE("Lines merge from both sides", "[engine][policy]")
{
    Setting s(counting);
    s.desk->edit("account", guid(1), {{"description", std::string("A\nb\nc")}});
    s.office.put("accounts", guid(1), R"({"description":"a\nb\nC"})");
    s.desk->sync();
    CHECK(s.office.value("accounts", guid(1), "description") == "A\nb\nC");
    s.desk->check_equal();
}

TEST_CASE("Where receipts cannot be written, a counter asks", "[engine][policy][I2]")
{
    Setting s(counting);
    s.desk->edit("account", guid(1), {{"numberofemployees", std::int64_t{5}}});
    s.desk->exchange->alter = [](const http::Request& request, http::Answer& answer) {
        // The user may not write notes: the change set with the receipt is refused whole.
        if (request.body.find("hawser receipt") == std::string::npos) return;
        const std::string boundary = answer.body.substr(0, answer.body.find("\r\n"));
        answer.body = boundary +
                      "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
                      "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n"
                      R"({"error":{"code":"0x80048306","message":"missing prvCreateNote privilege"}})"
                      "\r\n" +
                      boundary + "--\r\n";
    };
    s.desk->sync();
    CHECK(s.office.value("accounts", guid(1), "numberofemployees") == "5");
    s.desk->check_equal();

    // From now on both sides' changes are a question.
    s.desk->edit("account", guid(1), {{"numberofemployees", std::int64_t{6}}});
    s.office.put("accounts", guid(1), R"({"numberofemployees":9})");
    s.desk->reboot();
    CHECK(s.desk->sync().conflicts == 1);
    CHECK(s.office.value("accounts", guid(1), "numberofemployees") == "9");
}

TEST_CASE("A refusal of receipts is asked about again after a day, and one of the record is none",
          "[engine][policy][I2]")
{
    Setting s(counting);
    s.desk->edit("account", guid(1), {{"numberofemployees", std::int64_t{5}}});
    std::string missing;
    s.desk->exchange->alter = [&](const http::Request& request, http::Answer& answer) {
        if (request.body.find("hawser receipt") == std::string::npos) return;
        answer = {200,
                  {{"Content-Type", "multipart/mixed; boundary=b"}},
                  "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
                  "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n"
                  R"({"error":{"code":"0x80048306","message":"missing )" +
                      missing + " privilege\"}}\r\n--b--\r\n"};
    };
    s.desk->exchange->script = [](std::size_t, const http::Request& request) {
        return request.body.find("hawser receipt") != std::string::npos ? Fault::portal : Fault::none;
    };
    SECTION("of the record")
    {
        missing = "prvWriteAccount";
        CHECK(s.desk->sync().refused == 1);
        CHECK(s.desk->store->setting(engine::no_receipts_setting).empty());
    }
    SECTION("of receipts")
    {
        missing = "prvCreateNote";
        s.desk->sync();
        CHECK_FALSE(s.desk->store->setting(engine::no_receipts_setting).empty());
        s.desk->exchange->alter = nullptr;
        s.desk->exchange->script = nullptr;
        s.clock->pass(std::chrono::hours{25});
        s.desk->policies = std::make_shared<engine::Policies>(*conflict::parse_policy_file(counting));
        s.desk->reboot();
        s.desk->edit("account", guid(1), {{"numberofemployees", std::int64_t{6}}}); // one more
        s.office.put("accounts", guid(1), R"({"numberofemployees":9})");
        CHECK(s.desk->sync().conflicts == 0);
        CHECK(s.office.value("accounts", guid(1), "numberofemployees") == "10");
    }
}

TEST_CASE("Receipt rows are deleted only after a commit that is on the disk", "[engine][policy][I2]")
{
    Setting s(counting);
    s.desk->edit("account", guid(1), {{"numberofemployees", std::int64_t{5}}});
    bool deleted = false;
    s.desk->exchange->script = [&](std::size_t, const http::Request& request) {
        if (request.body.find("DELETE ") == std::string::npos) return Fault::none;
        deleted = true;
        CHECK(s.desk->store->setting("sync.receipts_cleared") == to_text(s.clock->now()));
        CHECK(s.desk->store->open_intents()->empty());
        return Fault::none;
    };
    s.desk->sync();
    CHECK(deleted);
}

TEST_CASE("What was created here and somebody cleared since stays cleared where theirs wins",
          "[engine][policy][I3]")
{
    Setting s(R"({"version":1,"tables":{"account":{"description":"theirs"}}})");
    const Guid id =
        s.desk->create("account", {{"name", std::string("Tailspin")}, {"description", std::string("Mine")}});
    s.office.put("accounts", id, R"({"name":"Tailspin","description":"Mine"})");
    s.office.put("accounts", id, R"({"description":null})");
    s.desk->sync();
    CHECK(s.office.value("accounts", id, "description").empty());
    CHECK(s.desk->text("account", id, "description").empty());
    CHECK(s.desk->store->conflicts({})->empty());
    s.desk->check_equal();
}

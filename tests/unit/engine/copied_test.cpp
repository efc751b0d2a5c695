#include "engine/copied.h"
#include "tests/adding_policies.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// A firm of ten, three more here in a request with a receipt, and an answer that was lost.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock, "ada", {}, 11, adding()};

    Setting()
    {
        office.put("accounts", guid(1), R"({"name":"Firm","numberofemployees":10})");
        desk.choose({{"account", ""}});
        desk.sync();
        desk.edit("account", guid(1),
                  {{"numberofemployees", std::int64_t{13}}, {"telephone1", std::string("1")}});
        desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
            if (lost) return Fault::unreachable;
            lost = request.body.find("PATCH ") != std::string::npos;
            return lost ? Fault::drop_answer : Fault::none;
        };
        CHECK_FALSE(desk.cycle());
        REQUIRE(there("numberofemployees") == "13");
        REQUIRE(desk.store->open_intents()->size() == 1);
        desk.exchange->script = {};
        clock->jump(std::chrono::hours{1});
    }

    /// The installation that the file was copied from hears what became of the request, and removes its receipt.
    void settled_by_the_other()
    {
        const Guid intent = desk.store->open_intents()->front().id;
        REQUIRE(office.has("annotations", intent));
        office.erase("annotations", intent);
    }
    std::string there(const char* column) { return office.value("accounts", guid(1), column); }
};

} // namespace

TEST_CASE("A receipt that is not there proves nothing to a copy of the replica that sent the request",
          "[engine][push][I2]")
{
    Setting s;
    Desk::check(engine::begin_as_copy(*s.desk.store, Guid::make(*s.desk.random), s.clock->now()));
    s.settled_by_the_other();
    s.office.put("accounts", guid(1), R"({"telephone1":"Theirs"})");
    s.desk.sync();
    CHECK(s.there("numberofemployees") == "13");
    CHECK(s.there("telephone1") == "Theirs");
    const auto open = s.desk.store->conflicts({});
    REQUIRE(open->size() == 1);
    CHECK(open->front().reason == localstore::ConflictReason::indeterminate);
    REQUIRE(open->front().columns.size() == 1);
    CHECK(open->front().columns.front().column == "telephone1");
}

TEST_CASE("What a copy of a replica sends itself is known by its receipt", "[engine][push][I2]")
{
    Setting s;
    Desk::check(engine::begin_as_copy(*s.desk.store, Guid::make(*s.desk.random), s.clock->now()));
    s.desk.sync();
    CHECK(s.there("numberofemployees") == "13");
    s.desk.edit("account", guid(1), {{"numberofemployees", std::int64_t{14}}});
    s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("PATCH ") != std::string::npos;
        return lost ? Fault::drop_request : Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    s.desk.exchange->script = {};
    s.clock->jump(std::chrono::hours{1});
    s.office.put("accounts", guid(1), R"({"numberofemployees":20})");
    s.desk.sync();
    CHECK(s.there("numberofemployees") == "21");
    s.desk.check_equal();
}

TEST_CASE("What a copy of a replica sent of the other's creations, and deleted since, is deleted there",
          "[engine][push][I1]")
{
    Setting s;
    s.desk.sync();
    const Guid made = s.desk.create("account", {{"name", std::string("Works")}});
    Desk::check(engine::begin_as_copy(*s.desk.store, Guid::make(*s.desk.random), s.clock->now()));
    s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("Works") != std::string::npos;
        return lost ? Fault::drop_answer : Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    REQUIRE(s.office.has("accounts", made));
    s.desk.exchange->script = {};
    s.desk.erase("account", made);
    s.clock->jump(std::chrono::hours{1});
    s.desk.sync();
    CHECK_FALSE(s.office.has("accounts", made));
    s.desk.check_equal();
}

TEST_CASE("A copy leaves the receipts of what the other sent, which asks for them as well",
          "[engine][push][I2]")
{
    Setting s;
    const Guid intent = s.desk.store->open_intents()->front().id;
    Desk::check(engine::begin_as_copy(*s.desk.store, Guid::make(*s.desk.random), s.clock->now()));
    s.desk.sync();
    CHECK(s.desk.store->open_intents()->empty());
    CHECK(s.there("numberofemployees") == "13");
    CHECK(s.office.has("annotations", intent));
}

TEST_CASE("A sum that says what was sent is a question to a copy without the receipt", "[engine][push][I1]")
{
    Setting s;
    Desk::check(engine::begin_as_copy(*s.desk.store, Guid::make(*s.desk.random), s.clock->now()));
    s.settled_by_the_other();
    s.office.put("accounts", guid(1), R"({"telephone1":"1","fax":"2"})");
    (void)s.desk.cycle();
    CHECK(s.there("numberofemployees") == "13");
    const auto waiting = s.desk.store->changes({});
    REQUIRE(waiting->size() == 1);
    CHECK(waiting->front().state == localstore::ChangeState::parked);
}

TEST_CASE("A change whose receipt may no longer be read waits for a person", "[engine][push][I4]")
{
    Setting s;
    s.desk.exchange->alter = [](const http::Request& request, http::Answer& answer) {
        constexpr std::string_view found = "HTTP/1.1 200";
        if (request.body.find("GET ") == std::string::npos) return;
        for (auto at = answer.body.find(found); at != std::string::npos;
             at = answer.body.find(found, at + 1)) {
            const auto end = answer.body.find("\r\n--", at);
            if (answer.body.substr(at, end - at).find("annotationid") == std::string::npos) continue;
            answer.body.replace(at, end - at,
                                "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n"
                                R"({"error":{"code":"0x80040220","message":"prvReadNote is missing"}})");
        }
    };
    (void)s.desk.cycle();
    CHECK(s.desk.store->open_intents()->empty());
    const auto waiting = s.desk.store->changes({});
    REQUIRE(waiting->size() == 1);
    CHECK(waiting->front().state == localstore::ChangeState::parked);
    CHECK(waiting->front().last_error.find("the note that proves it") != std::string::npos);
    CHECK(s.there("numberofemployees") == "13");
}

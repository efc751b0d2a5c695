#include "tests/engine_world.h"

#include <utility>

using namespace hawser;
using namespace hawser::tests;

namespace {

/// Two contacts. The answer to the first write is lost, and from then on this user may not read the first one.
struct Setting : Workplace {
    bool lost = false;

    explicit Setting(Fault how = Fault::drop_answer)
    {
        fill(office, 1, 2);
        desk.choose({{"contact", ""}});
        desk.sync();
        desk.exchange->script = [this, how](std::size_t, const http::Request& request) {
            const bool write = request.body.find("PATCH ") != std::string::npos;
            return write && !std::exchange(lost, true) ? how : Fault::none;
        };
        desk.exchange->alter = [this](const http::Request& request, http::Answer& answer) {
            if (lost) hide_first(request, answer);
        };
    }

    /// Alone or in a batch.
    static void hide_first(const http::Request& request, http::Answer& answer)
    {
        const std::string refusal =
            R"({"error":{"code":"0x80040220","message":"Principal user is missing read access"}})";
        if (request.url.find(guid(1).text()) != std::string::npos) answer = {403, {}, refusal};
        constexpr std::string_view found = "HTTP/1.1 200 OK";
        for (auto at = answer.body.find(found); at != std::string::npos;
             at = answer.body.find(found, at + 1)) {
            const auto end = answer.body.find("\r\n--", at);
            if (answer.body.substr(at, end - at).find(guid(1).text()) == std::string::npos) continue;
            answer.body.replace(at, end - at,
                                "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n" + refusal);
        }
    }

    /// One unit: the first contact is edited, another one is made.
    Guid write_unit()
    {
        localstore::Edit made{localstore::ChangeKind::create, {"contact", guid(7)}, {}};
        made.after["lastname"] = std::string("Made");
        localstore::Edit edited{localstore::ChangeKind::update, {"contact", guid(1)}, {}};
        edited.after["jobtitle"] = std::string("Mine");
        (void)desk.write_all({edited, made}, localstore::Grouping::one_unit);
        return guid(7);
    }
    void allow_all()
    {
        desk.exchange->alter = nullptr;
        clock->pass(std::chrono::hours{1});
        desk.sync();
        desk.check_equal();
    }
};

} // namespace

TEST_CASE("A change whose answer was lost and whose record may no longer be read waits for a person",
          "[engine][reconcile]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Mine")}});
    s.desk.edit("contact", guid(2), {{"jobtitle", std::string("Other")}});
    (void)s.desk.cycle();
    const auto changes = s.desk.store->changes({});
    REQUIRE(changes);
    REQUIRE(changes->size() == 1);
    CHECK(changes->front().state == localstore::ChangeState::parked);
    CHECK(changes->front().last_error.find("may already have been applied") != std::string::npos);
    CHECK(s.office.value("contacts", guid(2), "jobtitle") == "Other");
    // A pull that shows the record again shows that the change had arrived.
    s.desk.sync();
    s.desk.check_equal();
}

TEST_CASE("A lost unit of which one record may no longer be read is judged by the others",
          "[engine][reconcile][I2]")
{
    SECTION("it had arrived")
    {
        Setting s;
        const Guid made = s.write_unit();
        (void)s.desk.cycle();
        CHECK(s.desk.store->queue_figures()->live() == 0);
        CHECK(s.desk.has("contact", made));
        s.allow_all();
        CHECK(s.desk.text("contact", guid(1), "jobtitle") == "Mine");
    }
    SECTION("it had arrived, and who edits the record again once it can be read meets what is there")
    {
        Setting s;
        (void)s.write_unit();
        (void)s.desk.cycle();
        s.desk.exchange->alter = nullptr;
        s.desk.edit("contact", guid(1), {{"department", std::string("Later")}});
        s.desk.exchange->script = [](std::size_t, const http::Request& request) {
            return request.url.find("delta") == std::string::npos ? Fault::none : Fault::busy;
        };
        (void)s.desk.cycle();
        CHECK(s.desk.store->queue_figures()->parked == 0);
        s.desk.exchange->script = nullptr;
        s.allow_all();
        CHECK(s.office.value("contacts", guid(1), "department") == "Later");
    }
    SECTION("it had arrived, and what it made is deleted here meanwhile")
    {
        Setting s(Fault::hang_done);
        const Guid made = s.write_unit();
        CHECK_FALSE(s.desk.try_cycle());
        s.desk.erase("contact", made);
        s.desk.reboot();
        s.clock->pass(std::chrono::hours{1});
        (void)s.desk.cycle();
        CHECK_FALSE(s.office.has("contacts", made));
        s.allow_all();
        CHECK(s.desk.text("contact", guid(1), "jobtitle") == "Mine");
    }
    SECTION("it had not arrived")
    {
        Setting s(Fault::drop_request);
        const Guid made = s.write_unit();
        (void)s.desk.cycle();
        CHECK(s.office.has("contacts", made));
        s.allow_all();
        CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Mine");
    }
}

TEST_CASE("What was undone of a change that nobody could tell about is taken back once its record is seen",
          "[engine][reconcile][I1]")
{
    const auto clock = monday();
    Office office(*clock);
    const auto give_to = [&](const std::string& user) {
        office.put("contacts", guid(1),
                   R"x({"ownerid@odata.bind":"/systemusers()x" + office.organization->user(user)->id.text() +
                       R"x()","lastname":"One"})x");
    };
    give_to("bob");
    Desk desk(office, clock, "bob");
    desk.choose({{"contact", ""}});
    desk.sync();
    desk.edit("contact", guid(1), {{"jobtitle", std::string("Mine")}});
    desk.exchange->script = [](std::size_t, const http::Request& request) {
        return request.body.find("PATCH ") != std::string::npos ? Fault::hang_done : Fault::none;
    };
    REQUIRE_FALSE(desk.try_cycle());
    give_to("ada");
    localstore::WriteContext by;
    by.now = clock->now();
    REQUIRE(desk.store->undo(desk.store->changes({})->front().sequence, by));
    desk.exchange->script = {};
    desk.reboot();
    desk.sync();
    CHECK(desk.store->queue_figures()->parked == 1);
    REQUIRE(office.value("contacts", guid(1), "jobtitle") == "Mine");
    give_to("bob");
    desk.sync();
    CHECK(office.value("contacts", guid(1), "jobtitle").empty());
    desk.check_equal();
}

TEST_CASE("What was given to somebody else while its answer was missing leaves with the next sweep",
          "[engine][reconcile][I4]")
{
    const auto clock = monday();
    Office office(*clock);
    const auto owned_by = [&](const std::string& user, const std::string& more) {
        office.put("contacts", guid(1),
                   R"x({"ownerid@odata.bind":"/systemusers()x" + office.organization->user(user)->id.text() +
                       R"x()")x" + more + "}");
    };
    owned_by("bob", R"(,"lastname":"One")");
    Desk desk(office, clock, "bob");
    desk.choose({{"contact", ""}});
    desk.sync();
    localstore::Edit edited{localstore::ChangeKind::update, {"contact", guid(1)}, {}};
    edited.after["jobtitle"] = std::string("Mine");
    localstore::Edit made{localstore::ChangeKind::create, {"contact", guid(7)}, {}};
    made.after["lastname"] = std::string("Made");
    (void)desk.write_all({edited, made}, localstore::Grouping::one_unit);
    bool lost = false;
    desk.exchange->script = [&lost](std::size_t, const http::Request& request) {
        const bool write = request.body.find("PATCH ") != std::string::npos;
        return write && !std::exchange(lost, true) ? Fault::drop_answer : Fault::none;
    };
    const Guid given_away = GENERATE(guid(1), guid(7));
    desk.exchange->after = [&, done = false](std::size_t) mutable {
        if (lost && !std::exchange(done, true))
            office.put("contacts", given_away,
                       R"x({"ownerid@odata.bind":"/systemusers()x" +
                           office.organization->user("ada")->id.text() + R"x()"})x");
    };
    (void)desk.cycle();
    CHECK(desk.store->queue_figures()->live() == 0);
    CHECK(office.value("contacts", guid(1), "jobtitle") == "Mine");
    clock->pass(std::chrono::hours{25});
    desk.sync();
    CHECK_FALSE(desk.has("contact", given_away));
    desk.check_equal();
}

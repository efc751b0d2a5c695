#include "conflict/policy_file.h"
#include "tests/choose_table.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// An organization that is backed up and worked with, and set back while the replica's engine is not running.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    KeptOffice office{*clock};
    std::unique_ptr<Desk> own;
    Desk& desk;

    Setting() : own(made()), desk(*own)
    {
        desk.choose({{"contact", ""}});
        desk.sync();
        office.back_up();
        clock->pass(std::chrono::hours{2});
    }

    void edit(const char* column, const char* value)
    {
        desk.edit("contact", guid(1), {{column, std::string(value)}});
    }
    void set_back(std::int64_t waiting = 0)
    {
        REQUIRE(desk.store->queue_figures()->live() == waiting);
        desk.kill();
        office.restore();
        desk.exchange = std::make_shared<OrganizationExchange>(*office->organization, *clock, *desk.random);
        desk.revive();
    }
    /// Set back, and noticed.
    void come_back(std::int64_t waiting = 0)
    {
        set_back(waiting);
        (void)desk.cycle();
        (void)desk.cycle();
    }
    /// A meeting is answered without what is stored by now: what says that word arrives, and reading it fails.
    void break_off_after(const std::string& word)
    {
        desk.exchange->script = [word, written = false](std::size_t, const http::Request& request) mutable {
            const bool lost = written;
            written = written || request.body.find(word) != std::string::npos;
            return lost ? Fault::unreachable : Fault::none;
        };
    }
    /// So many versions that none of the new life is one of the former.
    void grow_old()
    {
        for (int number = 1; number < 5; ++number)
            office->put("contacts", guid(1), R"({"fax":")" + std::to_string(number) + R"("})");
        desk.sync();
    }
    /// Whatever is held; how many.
    int release_all()
    {
        localstore::ChangeFilter held;
        held.states = {localstore::ChangeState::held};
        const auto changes = desk.store->changes(held);
        REQUIRE(changes);
        for (const localstore::Change& change : *changes) REQUIRE(desk.store->release(change.sequence, {}));
        return static_cast<int>(changes->size());
    }
    std::string there(const char* column) { return office->value("contacts", guid(1), column); }

private:
    std::unique_ptr<Desk> made()
    {
        office->put("contacts", guid(1), R"({"firstname":"Ann","lastname":"One","department":"Sales"})");
        return std::make_unique<Desk>(*office, clock);
    }
};

} // namespace

TEST_CASE("A read after a refused condition that finds an older version means a restored organization",
          "[engine][restored]")
{
    Setting s;
    s.edit("department", "Buying");
    s.desk.sync();
    s.set_back();
    s.edit("mobilephone", "777");
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.text("contact", guid(1), "department") == "Buying");
    CHECK(s.there("mobilephone") == "777");
    const auto queue = s.desk.store->changes({});
    REQUIRE(queue->size() == 1);
    CHECK(queue->front().state == localstore::ChangeState::held);
    REQUIRE(s.desk.store->release(queue->front().sequence, {}));
    s.desk.sync();
    CHECK(s.there("department") == "Buying");
}

TEST_CASE(
    "A read after our own write that finds an older version than its answer means a restored organization",
    "[engine][restored][I1]")
{
    Setting s;
    s.office->put("appointments", guid(30),
                  R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                  R"("scheduledend":"2026-11-03T11:00:00Z"})");
    s.desk.choose({{"appointment", ""}});
    s.desk.sync();
    s.office.back_up();
    s.desk.edit("appointment", guid(30),
                {{"subject", std::string("Retreat")},
                 {"parties", parties_to_collection({{{}, "kim@example.com", {5}}})}});
    s.break_off_after("Retreat");
    (void)s.desk.cycle();
    REQUIRE(s.office->value("appointments", guid(30), "subject") == "Retreat");
    REQUIRE(s.desk.store->open_intents()->size() == 1);
    s.set_back(1);
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.text("appointment", guid(30), "subject") == "Retreat");
    CHECK(s.release_all() == 1);
    s.desk.sync();
    CHECK(s.office->value("appointments", guid(30), "subject") == "Retreat");
    s.desk.check_equal();
}

TEST_CASE(
    "An edit that a restored organization says already brings to light what else it lacks of the record",
    "[engine][restored][I1]")
{
    Setting s;
    s.desk.edit("contact", guid(1),
                {{"department", std::string("Buying")}, {"mobilephone", std::string("777")}});
    s.desk.sync();
    s.set_back();
    s.edit("department", "Sales");
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.text("contact", guid(1), "mobilephone") == "777");
    CHECK(s.release_all() == 1);
    s.desk.sync();
    CHECK(s.there("mobilephone") == "777");
    CHECK(s.there("department") == "Sales");
    s.desk.check_equal();
}

TEST_CASE("What was made, answered and not read back before the organization was restored waits for a word",
          "[engine][restored][I1]")
{
    Setting s;
    s.desk.choose({{"appointment", ""}});
    s.desk.sync();
    s.office.back_up();
    s.grow_old();
    const Guid meeting =
        s.desk.create("appointment", {{"subject", std::string("Retreat")},
                                      {"scheduledstart", std::string("2026-11-03T10:00:00Z")},
                                      {"scheduledend", std::string("2026-11-03T11:00:00Z")}});
    s.break_off_after("Retreat");
    (void)s.desk.cycle();
    REQUIRE(s.office->has("appointments", meeting));
    s.set_back(1);
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK_FALSE(s.office->has("appointments", meeting));
    CHECK(s.desk.has("appointment", meeting));
    CHECK(s.release_all() == 1);
    (void)s.desk.cycle();
    CHECK(s.office->has("appointments", meeting));
}

TEST_CASE("A deletion that waits takes along what a restored organization lacks of the record",
          "[engine][restored]")
{
    Setting s;
    s.edit("department", "Buying");
    s.desk.sync();
    s.set_back();
    s.desk.erase("contact", guid(1));
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    // The organization's copy is another than the one that was deleted here: it stays, and says so.
    CHECK(s.office->has("contacts", guid(1)));
    CHECK(s.desk.text("contact", guid(1), "department") == "Sales");
    CHECK(s.desk.store->queue_figures()->live() == 0);
}

TEST_CASE(
    "What is queued again for a restored organization takes nothing that was written there since unseen",
    "[engine][restored]")
{
    Setting s;
    s.grow_old();
    s.edit("department", "Buying");
    s.desk.sync();
    s.set_back();
    s.office->put("contacts", guid(1), R"({"mobilephone":"1"})");
    s.edit("firstname", "Ann M.");
    (void)s.desk.cycle();
    s.office->put("contacts", guid(1), R"({"department":"Theirs"})");
    s.release_all();
    (void)s.desk.cycle();
    CHECK(s.there("department") == "Theirs");
    CHECK(s.desk.store->queue_figures()->open_conflicts == 1);
}

TEST_CASE("Of several edits that a restored organization lacks the last one says what the record is",
          "[engine][restored]")
{
    Setting s;
    s.edit("department", "Buying");
    s.desk.sync();
    s.edit("department", "Selling");
    s.desk.sync();
    s.set_back();
    s.edit("mobilephone", "777");
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.text("contact", guid(1), "department") == "Selling");
    s.release_all();
    s.desk.sync();
    CHECK(s.there("department") == "Selling");
    s.desk.check_equal();
}

TEST_CASE(
    "What was written in a restored organization before the replica came back is not overwritten unseen",
    "[engine][restored]")
{
    Setting s;
    s.grow_old();
    s.edit("department", "Buying");
    s.desk.sync();
    s.set_back();
    s.office->put("contacts", guid(1), R"({"department":"Theirs"})");
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.release_all() == 1);
    (void)s.desk.cycle();
    CHECK(s.there("department") == "Theirs");
    CHECK(s.desk.store->queue_figures()->open_conflicts == 1);
}

TEST_CASE("A page with status 410 that answers in place of the organization tells of no restored one",
          "[engine][restored][I4]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock};
    fill(office, 1, 2);
    desk.choose({{"contact", ""}});
    desk.sync();
    office.erase("contacts", guid(2));
    bool met = false;
    desk.exchange->alter = [&met](const http::Request& request, http::Answer& answer) {
        const bool by_token = (request.url + request.body).find("deltatoken") != std::string::npos;
        if (by_token) answer = {410, {{"Content-Type", "text/html"}}, "<html><title>Gone</title></html>"};
        met = met || by_token;
    };
    desk.sync();
    REQUIRE(met);
    CHECK_FALSE(desk.has("contact", guid(2)));
    const auto decisions = desk.store->decisions({});
    REQUIRE(decisions);
    for (const auto& decision : *decisions) CHECK(decision.rule != "restored");
}

TEST_CASE("A token that a round of many days brought is as old as that round, and tells of no restored one",
          "[engine][restored][I4]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock, "ada", small_pages()};
    fill(office, 1, 40);
    desk.choose({{"contact", ""}});
    desk.exchange->script = [](std::size_t number, const http::Request& request) {
        const bool later = request.url.find("skiptoken") != std::string::npos;
        return later && number > 0 ? Fault::hang : Fault::none;
    };
    REQUIRE_FALSE(desk.try_cycle());
    desk.exchange->script = nullptr;
    desk.reboot();
    clock->pass(std::chrono::hours{24 * 20});
    desk.sync();
    REQUIRE(count(desk) == 40);
    office.erase("contacts", guid(2));
    desk.sync();
    desk.sync();
    CHECK_FALSE(desk.has("contact", guid(2)));
    const auto decisions = desk.store->decisions({});
    REQUIRE(decisions);
    REQUIRE_FALSE(decisions->empty());
    for (const auto& decision : *decisions) CHECK(decision.rule != "restored");
}

TEST_CASE("That an organization was restored is known until everything was compared",
          "[engine][restored][I1]")
{
    Setting s;
    const Guid made = s.desk.create("contact", {{"lastname", std::string("Made")}});
    s.grow_old();
    s.set_back();
    const auto confirms = [](const http::Request& request) {
        return request.body.find("contacts(") != std::string::npos &&
               request.body.find("PATCH ") == std::string::npos;
    };
    SECTION("the comparison fails at first")
    {
        s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
            return confirms(request) ? Fault::unreachable : Fault::none;
        };
        CHECK_FALSE(s.desk.cycle());
        s.desk.exchange->script = {};
    }
    SECTION("the process ends in it")
    {
        s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
            return confirms(request) ? Fault::hang : Fault::none;
        };
        CHECK_FALSE(s.desk.try_cycle());
        s.desk.exchange->script = {};
        s.desk.reboot();
    }
    (void)s.desk.cycle();
    CHECK(s.desk.has("contact", made));
    const auto queue = s.desk.store->changes({});
    REQUIRE(queue);
    REQUIRE(queue->size() == 1);
    CHECK(queue->front().state == localstore::ChangeState::held);
    // All was compared: from now on what is gone is gone.
    REQUIRE(s.desk.store->release(queue->front().sequence, {}));
    s.desk.sync();
    s.office->erase("contacts", guid(1));
    s.desk.sync();
    CHECK_FALSE(s.desk.has("contact", guid(1)));
    s.desk.check_equal();
}

TEST_CASE("Nobody is asked about what a restored organization lacks, as nothing of it goes",
          "[engine][restored][I9]")
{
    Setting s;
    const Guid made = s.desk.create("contact", {{"lastname", std::string("Made")}});
    s.office->put("contacts", guid(2), R"({"lastname":"Theirs"})");
    s.desk.sync();
    bool asked = false;
    s.desk.options.mass_change_least = 1;
    s.desk.options.mass_change_share = 0.1;
    s.desk.options.ask_mass_change = [&asked](const MassChange&, const std::function<void(bool)>& answer) {
        asked = true;
        answer(false);
    };
    s.set_back();
    CHECK(s.desk.cycle());
    CHECK_FALSE(asked);
    CHECK(s.desk.has("contact", made));
    CHECK(s.desk.has("contact", guid(2)));
    CHECK(s.desk.store->queue_figures()->held == 1);
}

TEST_CASE("What was created before an organization was set back meets what others made of the record since",
          "[engine][restored]")
{
    Setting s;
    s.grow_old();
    const Guid id = s.desk.create("contact", {{"lastname", std::string("Poe")}});
    s.desk.sync();
    s.set_back();
    const bool made_before_it_is_missed = GENERATE(false, true);
    if (made_before_it_is_missed) s.office->put("contacts", id, R"({"lastname":"Theirs"})");
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    if (!made_before_it_is_missed) s.office->put("contacts", id, R"({"lastname":"Theirs"})");
    (void)s.desk.cycle();
    s.release_all();
    (void)s.desk.cycle();
    CHECK(s.office->value("contacts", id, "lastname") == "Theirs");
    CHECK(s.desk.store->queue_figures()->open_conflicts == 1);
}

TEST_CASE("A row of an older version that a token leads to means a restored organization",
          "[engine][restored]")
{
    Setting s;
    s.office->put("contacts", guid(1), R"({"fax":"1"})");
    s.office.back_up();
    s.edit("department", "Buying");
    (void)s.desk.cycle();
    s.set_back();
    // The token from before the fax number: the organization takes it, since it is older than its copy.
    REQUIRE(s.desk.store->transact(localstore::Durability::full, [&](localstore::Transaction& transaction) {
        return transaction.rounds.step_back(s.desk.store->scopes()->front().number);
    }));
    (void)s.desk.cycle();
    CHECK(s.desk.text("contact", guid(1), "department") == "Buying");
    CHECK(s.release_all() == 1);
    s.desk.sync();
    CHECK(s.there("department") == "Buying");
}

TEST_CASE(
    "What arrived of a change that is decided about in part is queued again for a restored organization",
    "[engine][restored]")
{
    Setting s;
    s.desk.edit("contact", guid(1),
                {{"firstname", std::string("Zoe ")}, {"department", std::string("Mine")}});
    s.office->put("contacts", guid(1), R"({"department":"Theirs"})");
    (void)s.desk.cycle();
    REQUIRE(s.there("firstname") == "Zoe");
    const auto conflicts = s.desk.store->conflicts({});
    REQUIRE(conflicts->size() == 1);
    const bool decided = GENERATE(false, true);
    if (decided) {
        localstore::Resolution theirs;
        theirs.side = localstore::Side::theirs;
        REQUIRE(s.desk.store->resolve(conflicts->front().number, theirs, {}));
    }
    s.come_back(decided ? 0 : 1);
    CHECK(s.desk.text("contact", guid(1), "firstname").starts_with("Zoe"));
    CHECK(s.release_all() == 1);
    (void)s.desk.cycle();
    CHECK(s.there("firstname") == "Zoe");
    CHECK(s.there("department") == "Sales");
}

TEST_CASE("What the organization showed of a lost answer is queued again when it was restored",
          "[engine][restored][I1]")
{
    Setting s;
    s.edit("firstname", "Zoe");
    s.desk.edit("contact", guid(1), {{"department", std::string("Mine")}});
    s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("PATCH ") != std::string::npos;
        return lost ? Fault::drop_answer : Fault::none;
    };
    (void)s.desk.cycle();
    s.desk.exchange->script = {};
    REQUIRE(s.there("firstname") == "Zoe");
    // Another version, so that only what it shows tells that the edit arrived.
    s.office->put("contacts", guid(1), R"({"department":"Theirs"})");
    (void)s.desk.cycle();
    const auto asked = s.desk.store->conflicts({});
    REQUIRE(asked->size() == 1);
    localstore::Resolution theirs;
    theirs.side = localstore::Side::theirs;
    REQUIRE(s.desk.store->resolve(asked->front().number, theirs, {}));
    s.come_back();
    CHECK(s.desk.text("contact", guid(1), "firstname") == "Zoe");
    CHECK(s.release_all() == 1);
    (void)s.desk.cycle();
    CHECK(s.there("firstname") == "Zoe");
}

TEST_CASE("Of several edits that arrived in part each is queued again when the organization was restored",
          "[engine][restored][I1]")
{
    Setting s;
    s.edit("firstname", "Zoe");
    s.desk.sync();
    s.desk.edit("contact", guid(1),
                {{"firstname", std::string("Zora")}, {"department", std::string("Mine")}});
    s.office->put("contacts", guid(1), R"({"department":"Theirs"})");
    (void)s.desk.cycle();
    REQUIRE(s.there("firstname") == "Zora");
    s.come_back(1);
    CHECK(s.desk.text("contact", guid(1), "firstname") == "Zora");
    CHECK(s.release_all() == 2);
    (void)s.desk.cycle();
    CHECK(s.there("firstname") == "Zora");
}

TEST_CASE("A value that a restored organization lacks goes there when it was edited away and back since",
          "[engine][restored][I1]")
{
    Setting s;
    s.grow_old();
    s.edit("department", "Buying");
    s.desk.sync();
    s.set_back();
    s.edit("department", "Selling");
    s.edit("department", "Buying");
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.there("department") == "Buying");
    CHECK(s.desk.store->queue_figures()->live() == 0);
}

TEST_CASE("A question stays open when the organization was restored to before what both sides wrote",
          "[engine][restored][I3]")
{
    Setting s;
    s.edit("department", "Mine");
    s.desk.sync();
    s.edit("department", "Mine too");
    s.office->put("contacts", guid(1), R"({"department":"Theirs"})");
    (void)s.desk.cycle();
    REQUIRE(s.desk.store->queue_figures()->open_conflicts == 1);
    s.come_back(1);
    const auto asked = s.desk.store->conflicts({});
    REQUIRE(asked->size() == 1);
    CHECK(asked->front().columns.front().theirs == Value{std::string("Sales")});
    CHECK(s.there("department") == "Sales");
    localstore::Resolution mine;
    mine.side = localstore::Side::mine;
    REQUIRE(s.desk.store->resolve(asked->front().number, mine, {}));
    (void)s.desk.cycle();
    CHECK(s.there("department") == "Mine too");
}

TEST_CASE("What a restored organization lacks is queued again once, however often that is seen",
          "[engine][restored][I2]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    KeptOffice office{*clock};
    const auto rules =
        conflict::parse_policy_file(R"({"version":1,"tables":{"account":{"numberofemployees":"add"}}})");
    REQUIRE(rules);
    office->put("accounts", guid(1), R"({"name":"Firm","numberofemployees":10})");
    Desk desk{*office, clock, "ada", {}, 11, std::make_shared<engine::Policies>(*rules)};
    Desk::check(choose_table(*desk.store, "account", {}, {"name", "numberofemployees"}));
    desk.sync();
    office.back_up();
    clock->pass(std::chrono::hours{2});
    desk.edit("account", guid(1),
              {{"numberofemployees", std::int64_t{13}}, {"telephone1", std::string("1")}});
    desk.sync();
    desk.sync(); // With a token from after it.
    const auto there = [&] { return office->value("accounts", guid(1), "numberofemployees"); };
    const auto set_back = [&] {
        desk.kill();
        office.restore();
        desk.exchange = std::make_shared<OrganizationExchange>(*office->organization, *clock, *desk.random);
        desk.revive();
    };
    const auto release_all = [&] {
        const auto changes = desk.store->changes({});
        for (const localstore::Change& change : *changes) REQUIRE(desk.store->release(change.sequence, {}));
        return changes->size();
    };
    REQUIRE(there() == "13");
    set_back();
    SECTION("the page that tells it is asked for again")
    {
        int refusals = 3;
        desk.exchange->alter = [&](const http::Request& request, http::Answer& answer) {
            const bool reads = (request.url + request.body).find("accounts(") != std::string::npos;
            if (!reads || refusals-- <= 0) return;
            answer.status = 403;
            answer.body = "<html>no</html>";
        };
        for (int cycle = 0; cycle < 4; ++cycle) (void)desk.cycle();
        desk.exchange->alter = {};
    }
    SECTION("the same backup is brought back twice")
    {
        (void)desk.cycle();
        (void)desk.cycle();
        const bool released = GENERATE(false, true);
        if (released) {
            CHECK(release_all() == 1);
            desk.sync();
            desk.sync();
            CHECK(there() == "13");
        }
        set_back();
        (void)desk.cycle();
        (void)desk.cycle();
    }
    CHECK(there() == "10");
    CHECK(release_all() == 1);
    desk.sync();
    CHECK(there() == "13");
}

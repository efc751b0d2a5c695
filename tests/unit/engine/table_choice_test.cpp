#include "engine/tables.h"
#include "localstore/transaction.h"
#include "tests/engine_world.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::tests;

namespace {

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

struct Setting : Workplace {
    Setting()
    {
        office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
        office.put("contacts", guid(1), R"({"lastname":"Doe"})");
    }

    localstore::Scope scope(const std::string& table) const
    {
        const auto scopes = desk.store->scopes();
        for (const localstore::Scope& one : *scopes)
            if (one.table == table) return one;
        FAIL("no scope of " << table);
        return {};
    }
    std::size_t asked_for(const std::string& part) const
    {
        return static_cast<std::size_t>(std::ranges::count_if(desk.exchange->seen, [&](const auto& seen) {
            return seen.target.find(part) != std::string::npos;
        }));
    }
    std::size_t told(const std::string& rule) const
    {
        const auto decisions = desk.store->decisions({});
        return static_cast<std::size_t>(std::ranges::count(*decisions, rule, &localstore::Decision::rule));
    }
};

} // namespace

TEST_CASE("A chosen table that the organization does not have stops nothing and is never asked for",
          "[engine][tables]")
{
    Setting s;
    s.desk.choose({{"contcat", ""}, {"contact", ""}, {"account", ""}});
    s.desk.sync();
    CHECK(count(s.desk, "contact") == 1);
    CHECK(count(s.desk, "account") == 1);
    CHECK(s.scope("contcat").mode == "off");
    CHECK(has(s.scope("contcat").reason, "has no table \"contcat\"; did you mean contact"));
    CHECK(s.told("table_off") == 1);

    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    CHECK(s.desk.sync().pushed == 1);
    s.desk.sync();
    CHECK(s.told("table_off") == 1);
    CHECK(s.asked_for("contcatid") == 0);
    CHECK(s.desk.run<Plan>([](engine::Engine& one) { return one.plan({}); }));
    CHECK(s.asked_for("/api/data/v9.2/?") == 0);
    const auto compared = s.desk.run<Verification>([](engine::Engine& one) { return one.verify(); });
    REQUIRE(compared);
    CHECK(compared->outcome == Verification::Outcome::different);
    for (const Verification::Count& count : compared->tables)
        CHECK(count.not_compared.empty() == (count.table != "contcat"));
    CHECK(s.asked_for("/api/data/v9.2/?") == 0);
}

TEST_CASE("Connecting refuses a table that the organization does not have, with the nearest names",
          "[engine][tables]")
{
    Setting s;
    s.desk.choose({{"contcat", ""}, {"account", ""}});
    const auto connected = s.desk.run<void>([](engine::Engine& one) { return one.connect(); });
    REQUIRE_FALSE(connected);
    CHECK(connected.error().code == "server.unknown_table");
    CHECK(has(connected.error().message, "did you mean contact"));
}

TEST_CASE("A filter that fits no column of its table leaves that table out, with the reason",
          "[engine][tables]")
{
    Setting s;
    s.desk.choose({{"contact", "nosuch eq 1"}, {"account", ""}});
    s.desk.sync();
    CHECK(count(s.desk, "account") == 1);
    CHECK(s.scope("contact").mode == "off");
    CHECK(has(s.scope("contact").reason, "nosuch"));
    s.desk.sync();
    CHECK(s.told("table_off") == 1);
}

TEST_CASE(
    "A table that the user may not read is off with the organization's reason, and comes when it may be",
    "[engine][tables]")
{
    Setting s;
    s.desk.choose({{"contact", ""}, {"account", ""}});
    s.desk.exchange->alter = [](const http::Request& request, http::Answer& answer) {
        if (!has(request.url, "/contacts")) return;
        answer = {403,
                  {{"Content-Type", "application/json"}},
                  R"({"error":{"code":"0x80040220","message":"missing prvReadContact privilege"}})"};
    };
    s.desk.sync();
    CHECK(count(s.desk, "account") == 1);
    CHECK(s.scope("contact").mode == "off");
    CHECK(has(s.scope("contact").reason, "prvReadContact"));
    CHECK(s.told("table_off") == 1);
    const std::size_t rebaselines = s.told("rebaseline");
    const std::size_t asked = s.asked_for("/contacts");
    s.desk.sync();
    CHECK(s.asked_for("/contacts") == asked + 1);
    CHECK(s.told("table_off") == 1);
    CHECK(s.told("rebaseline") == rebaselines);

    s.desk.exchange->alter = nullptr;
    s.desk.sync();
    CHECK(s.scope("contact").mode == "filter");
    CHECK_FALSE(has(s.scope("contact").reason, "prvReadContact"));
    CHECK(count(s.desk, "contact") == 1);
    s.clock->pass(std::chrono::hours{25});
    s.desk.sync();
    CHECK(s.scope("contact").mode == "delta");
    s.desk.check_equal();
}

TEST_CASE("What is made in a table that is not aboard is sent and then leaves", "[engine][tables]")
{
    Setting s;
    s.desk.choose({{"contact", ""}, {"account", ""}, {"appointment", ""}});
    s.desk.sync();
    const bool made_before = GENERATE(false, true);
    const auto make = [&] {
        return std::pair{
            s.desk.create("account", {{"name", std::string("Contoso")}}),
            s.desk.create("appointment", {{"subject", std::string("Review")},
                                          {"scheduledstart", std::string("2026-11-03T10:00:00Z")},
                                          {"scheduledend", std::string("2026-11-03T11:00:00Z")}})};
    };
    std::pair<Guid, Guid> made;
    if (made_before) made = make();
    for (const char* table : {"account", "appointment"})
        Desk::check(
            s.desk.store->transact(localstore::Durability::full, [&](localstore::Transaction& transaction) {
                return transaction.rounds.drop_scope(s.scope(table).number);
            }));
    if (!made_before) made = make();
    const auto [account, appointment] = made;
    const auto arrived = [&s, account = account] { return s.office.has("accounts", account); };
    std::string name = "Contoso";
    SECTION("at once") {}
    SECTION("edited again while it was on its way")
    {
        name = "Contoso Ltd";
        s.desk.exchange->after = [&, account = account, done = false](std::size_t) mutable {
            if (!arrived() || std::exchange(done, true)) return;
            s.desk.edit("account", account, {{"name", name}});
        };
    }
    SECTION("with the answer lost")
    {
        s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
            if (lost) return Fault::unreachable;
            lost = request.body.find("PATCH ") != std::string::npos;
            return lost ? Fault::drop_answer : Fault::none;
        };
        CHECK_FALSE(s.desk.cycle());
        s.desk.exchange->script = {};
        s.clock->jump(std::chrono::hours{1});
    }
    s.desk.sync();
    s.desk.exchange->after = {};
    s.desk.sync();
    CHECK(s.office.value("accounts", account, "name") == name);
    CHECK(s.office.has("appointments", appointment));
    CHECK(count(s.desk, "account") == 0);
    CHECK(count(s.desk, "appointment") == 0);
    CHECK(s.desk.store->changes({})->empty());
    s.desk.check_equal();
}

#include "hawser/value.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

Collection attendees(std::initializer_list<const char*> addresses)
{
    std::vector<Party> parties;
    for (const char* address : addresses) parties.push_back({{}, address, {5}});
    return parties_to_collection(parties);
}

/// A day at the office, the same every time: what is there, what is edited, what a colleague does.
struct Day : Workplace {
    Guid account{}, person{};

    Day()
    {
        office.put("accounts", guid(1), R"({"name":"Fabrikam"})");
        for (int i = 10; i < 20; ++i)
            office.put("contacts", guid(i),
                       R"({"firstname":"Ann","lastname":"Number )" + std::to_string(i) + R"("})");
        office.put("appointments", guid(30),
                   R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                   R"("scheduledend":"2026-11-03T11:00:00Z"})");
        desk.choose({{"account", ""}, {"contact", ""}, {"appointment", ""}});
        desk.sync();
        office.log.clear();
    }

    void edits()
    {
        account = desk.create("account", {{"name", std::string("Contoso")}});
        person = desk.create(
            "contact", {{"lastname", std::string("New")}, {"parentcustomerid", Lookup{"account", account}}});
        desk.edit("contact", guid(10), {{"jobtitle", std::string("Buyer")}});
        desk.edit("contact", guid(11), {{"jobtitle", std::string("Clerk")}});
        desk.erase("contact", guid(12));
        desk.edit("appointment", guid(30), {{"parties", attendees({"kim@example.com", "lee@example.com"})}});
        office.put("contacts", guid(10), R"({"telephone1":"555 0100"})");
        office.put("contacts", guid(13), R"({"telephone1":"555 0101"})");
        office.erase("contacts", guid(14));
    }

    /// As people do: again until nothing waits any more.
    void until_quiet()
    {
        for (int i = 0; i < 12; ++i) {
            const auto report = desk.cycle();
            const bool quiet = report && desk.store->queue_figures()->live() == 0;
            if (quiet) return;
            clock->pass(std::chrono::minutes{6});
        }
    }

    void check_end()
    {
        CHECK(office.value("accounts", account, "name") == "Contoso");
        CHECK(office.value("contacts", person, "_parentcustomerid_value") == account.text());
        CHECK(office.value("contacts", guid(10), "jobtitle") == "Buyer");
        CHECK(office.value("contacts", guid(10), "telephone1") == "555 0100");
        CHECK(office.value("contacts", guid(11), "jobtitle") == "Clerk");
        CHECK_FALSE(office.has("contacts", guid(12)));
        CHECK(desk.text("contact", guid(13), "telephone1") == "555 0101");
        CHECK_FALSE(desk.has("contact", guid(14)));
        CHECK(desk.get("appointment", guid(30), "parties") ==
              Value{attendees({"kim@example.com", "lee@example.com"})});
        desk.check_equal();
        CHECK(desk.store->queue_figures()->open_conflicts == 0);
    }

    /// Each change happened on the server once, by its own write log.
    void check_once()
    {
        CHECK(office.effects(account, "PATCH") == 1);
        CHECK(office.effects(person, "PATCH") == 1);
        CHECK(office.effects(guid(10), "PATCH") == 2); // Ours and the colleague's.
        CHECK(office.effects(guid(11), "PATCH") == 1);
        CHECK(office.effects(guid(12), "DELETE") == 1);
        CHECK(office.effects(guid(30), "PATCH") == 1);
    }
};

std::size_t requests_of_a_clean_run()
{
    Day day;
    const std::size_t before = day.desk.exchange->seen.size();
    day.edits();
    day.until_quiet();
    const std::size_t steps = day.desk.exchange->seen.size() - before;
    day.check_end();
    day.check_once();
    return steps;
}

} // namespace

TEST_CASE("Each network step fails once, in each way, and the end is the same", "[engine][faults]")
{
    const std::size_t steps = requests_of_a_clean_run();
    REQUIRE(steps >= 3);
    for (const Fault fault : all_faults)
        for (std::size_t step = 0; step < steps; ++step) {
            INFO("step " << step << " of " << steps << ": " << name(fault));
            Day day;
            day.edits();
            const std::size_t failing = day.desk.exchange->seen.size() + step;
            day.desk.tokens->next = {day.desk.tokens->token, day.desk.tokens->token};
            day.desk.exchange->script = [&](std::size_t number, const http::Request&) {
                return number == failing ? fault : Fault::none;
            };
            day.until_quiet();
            day.desk.exchange->deliver_late();
            day.until_quiet();
            day.check_end();
            day.check_once();
        }
}

TEST_CASE("Killed while any request is under way, a restart ends the same", "[engine][faults]")
{
    const std::size_t steps = requests_of_a_clean_run();
    for (const Fault fault : {Fault::hang, Fault::hang_done})
        for (std::size_t step = 0; step < steps; ++step) {
            INFO("step " << step << " of " << steps << ": " << name(fault));
            Day day;
            day.edits();
            const std::size_t failing = day.desk.exchange->seen.size() + step;
            day.desk.exchange->script = [&](std::size_t number, const http::Request&) {
                return number == failing ? fault : Fault::none;
            };
            CHECK_FALSE(day.desk.try_cycle());
            day.desk.reboot();
            day.until_quiet();
            day.check_end();
            day.check_once();
        }
}

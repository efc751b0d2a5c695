#include "tests/adding_policies.h"
#include "tests/engine_world.h"

#include <utility>
#include <vector>

using namespace hawser;
using namespace hawser::tests;

namespace {

const Party kim{{}, "kim@example.com", {5}}, lee{{}, "lee@example.com", {5}},
    lee_copied{{}, "lee@example.com", {6}}, max{{}, "max@example.com", {5}}, zoe{{}, "zoe@example.com", {5}};

/// A meeting to which Kim is invited and a firm of ten, in an organization that is backed up and worked with, and set
/// back while the replica's engine is not running.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    KeptOffice office{*clock};
    Desk desk{*office, clock, "ada", {}, 11, adding()};

    Setting()
    {
        office->put("appointments", guid(30),
                    R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                    R"("scheduledend":"2026-11-03T11:00:00Z"})");
        invited_there({kim});
        office->put("accounts", guid(1), R"({"name":"Firm","numberofemployees":10})");
        desk.choose({{"account", ""}, {"appointment", ""}});
        desk.sync();
        office.back_up();
        clock->pass(std::chrono::hours{2});
    }

    void invite(const std::vector<Party>& all)
    {
        desk.edit("appointment", guid(30), {{"parties", parties_to_collection(all)}});
    }
    void invited_there(const std::vector<Party>& all)
    {
        std::string parties;
        for (const Party& party : all)
            for (const auto role : party.roles)
                parties += std::string(parties.empty() ? "" : ",") + R"({"addressused":")" + party.address +
                           R"(","participationtypemask":)" + std::to_string(role) + "}";
        const server::Answer put =
            office->ask("PUT", "appointments(" + guid(30).text() + ")/appointment_activity_parties",
                        R"({"value":[)" + parties + "]}");
        INFO(put.body);
        REQUIRE(put.status / 100 == 2);
    }
    void employ(std::int64_t number) { desk.edit("account", guid(1), {{"numberofemployees", number}}); }
    void set_back()
    {
        desk.kill();
        office.restore();
        desk.exchange = std::make_shared<OrganizationExchange>(*office->organization, *clock, *desk.random);
        desk.revive();
    }
    Value invited() const { return desk.get("appointment", guid(30), "parties"); }
    std::string employed() { return office->value("accounts", guid(1), "numberofemployees"); }
};

} // namespace

TEST_CASE("What is queued again of a list leaves in the base whom others had invited",
          "[engine][restored][I3]")
{
    Setting s;
    s.invite({kim, lee});
    const auto lost = s.desk.store->changes({});
    REQUIRE(lost->size() == 1);
    s.desk.sync();
    s.invited_there({kim, lee, zoe});
    s.desk.sync();
    const RecordKey meeting{"appointment", guid(30)};
    REQUIRE(s.desk.store->transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            const auto queued = transaction.queue.requeue_held(
                meeting, {lost->front().sequence},
                {"it was restored", localstore::Lacking::values, localstore::CycleNumber{9}, s.clock->now()});
            if (!queued) return queued.error();
            return {};
        }));
    const auto state = s.desk.store->state(meeting);
    REQUIRE(state);
    REQUIRE(state->shadow);
    CHECK(state->shadow->fields.at("parties") == Value{parties_to_collection({kim, zoe})});
    CHECK(s.invited() == Value{parties_to_collection({kim, lee, zoe})});
}

TEST_CASE("A later edit of a list that a restored organization lacks brings back nobody whom others invited",
          "[engine][restored][I3]")
{
    Setting s;
    s.invite({kim, lee});
    s.desk.sync();
    s.invited_there({kim, lee, zoe});
    s.desk.sync();
    s.invite({kim, lee, max, zoe});
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.invited() == Value{parties_to_collection({kim, lee, max})});
    s.desk.check_equal();
}

TEST_CASE("Whom others invited stays away also where others changed whom we had invited",
          "[engine][restored][I3]")
{
    Setting s;
    s.invite({kim, lee});
    s.desk.sync();
    s.invited_there({kim, lee_copied, zoe});
    s.desk.sync();
    s.invite({kim, lee_copied, max, zoe});
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.invited() == Value{parties_to_collection({kim, max})});
    s.desk.check_equal();
}

TEST_CASE("Whom others had invited before a restore is asked about where a later edit changed them, and the "
          "meeting is back",
          "[engine][restored][I3]")
{
    Setting s;
    const Party zoe_twice{{}, "zoe@example.com", {5, 6}};
    s.invited_there({kim, zoe});
    s.invite({kim, lee});
    s.desk.sync();
    REQUIRE(s.invited() == Value{parties_to_collection({kim, lee, zoe})});
    s.set_back();
    s.office->erase("appointments", guid(30));
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    const auto held = *s.desk.store->changes({});
    REQUIRE(held.size() == 1);
    s.invite({kim, lee, zoe_twice});
    s.office->put("appointments", guid(30),
                  R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                  R"("scheduledend":"2026-11-03T11:00:00Z"})");
    s.invited_there({kim});
    REQUIRE(s.desk.store->release(held.front().sequence, {}));
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.store->conflicts({})->size() == 1);
}

TEST_CASE("A later edit of a counter that a restored organization lacks adds only what was added here",
          "[engine][restored][I2]")
{
    Setting s;
    s.employ(12);
    s.desk.sync();
    s.office->put("accounts", guid(1), R"({"numberofemployees":22})");
    s.desk.sync();
    s.employ(23);
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.employed() == "13");
    s.desk.check_equal();
}

TEST_CASE("An edit of a list that only took back what a restored organization lacks is not queued any more",
          "[engine][restored][I4]")
{
    Setting s;
    s.invite({kim, lee});
    s.desk.sync();
    s.desk.sync(); // With a token from after it.
    s.invite({kim});
    const auto back = s.desk.store->changes({});
    REQUIRE(back->size() == 1);
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.store->change(back->front().sequence)->state == localstore::ChangeState::superseded);
    CHECK(s.desk.store->queue_figures()->live() == 0);
    CHECK(s.invited() == Value(parties_to_collection({kim})));
    s.desk.check_equal();
}

TEST_CASE("A deletion that waits of a record that a restored organization lacks is done",
          "[engine][restored][I4]")
{
    Setting s;
    s.office->put("accounts", guid(2), R"({"name":"Theirs"})");
    s.desk.sync();
    s.desk.erase("account", guid(2));
    const auto deletion = s.desk.store->changes({});
    REQUIRE(deletion->size() == 1);
    const bool refused = GENERATE(false, true);
    const localstore::Sequence waiting = deletion->front().sequence;
    Desk::check(refused ? s.desk.store->transact(localstore::Durability::full,
                                                 [&](localstore::Transaction& transaction) {
                                                     return transaction.queue.park(waiting, "not allowed",
                                                                                   s.clock->now());
                                                 })
                        : s.desk.store->hold(waiting, "not yet", {}));
    s.set_back();
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    CHECK(s.desk.store->queue_figures()->live() == 0);
    CHECK(s.desk.store->change(waiting)->state == localstore::ChangeState::applied);
    CHECK_FALSE(s.desk.has("account", guid(2)));
    s.desk.check_equal();
}

TEST_CASE("A role that somebody else gave a guest stays where the record was made again after a restore and "
          "a deletion",
          "[engine][restored][I3]")
{
    Setting s;
    const Party lee_both{{}, "lee@example.com", {5, 6}};
    s.invite({kim, lee_copied});
    s.desk.sync();
    s.invite({kim, lee_copied, max});
    s.desk.sync();
    bool lost = false;
    s.desk.exchange->script = [&lost](std::size_t, const http::Request& request) {
        const bool write = request.body.find("PATCH ") != std::string::npos;
        return write && !std::exchange(lost, true) ? Fault::drop_answer : Fault::none;
    };
    s.invite({lee_copied, max});
    (void)s.desk.cycle();
    REQUIRE(lost);
    s.set_back();
    s.office->erase("appointments", guid(30));
    (void)s.desk.cycle();
    (void)s.desk.cycle();
    s.office->put("appointments", guid(30),
                  R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                  R"("scheduledend":"2026-11-03T11:00:00Z"})");
    s.invited_there({kim, lee_both});
    (void)s.desk.cycle();
    const auto asked = s.desk.store->conflicts({});
    REQUIRE(asked);
    REQUIRE(asked->size() == 1);
    CHECK(asked->front().columns.front().theirs == Value{parties_to_collection({kim, lee_both})});
    const auto waiting = s.desk.store->changes({});
    REQUIRE(waiting);
    for (const localstore::Change& change : *waiting)
        if (change.state == localstore::ChangeState::held)
            REQUIRE(s.desk.store->release(change.sequence, {}));
    (void)s.desk.cycle();
    localstore::Resolution theirs;
    theirs.side = localstore::Side::theirs;
    localstore::WriteContext by_ada;
    by_ada.now = s.clock->now();
    REQUIRE(s.desk.store->resolve(asked->front().number, theirs, by_ada));
    s.desk.sync();
    CHECK(s.invited() == Value{parties_to_collection({kim, lee_both})});
    s.desk.check_equal();
}

TEST_CASE("Whom an undone edit had invited is invited by no later edit of the list", "[engine][undo][I1]")
{
    Setting s;
    s.invite({kim, lee, max});
    const auto queued = s.desk.store->changes({});
    REQUIRE(queued->size() == 1);
    s.invite({kim, lee_copied, max});
    localstore::WriteContext by_ada;
    by_ada.now = s.clock->now();
    REQUIRE(s.desk.store->undo(queued->front().sequence, by_ada));
    CHECK(s.invited() == Value{parties_to_collection({kim, lee_copied})});
    s.desk.sync();
    s.desk.sync();
    CHECK(s.invited() == Value{parties_to_collection({kim, lee_copied})});
    s.desk.check_equal();
}

#include "tests/engine_world.h"

#include <utility>

using namespace hawser;
using namespace hawser::tests;

namespace {

/// A few contacts and tasks, in step on both sides.
struct Setting : Workplace {
    Setting()
    {
        for (int i = 1; i <= 3; ++i)
            office.put("contacts", guid(i),
                       R"({"firstname":"Ann","lastname":"Number )" + std::to_string(i) +
                           R"(","jobtitle":"Clerk","department":"Sales","address1_line1":"Main 1",)"
                           R"("address1_city":"Pune"})");
        office.put("tasks", guid(20), R"({"subject":"Call"})");
        office.put("appointments", guid(30),
                   R"({"subject":"Review","location":"Here","scheduledstart":"2026-11-03T10:00:00Z",)"
                   R"("scheduledend":"2026-11-03T11:00:00Z"})");
        desk.choose({{"contact", ""}, {"task", ""}, {"appointment", ""}});
        desk.sync();
        office.log.clear();
    }

    void edit(int contact, Fields fields) { desk.edit("contact", guid(contact), std::move(fields)); }
    void put(int contact, const std::string& json) { office.put("contacts", guid(contact), json); }
    std::string there(int contact, const std::string& column)
    {
        return office.value("contacts", guid(contact), column);
    }
    std::string here(int contact, const std::string& column)
    {
        return desk.text("contact", guid(contact), column);
    }

    /// The answer to the next write is lost, after it was carried out or before it arrived.
    void lose_next_write(Fault how)
    {
        desk.exchange->script = [how, lost = false](std::size_t, const http::Request& request) mutable {
            const bool write = request.body.find("PATCH ") != std::string::npos ||
                               request.body.find("DELETE ") != std::string::npos;
            return write && !std::exchange(lost, true) ? how : Fault::none;
        };
    }
    /// A contact whose creation was carried out; the process ended before it heard of it.
    Guid create_unheard()
    {
        lose_next_write(Fault::hang_done);
        const Guid id = desk.create("contact", {{"lastname", Value{std::string("New")}}});
        REQUIRE_FALSE(desk.try_cycle());
        desk.reboot();
        desk.exchange->script = nullptr;
        return id;
    }
    /// After the next write was carried out, before anything is read.
    void after_next_write(std::function<void()> meanwhile)
    {
        desk.exchange->after = [this, meanwhile = std::move(meanwhile), done = false](std::size_t) mutable {
            if (office.log.empty() || std::exchange(done, true)) return;
            meanwhile();
        };
    }
    std::vector<localstore::Conflict> conflicts()
    {
        auto open = desk.store->conflicts({});
        REQUIRE(open);
        return *open;
    }
    bool decided(std::string_view rule)
    {
        const auto decisions = desk.store->decisions({});
        REQUIRE(decisions);
        return std::ranges::any_of(*decisions, [&](const auto& decision) { return decision.rule == rule; });
    }
};

Fields text(std::initializer_list<std::pair<const char*, const char*>> columns)
{
    Fields fields;
    for (const auto& [name, value] : columns) fields[name] = std::string(value);
    return fields;
}

} // namespace

TEST_CASE("The same edit of an atomic group on both sides asks nobody", "[engine][reconcile]")
{
    Setting s;
    SECTION("both complete a task, and the organization adds columns of its own")
    {
        s.desk.edit("task", guid(20),
                    {{"statecode", std::int64_t{1}},
                     {"statuscode", std::int64_t{5}},
                     {"percentcomplete", std::int64_t{100}}});
        s.office.put("tasks", guid(20), R"({"statecode":1,"statuscode":5,"percentcomplete":100})");
    }
    SECTION("the colleague changed more of the group")
    {
        s.edit(1, text({{"address1_line1", "Side 2"}}));
        s.put(1, R"({"address1_line1":"Side 2","address1_city":"Delhi"})");
    }
    SECTION("we changed more of the group")
    {
        s.edit(1, text({{"address1_line1", "Side 2"}, {"address1_city", "Delhi"}}));
        s.put(1, R"({"address1_line1":"Side 2"})");
    }
    CHECK(s.desk.sync().conflicts == 0);
    s.desk.sync();
    CHECK(s.conflicts().empty());
    s.desk.check_equal();
    CHECK((s.there(1, "address1_city") == "Delhi" || s.there(1, "address1_line1") == "Main 1"));
}

TEST_CASE("A group that both sides changed differently asks, also when they agree in part",
          "[engine][reconcile]")
{
    Setting s;
    s.edit(1, text({{"address1_line1", "Side 2"}, {"address1_city", "Delhi"}}));
    s.put(1, R"({"address1_line1":"Side 2","address1_city":"Goa"})");
    CHECK(s.desk.sync().conflicts == 1);
    REQUIRE(s.conflicts().size() == 1);
    CHECK(s.there(1, "address1_city") == "Goa");
    CHECK(s.here(1, "address1_city") == "Delhi");
    SECTION("and their further edits of the group join the question")
    {
        s.put(1, R"({"address1_line1":"Third 3"})");
        s.desk.sync();
        s.desk.sync();
        CHECK(s.conflicts().size() == 1);
        CHECK(s.there(1, "address1_line1") == "Third 3");
    }
}

TEST_CASE("What others changed before we read our own write back is reconciled, not swallowed",
          "[engine][reconcile]")
{
    Setting s;
    SECTION("after a lost answer")
    {
        s.edit(1, text({{"jobtitle", "Buyer"}}));
        s.lose_next_write(Fault::drop_answer);
        s.after_next_write([&] {
            s.edit(1, text({{"department", "Mine"}}));
            s.put(1, R"({"department":"Theirs","telephone1":"555"})");
        });
        s.desk.sync();
        s.desk.sync();
        CHECK(s.there(1, "jobtitle") == "Buyer");
        CHECK(s.there(1, "department") == "Theirs");
        CHECK(s.here(1, "department") == "Mine");
        CHECK(s.here(1, "telephone1") == "555");
    }
    SECTION("after a party list")
    {
        const Collection guests = parties_to_collection({{{}, "kim@example.com", {5}}});
        s.desk.edit("appointment", guid(30), {{"parties", guests}});
        s.after_next_write([&] {
            s.desk.edit("appointment", guid(30), {{"location", std::string("Mine")}});
            s.office.put("appointments", guid(30), R"({"location":"Theirs"})");
        });
        s.desk.sync();
        s.desk.sync();
        CHECK(s.office.value("appointments", guid(30), "location") == "Theirs");
        CHECK(s.desk.text("appointment", guid(30), "location") == "Mine");
    }
    REQUIRE(s.conflicts().size() == 1);
    CHECK(s.conflicts().front().columns.size() == 1);
}

TEST_CASE("What became of a lost answer, and why a change goes again, is in the log", "[engine][I10]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Buyer"}}));
    const auto sentences = [&] {
        std::vector<std::string> all;
        const auto decisions = s.desk.store->decisions({});
        REQUIRE(decisions);
        for (const auto& decision : *decisions) {
            CHECK(decision.key.id == guid(1));
            all.push_back(decision.rule + ": " + decision.sentence);
        }
        return all;
    };
    const auto says = [&](std::size_t at, const std::string& words) {
        const auto all = sentences();
        CAPTURE(all);
        REQUIRE(at < all.size());
        CHECK(all[at].starts_with(words));
        CHECK(all.size() <= at + 1);
    };
    SECTION("it had been applied")
    {
        s.lose_next_write(Fault::drop_answer);
        s.desk.sync();
        says(1, "unknown: The organization had applied the change");
    }
    SECTION("it had not arrived")
    {
        s.lose_next_write(Fault::drop_request);
        s.desk.sync();
        says(1, "unknown: The organization does not show the change");
    }
    SECTION("the organization stumbled, again and again")
    {
        s.desk.exchange->script = [](std::size_t, const http::Request& request) {
            return request.body.find("PATCH ") != std::string::npos ? Fault::busy : Fault::none;
        };
        for (int i = 0; i < 5; ++i) (void)s.desk.cycle();
        s.desk.exchange->script = nullptr;
        says(1, "unknown: The organization does not show the change");
    }
    s.desk.sync();
    s.desk.check_equal();
}

TEST_CASE("Who edits what was refused mends it: both go together", "[engine][push][I4]")
{
    Setting s;
    const auto end_at = [&](const char* time) {
        s.desk.edit("appointment", guid(30), {{"scheduledend", std::string(time)}});
    };
    end_at("2026-11-03T09:00:00Z"); // Before its start.
    CHECK(s.desk.sync().refused == 1);
    REQUIRE(s.desk.store->queue_figures()->parked == 1);
    SECTION("by another value")
    {
        end_at("2026-11-03T12:00:00Z");
        CHECK(s.desk.store->queue_figures()->queued == 2);
        s.desk.sync();
        CHECK(s.office.value("appointments", guid(30), "scheduledend") == "2026-11-03T12:00:00Z");
    }
    SECTION("by deleting the record")
    {
        s.desk.erase("appointment", guid(30));
        s.desk.sync();
        CHECK_FALSE(s.office.has("appointments", guid(30)));
    }
    SECTION("an edit of something else does not, and waits for it")
    {
        s.desk.edit("appointment", guid(30), {{"location", std::string("There")}});
        CHECK(s.desk.sync().refused == 0);
        CHECK(s.desk.store->queue_figures()->parked == 1);
        CHECK(s.desk.store->queue_figures()->queued == 1);
        end_at("2026-11-03T12:00:00Z");
        s.desk.sync();
        CHECK(s.office.value("appointments", guid(30), "location") == "There");
    }
    SECTION("another value that is refused is parked with it")
    {
        end_at("2026-11-03T08:00:00Z");
        CHECK(s.desk.sync().refused == 2);
        CHECK(s.desk.store->queue_figures()->parked == 2);
        end_at("2026-11-03T12:00:00Z");
    }
    s.desk.sync();
    s.desk.check_equal();
}

TEST_CASE("A refused creation is mended by what it lacked", "[engine][push][I4]")
{
    Setting s;
    const Guid made = s.desk.create("appointment", {{"subject", std::string("New")},
                                                    {"scheduledstart", std::string("2026-11-03T10:00:00Z")},
                                                    {"scheduledend", std::string("2026-11-03T09:00:00Z")}});
    CHECK(s.desk.sync().refused == 1);
    s.desk.edit("appointment", made, {{"scheduledstart", std::string("2026-11-03T08:00:00Z")}});
    s.desk.sync();
    CHECK(s.office.has("appointments", made));
    s.desk.check_equal();
}

TEST_CASE("What the organization trims of our write is no conflict", "[engine][reconcile]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Buyer "}}));
    s.lose_next_write(Fault::drop_answer);
    s.after_next_write([&] { s.edit(1, text({{"jobtitle", "Head"}})); });
    s.desk.sync();
    s.desk.sync();
    CHECK(s.conflicts().empty());
    CHECK(s.there(1, "jobtitle") == "Head");
    s.desk.check_equal();
}

TEST_CASE("An edit before a deletion that gave way is no question: it goes with the deletion",
          "[engine][reconcile]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Mine"}, {"department", "Buying"}}));
    s.desk.erase("contact", guid(1));
    s.put(1, R"({"jobtitle":"Theirs"})");
    CHECK(s.desk.sync().kept == 1);
    CHECK(s.conflicts().empty());
    CHECK(s.here(1, "jobtitle") == "Theirs");
    CHECK(s.office.effects(guid(1), "PATCH") == 1);
    CHECK(s.decided("reconcile.edit_beats_deletion"));
    s.desk.check_equal();
}

TEST_CASE("A deletion does not give way to what another deletion of ours emptied in the record",
          "[engine][reconcile][I1]")
{
    Setting s;
    s.office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
    s.put(1, R"x({"parentcustomerid_account@odata.bind":"/accounts()x" + guid(900).text() + R"x()"})x");
    s.desk.choose({{"account", ""}, {"contact", ""}});
    s.desk.sync();
    s.desk.erase("account", guid(900));
    const bool lost = GENERATE(false, true);
    if (lost) {
        s.lose_next_write(Fault::hang_done);
        REQUIRE_FALSE(s.desk.try_cycle());
        s.desk.reboot();
        s.desk.erase("contact", guid(1));
    } else {
        s.after_next_write([&] { s.desk.erase("contact", guid(1)); });
    }
    s.desk.sync();
    s.desk.sync();
    CHECK_FALSE(s.office.has("accounts", guid(900)));
    CHECK_FALSE(s.office.has("contacts", guid(1)));
    s.desk.check_equal();
}

TEST_CASE("A deletion gives way to an edit of a record whose reference another deletion of ours emptied",
          "[engine][reconcile][I3]")
{
    Setting s;
    s.office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
    s.put(1, R"x({"parentcustomerid_account@odata.bind":"/accounts()x" + guid(900).text() + R"x()"})x");
    s.desk.choose({{"account", ""}, {"contact", ""}});
    s.desk.sync();
    s.desk.erase("account", guid(900));
    s.after_next_write([&] {
        s.desk.erase("contact", guid(1));
        s.put(1, R"({"jobtitle":"Theirs"})");
    });
    s.desk.sync();
    s.desk.sync();
    CHECK(s.there(1, "jobtitle") == "Theirs");
    s.desk.check_equal();
}

TEST_CASE("A deletion does not give way to what the organization computed from our own edit",
          "[engine][reconcile][I1]")
{
    Setting s;
    s.edit(1, text({{"firstname", "Anna"}}));
    s.lose_next_write(Fault::hang_done);
    REQUIRE_FALSE(s.desk.try_cycle());
    s.desk.reboot();
    s.desk.erase("contact", guid(1));
    s.desk.sync();
    CHECK_FALSE(s.office.has("contacts", guid(1)));
    s.desk.check_equal();
}

TEST_CASE("An edit of a group that sets back what went with a deletion takes nothing from others",
          "[engine][reconcile][I3]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Mine"}}));
    s.desk.write_all(
        {{localstore::ChangeKind::update,
          {"contact", guid(1)},
          text({{"jobtitle", "Clerk"}, {"department", "Buying"}})},
         {localstore::ChangeKind::update, {"contact", guid(2)}, text({{"department", "Buying"}})}},
        localstore::Grouping::one_unit);
    s.desk.erase("contact", guid(1));
    s.put(1, R"({"jobtitle":"Theirs"})");
    CHECK(s.desk.sync().kept == 1);
    CHECK(s.there(1, "jobtitle") == "Theirs");
    CHECK(s.there(1, "department") == "Buying");
    CHECK(s.there(2, "department") == "Buying");
    s.desk.check_equal();
}

TEST_CASE("An edit whose deletion was undone meets their edit like any other", "[engine][reconcile]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Mine"}}));
    s.desk.erase("contact", guid(1));
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->undo(s.desk.store->changes({})->back().sequence, by));
    s.put(1, R"({"jobtitle":"Theirs"})");
    s.desk.sync();
    CHECK(s.conflicts().size() == 1);
    CHECK(s.here(1, "jobtitle") == "Mine");
}

TEST_CASE("An edit of a group before a deletion that gave way stays with its group", "[engine][reconcile]")
{
    Setting s;
    s.desk.write_all(
        {{localstore::ChangeKind::update, {"contact", guid(1)}, text({{"department", "Buying"}})},
         {localstore::ChangeKind::update, {"contact", guid(2)}, text({{"department", "Buying"}})}},
        localstore::Grouping::one_unit);
    s.desk.erase("contact", guid(1));
    s.put(1, R"({"jobtitle":"Theirs"})");
    CHECK(s.desk.sync().kept == 1);
    CHECK(s.there(1, "department") == "Buying");
    CHECK(s.there(2, "department") == "Buying");
    s.desk.check_equal();
}

TEST_CASE("A record that is created again is not counted as removed", "[engine][reconcile]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Mine"}}));
    s.office.erase("contacts", guid(1));
    const CycleReport report = s.desk.sync();
    CHECK(report.removed == 0);
    CHECK(report.merged == 1);
    CHECK(s.there(1, "jobtitle") == "Mine");
}

TEST_CASE("A revival whose answer is lost is judged by what is there, not by its id", "[engine][reconcile]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Mine"}}));
    s.office.erase("contacts", guid(1));
    SECTION("somebody else revived it first")
    {
        s.desk.exchange->script = [&s, met = false](std::size_t, const http::Request& request) mutable {
            const bool revival = request.body.find("PATCH ") != std::string::npos;
            if (!revival || std::exchange(met, true)) return Fault::none;
            s.office.ask("PATCH", "contacts(" + guid(1).text() + ")",
                         R"({"firstname":"Ann","lastname":"Number 1","jobtitle":"Clerk",)"
                         R"("department":"Theirs"})",
                         {}, "bob");
            return Fault::drop_answer;
        };
        s.desk.sync();
        s.desk.sync();
        CHECK(s.there(1, "department") == "Theirs");
    }
    SECTION("it was ours")
    {
        s.lose_next_write(Fault::drop_answer);
        s.desk.sync();
    }
    CHECK(s.there(1, "jobtitle") == "Mine");
    CHECK(s.conflicts().empty());
    s.desk.check_equal();
}

TEST_CASE("A side of an open question that our own push brings anew is told", "[engine][reconcile][I10]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Mine"}}));
    s.put(1, R"({"jobtitle":"Theirs"})");
    s.desk.sync();
    REQUIRE(s.conflicts().size() == 1);
    REQUIRE_FALSE(s.decided("conflict.moved"));
    s.edit(1, text({{"department", "Service"}}));
    s.edit(2, text({{"department", "Service"}}));
    s.desk.exchange->alter = [](const http::Request& request, http::Answer& answer) {
        if (request.body.find("PATCH ") == std::string::npos) return;
        const std::string theirs = R"("jobtitle":"Theirs")";
        if (const auto at = answer.body.find(theirs); at != std::string::npos)
            answer.body.replace(at, theirs.size(), R"("jobtitle":"Buyer!")");
    };
    const CycleReport report = s.desk.sync();
    REQUIRE(s.conflicts().size() == 1);
    CHECK(s.conflicts().front().label() == "1.2");
    CHECK(s.conflicts().front().columns.front().theirs == Value{std::string("Buyer!")});
    CHECK(s.decided("conflict.moved"));
    CHECK(report.conflicts_moved == 1);
}

TEST_CASE("Nobody decides against a side that they did not see", "[engine][reconcile]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Mine"}}));
    s.put(1, R"({"jobtitle":"Theirs"})");
    s.desk.sync();
    REQUIRE(s.conflicts().size() == 1);
    const localstore::Conflict seen = s.conflicts().front();
    s.put(1, R"({"jobtitle":"Moved"})");
    s.desk.sync();
    CHECK(s.decided("conflict.moved"));
    localstore::WriteContext by;
    by.now = s.clock->now();
    localstore::Resolution mine{localstore::Side::mine, {}, {{"jobtitle", seen.columns.front().theirs}}};
    const auto refused = s.desk.store->resolve(seen.number, mine, by);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "store.conflict_moved");
    CHECK(s.conflicts().size() == 1);
    mine.seen["jobtitle"] = s.conflicts().front().columns.front().theirs;
    REQUIRE(s.desk.store->resolve(seen.number, mine, by));
    s.desk.sync();
    CHECK(s.there(1, "jobtitle") == "Mine");
    s.desk.check_equal();
}

TEST_CASE("A record deleted there while a question is open comes back with mine, and the question ends",
          "[engine][reconcile]")
{
    Setting s;
    s.edit(1, text({{"lastname", "Mine"}}));
    s.put(1, R"({"lastname":"Theirs"})");
    s.desk.sync();
    REQUIRE(s.conflicts().size() == 1);
    s.office.erase("contacts", guid(1));
    s.desk.sync();
    s.desk.sync();
    CHECK(s.there(1, "lastname") == "Mine");
    CHECK(s.conflicts().empty());
    s.desk.check_equal();
}

TEST_CASE(
    "What becomes of a change whose answer was lost is explained, also where nothing is asked in the end",
    "[engine][reconcile]")
{
    Setting s;
    s.edit(1, text({{"jobtitle", "Mine"}}));
    bool lost = false;
    s.desk.exchange->script = [&lost](std::size_t, const http::Request& request) {
        const bool write = request.body.find("PATCH ") != std::string::npos;
        return write && !std::exchange(lost, true) ? Fault::hang : Fault::none;
    };
    REQUIRE_FALSE(s.desk.try_cycle());
    s.desk.reboot();
    const auto open = s.desk.store->changes({});
    REQUIRE(open->size() == 1);
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->undo(open->front().sequence, by));
    s.put(1, R"({"firstname":"Else"})");
    (void)s.desk.cycle();
    localstore::ConflictFilter all;
    all.closed_too = true;
    const auto questions = s.desk.store->conflicts(all);
    REQUIRE(questions);
    for (const localstore::Conflict& conflict : *questions) {
        localstore::DecisionFilter of_record;
        of_record.key = conflict.key;
        CHECK_FALSE(s.desk.store->decisions(of_record)->empty());
    }
    CHECK(s.decided("unknown"));
}

TEST_CASE("A creation whose answer was lost is no word about what somebody else made of the record since",
          "[engine][reconcile]")
{
    Setting s;
    const Guid id = s.create_unheard();
    s.desk.edit("contact", id, text({{"jobtitle", "Mine"}}));
    s.office.erase("contacts", id);
    s.office.put("contacts", id, R"({"lastname":"Newer","jobtitle":"Theirs"})");
    (void)s.desk.cycle();
    CHECK(s.office.value("contacts", id, "jobtitle") == "Theirs");
    REQUIRE(s.conflicts().size() == 1);
    CHECK(s.conflicts().front().columns.front().column == "jobtitle");
}

TEST_CASE("A creation whose answer was lost is no word about what a record that was made again holds besides",
          "[engine][reconcile][I3]")
{
    Setting s;
    const Guid id = s.create_unheard();
    const bool edited = GENERATE(false, true);
    if (edited)
        s.desk.edit("contact", id, text({{"jobtitle", "Mine"}}));
    else
        s.desk.erase("contact", id);
    s.office.erase("contacts", id);
    s.office.put("contacts", id, R"({"lastname":"New","jobtitle":"Theirs"})");
    (void)s.desk.cycle();
    CHECK(s.office.value("contacts", id, "jobtitle") == "Theirs");
    CHECK(s.desk.has("contact", id));
    CHECK(s.conflicts().size() == (edited ? 1 : 0));
}

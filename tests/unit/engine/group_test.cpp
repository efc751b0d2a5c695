#include "tests/engine_world.h"

#include <algorithm>
#include <utility>

using namespace hawser;
using namespace hawser::tests;
using localstore::Sequence;

namespace {

Fields job(std::string title)
{
    return {{"jobtitle", Value{std::move(title)}}};
}

localstore::Edit update_of(int contact, Fields fields)
{
    return {localstore::ChangeKind::update, {"contact", guid(contact)}, std::move(fields)};
}

localstore::Edit removal_of(int contact)
{
    return {localstore::ChangeKind::remove, {"contact", guid(contact)}, {}};
}

/// Three contacts, in step on both sides.
struct Setting : Workplace {
    Setting()
    {
        for (int i = 1; i <= 3; ++i)
            office.put("contacts", guid(i),
                       R"({"lastname":"Number )" + std::to_string(i) + R"(","jobtitle":"Clerk"})");
        desk.choose({{"contact", ""}});
        desk.sync();
        office.log.clear();
    }

    std::vector<Sequence> group(const std::vector<localstore::Edit>& edits)
    {
        return desk.write_all(edits, localstore::Grouping::one_unit);
    }
    void put(int contact, const std::string& title)
    {
        office.put("contacts", guid(contact), R"({"jobtitle":")" + title + R"("})");
    }
    std::string there(int contact) { return office.value("contacts", guid(contact), "jobtitle"); }
    bool has(int contact) { return office.has("contacts", guid(contact)); }
    localstore::Change change(Sequence sequence) const
    {
        const auto found = desk.store->change(sequence);
        if (!found) FAIL(found.error().message);
        return *found;
    }
    std::size_t held() const
    {
        localstore::ChangeFilter filter;
        filter.states.push_back(localstore::ChangeState::held);
        const auto found = desk.store->changes(filter);
        REQUIRE(found);
        return found->size();
    }
    std::vector<std::string> told(int contact, std::string_view rule) const
    {
        std::vector<std::string> sentences;
        const auto decisions = desk.store->decisions({});
        REQUIRE(decisions);
        for (const auto& decision : *decisions)
            if (decision.rule == rule && decision.key == RecordKey{"contact", guid(contact)})
                sentences.push_back(decision.sentence);
        return sentences;
    }
    void resolve(localstore::Side side)
    {
        localstore::Resolution resolution;
        resolution.side = side;
        localstore::WriteContext by;
        by.now = clock->now();
        const auto open = desk.store->conflicts({});
        REQUIRE(open->size() == 1);
        REQUIRE(desk.store->resolve(open->front().number, resolution, by));
    }
    void discard(Sequence sequence)
    {
        localstore::WriteContext by;
        by.now = clock->now();
        REQUIRE(desk.store->discard(sequence, by));
    }
    /// What happens while the first request that writes is on its way.
    void during_write(std::function<void()> happening)
    {
        desk.exchange->script = [happening, done = false](std::size_t, const http::Request& request) mutable {
            if (request.body.find("DELETE ") != std::string::npos && !std::exchange(done, true)) happening();
            return Fault::none;
        };
    }
};

} // namespace

TEST_CASE("A group that waits for a word is told of each later edit of what it deletes", "[engine][group]")
{
    Setting s;
    const auto group = s.group({update_of(1, job("Mine")), removal_of(2)});
    const auto all_say = [&](const std::string& words) {
        return std::ranges::all_of(group, [&](Sequence member) {
            return s.change(member).waits_for.starts_with("the organization changed contact \"Number 2\"" +
                                                          words);
        });
    };
    if (GENERATE(false, true)) Desk::check(s.desk.store->hold(group.front(), "held by you", {}));
    s.put(2, "Theirs");
    CHECK(s.desk.sync().held == 2);
    REQUIRE(s.held() == 2);
    CHECK(all_say(", "));
    s.put(2, "Again");
    CHECK(s.desk.sync().held == 2);
    CHECK(s.told(1, "group.waits").size() == 2);
    CHECK(s.held() == 2);
    CHECK(all_say(" again, "));
    Desk::check(s.desk.store->release(group.back(), {}));
    s.desk.sync();
    CHECK(s.there(1) == "Mine");
    CHECK_FALSE(s.has(2));
    s.desk.check_equal();
}

TEST_CASE("A group of deletions that all meet edits waits once, and tells of each", "[engine][group]")
{
    Setting s;
    const auto group = s.group({removal_of(1), removal_of(2), removal_of(3)});
    for (const int contact : {1, 2, 3}) s.put(contact, "Theirs");
    CHECK(s.desk.sync().held == 3);
    for (const int contact : {1, 2, 3})
        CHECK(std::ranges::any_of(s.told(contact, "group.waits"), [&](const std::string& sentence) {
            const std::string name = "changed contact \"Number " + std::to_string(contact) + "\",";
            return sentence.find(name) != std::string::npos;
        }));
    Desk::check(s.desk.store->release(group.front(), {}));
    s.desk.sync();
    for (const int contact : {1, 2, 3}) CHECK_FALSE(s.has(contact));
    s.desk.check_equal();
}

TEST_CASE("A group held for what it would delete says so, whatever else holds it", "[engine][group]")
{
    Setting s;
    const auto group = s.group(
        {{localstore::ChangeKind::create, {"contact", guid(71)}, {{"lastname", Value{std::string("Poe")}}}},
         removal_of(2)});
    s.office.put("contacts", guid(71), R"({"lastname":"Poe"})");
    s.office.erase("contacts", guid(71));
    s.put(2, "Theirs");
    CHECK(s.desk.sync().held == 2);
    for (const Sequence member : group)
        CHECK(s.change(member).waits_for.starts_with("the organization changed contact \"Number 2\","));
    CHECK(s.told(71, "reconcile.deleted_before").size() == 1);
    Desk::check(s.desk.store->hold(group.front(), "held by you", {}));
    CHECK(s.change(group.front()).waits_for.starts_with("the organization changed"));
}

TEST_CASE("A group whose deletion meets an edit there waits whole, until somebody releases or discards it",
          "[engine][group]")
{
    Setting s;
    const auto group = s.group({update_of(1, job("Mine")), removal_of(2)});
    CycleReport report;
    if (GENERATE(true, false)) {
        s.put(2, "Theirs");
        report = s.desk.sync();
    } else {
        s.during_write([&] { s.put(2, "Theirs"); });
        report = s.desk.sync();
        s.desk.exchange->script = {};
    }
    CHECK(s.there(1) == "Clerk");
    REQUIRE(s.has(2));
    CHECK(s.held() == 2);
    CHECK(report.held == 2);
    CHECK(report.kept == 0);
    CHECK(s.change(group[1]).waits_for == "the organization changed contact \"Number 2\", which this group "
                                          "deletes: release the change to go on all the same, or discard it");
    CHECK(s.told(1, "group.waits").size() == 1);
    CHECK(s.told(2, "group.waits").size() == 1);
    CHECK(s.told(2, "reconcile.edit_beats_deletion").empty());
    s.desk.sync();
    CHECK(s.held() == 2);

    SECTION("released, it goes on as one request against the version that was seen")
    {
        Desk::check(s.desk.store->release(group.front(), {}));
        int writes = 0;
        s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
            if (request.body.find("DELETE ") != std::string::npos) ++writes;
            return Fault::none;
        };
        s.desk.sync();
        CHECK(writes == 1);
        CHECK(s.there(1) == "Mine");
        CHECK_FALSE(s.has(2));
    }
    SECTION("changed again there, it is held again")
    {
        Desk::check(s.desk.store->release(group.back(), {}));
        s.put(2, "Again");
        s.desk.sync();
        CHECK(s.there(1) == "Clerk");
        CHECK(s.held() == 2);
        Desk::check(s.desk.store->release(group.back(), {}));
        s.desk.sync();
        CHECK(s.there(1) == "Mine");
        CHECK_FALSE(s.has(2));
    }
    SECTION("discarded, theirs stands here too")
    {
        s.discard(group.front());
        CHECK(s.desk.text("contact", guid(2), "jobtitle") == "Theirs");
        s.desk.sync();
        CHECK(s.there(1) == "Clerk");
    }
    s.desk.check_equal();
}

TEST_CASE("An edit of what a waiting group deletes waits with the group and overwrites nothing unseen",
          "[engine][group][I3]")
{
    Setting s;
    s.desk.edit("contact", guid(2), job("Earlier"));
    const auto group = s.group({update_of(1, job("Mine")), removal_of(2)});
    s.put(2, "Theirs");
    s.desk.sync();
    CHECK(s.there(2) == "Theirs");
    CHECK(s.there(1) == "Clerk");
    CHECK(s.held() == 3);
    s.desk.sync();
    CHECK(s.there(2) == "Theirs");
    const Sequence edit{group.front().value - 1};
    CHECK(
        s.change(edit).waits_for ==
        "the organization changed contact \"Number 2\", which you deleted here later: release the change to "
        "go on all the same, or discard it");

    SECTION("released with it, it goes with the deletion")
    {
        Desk::check(s.desk.store->release(group.front(), {}));
        Desk::check(s.desk.store->release(edit, {}));
        s.desk.sync();
        CHECK(s.there(1) == "Mine");
        CHECK_FALSE(s.has(2));
    }
    SECTION("discarded with it, theirs stands")
    {
        s.discard(group.front());
        s.discard(edit);
        CHECK(s.desk.text("contact", guid(2), "jobtitle") == "Theirs");
        s.desk.sync();
    }
    SECTION("released alone, it is what the person wants there")
    {
        s.discard(group.front());
        Desk::check(s.desk.store->release(edit, {}));
        s.desk.sync();
        CHECK(s.there(2) == "Earlier");
    }
    s.desk.check_equal();
}

TEST_CASE(
    "An edit whose answer was lost, of what a group deletes since, waits with the group and asks nothing",
    "[engine][group][I2]")
{
    Setting s;
    s.desk.edit("contact", guid(2), job("Earlier"));
    bool lost = false;
    s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
        const bool write = request.body.find("PATCH ") != std::string::npos;
        if (lost && !write) return Fault::busy;
        lost = lost || write;
        return write ? Fault::drop_answer : Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    REQUIRE(lost);
    s.desk.exchange->script = {};
    s.clock->pass(std::chrono::hours{1});
    const auto group = s.group({update_of(1, job("Mine")), removal_of(2)});
    s.put(2, "Theirs");
    s.desk.sync();
    CHECK(s.there(2) == "Theirs");
    CHECK(s.desk.store->conflicts({})->empty());
    CHECK(s.held() == 3);
    SECTION("released, the deletion takes place")
    {
        Desk::check(s.desk.store->release(group.front(), {}));
        Desk::check(s.desk.store->release(Sequence{group.front().value - 1}, {}));
        s.desk.sync();
        CHECK(s.there(1) == "Mine");
        CHECK_FALSE(s.has(2));
    }
    SECTION("discarded, theirs stands")
    {
        s.discard(group.front());
        s.discard(Sequence{group.front().value - 1});
        s.desk.sync();
        CHECK(s.there(2) == "Theirs");
    }
    s.desk.check_equal();
}

TEST_CASE("A group with a question and a deletion that met an edit goes whole once both are answered",
          "[engine][group]")
{
    Setting s;
    const auto group = s.group({update_of(1, job("Mine")), removal_of(2), update_of(3, job("Mine"))});
    s.put(1, "Theirs");
    s.put(2, "Theirs");
    s.desk.sync();
    SECTION("the question first")
    {
        s.resolve(localstore::Side::mine);
        s.desk.sync();
        CHECK(s.there(1) == "Theirs");
        CHECK(s.there(3) == "Clerk");
        Desk::check(s.desk.store->release(group[1], {}));
    }
    SECTION("the release first")
    {
        Desk::check(s.desk.store->release(group[1], {}));
        s.desk.sync();
        CHECK(s.has(2));
        CHECK(s.there(3) == "Clerk");
        s.resolve(localstore::Side::mine);
    }
    s.desk.sync();
    CHECK(s.there(1) == "Mine");
    CHECK_FALSE(s.has(2));
    CHECK(s.there(3) == "Mine");
    s.desk.check_equal();
}

TEST_CASE("A decision joins its group also behind an edit that was made before it", "[engine][group]")
{
    Setting s;
    const auto group = s.group({update_of(1, job("Mine")), update_of(2, job("Mine"))});
    s.put(1, "Theirs");
    s.desk.sync();
    s.desk.edit("contact", guid(1), {{"department", Value{std::string("Sales")}}});
    s.resolve(localstore::Side::mine);
    const auto waiting = s.desk.store->changes({});
    CHECK(waiting->back().group == s.change(group[1]).group);
    s.desk.sync();
    CHECK(s.there(1) == "Mine");
    CHECK(s.there(2) == "Mine");
    CHECK(s.office.value("contacts", guid(1), "department") == "Sales");
    s.desk.check_equal();
}

TEST_CASE("A group of which the organization did a part already goes with the rest", "[engine][group]")
{
    Setting s;
    s.group({update_of(1, job("Mine")), update_of(2, job("Mine")), removal_of(3)});
    SECTION("a record is deleted there too")
    {
        s.office.erase("contacts", guid(3));
    }
    SECTION("a record is edited alike")
    {
        s.put(2, "Mine");
    }
    SECTION("an edited record was deleted there, and is created again")
    {
        s.office.erase("contacts", guid(2));
    }
    CHECK(s.desk.sync().held == 0);
    CHECK(s.there(1) == "Mine");
    CHECK(s.there(2) == "Mine");
    CHECK_FALSE(s.has(3));
    s.desk.check_equal();
}

TEST_CASE("A group within one record gives way whole", "[engine][group]")
{
    Setting s;
    s.group({update_of(1, job("Mine")), removal_of(1)});
    s.put(1, "Theirs");
    const CycleReport report = s.desk.sync();
    CHECK(report.held == 0);
    CHECK(report.kept == 1);
    CHECK(s.there(1) == "Theirs");
    s.desk.check_equal();
}

TEST_CASE("A deletion that gave way is told", "[engine][reconcile]")
{
    Setting s;
    s.desk.erase("contact", guid(1));
    s.put(1, "Theirs");
    CHECK(s.desk.sync().kept == 1);
    CHECK(s.desk.sync().kept == 0);
    s.desk.check_equal();
}

TEST_CASE("What is made again goes before what refers to it, whatever was edited first", "[engine][group]")
{
    Setting s;
    s.office.put("accounts", guid(40), R"({"name":"Firm"})");
    s.desk.kill();
    s.desk.choose({{"account", ""}});
    s.desk.revive();
    s.desk.sync();
    const RecordKey firm{"account", guid(40)};
    s.group({update_of(1, {{"parentcustomerid", Lookup{"account", guid(40)}}}),
             {localstore::ChangeKind::update, firm, {{"name", std::string("Mine")}}},
             removal_of(3)});
    s.office.erase("accounts", guid(40));
    SECTION("what refers to it is there") {}
    SECTION("what refers to it is made again, too")
    {
        s.office.erase("contacts", guid(1));
    }
    s.desk.sync();
    CHECK(s.desk.store->queue_figures()->live() == 0);
    CHECK(s.office.value("accounts", guid(40), "name") == "Mine");
    CHECK(s.office.value("contacts", guid(1), "_parentcustomerid_value") == guid(40).text());
    CHECK_FALSE(s.has(3));
    CHECK(s.office.effects(guid(40), "PATCH") == 2);
    s.desk.check_equal();
}

TEST_CASE("A repeat that is refused as outdated, of records that are as they were, is decided about anew",
          "[engine][reconcile]")
{
    Setting s;
    s.desk.edit("contact", guid(1), job("Mine"));
    int writes = 0;
    s.desk.exchange->script = [&writes](std::size_t, const http::Request& request) {
        if (request.body.find("PATCH ") == std::string::npos) return Fault::none;
        ++writes;
        return writes == 1 ? Fault::drop_request : writes < 4 ? Fault::throttle : Fault::none;
    };
    s.desk.exchange->alter = [](const http::Request&, http::Answer& answer) {
        if (answer.status != 429) return;
        answer = {200,
                  {{"Content-Type", "multipart/mixed; boundary=b"}},
                  "--b\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nHTTP/1.1 412 Precondition "
                  "Failed\r\nContent-Type: application/json\r\n\r\n"
                  R"({"error":{"code":"0x80060882","message":"The version of the existing record doesn't )"
                  "match the RowVersion property provided.\"}}\r\n--b--\r\n"};
    };
    (void)s.desk.cycle();
    CHECK(s.desk.store->open_intents()->empty());
    s.desk.sync();
    CHECK(s.there(1) == "Mine");
    CHECK(s.office.effects(guid(1), "PATCH") == 1);
    s.desk.check_equal();
}

#include "engine/status.h"
#include "tests/unit/engine/replica_world.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::tests;

namespace {

Fields job(const char* title)
{
    return {{"jobtitle", text(title)}};
}

Badge badge(const Home& home, const RecordKey& key)
{
    return ok(home.replica->get(key)).badge;
}

Badge listed_badge(const Home& home, const RecordKey& key)
{
    for (const Record& record : ok(home.replica->query({key.table})))
        if (record.key == key) return record.badge;
    FAIL("the record is not listed");
    return Badge::on_server;
}

Status status(const Home& home)
{
    return ok(Synchronizer::status(*home.replica));
}

} // namespace

TEST_CASE("A badge follows a record from here to the server and back", "[replica][badge]")
{
    Home home;
    const auto stands = [&](Badge wanted) {
        CHECK(badge(home, contact(1)) == wanted);
        CHECK(listed_badge(home, contact(1)) == wanted);
    };
    stands(Badge::on_server);
    CHECK(ok(home.replica->why(contact(1))).find("cycle 1") != std::string::npos);
    const auto first = home.write(update(contact(1), job("Buyer")));
    stands(Badge::saved_here);
    CHECK(ok(home.replica->why(contact(1))).find("next cycle") != std::string::npos);
    home.send(900, contact(1), {first});
    stands(Badge::sending);
    CHECK(ok(home.replica->why(contact(1))).find("being sent") != std::string::npos);
    home.acknowledge(900, contact(1), "2", {{"lastname", text("Doe")}, {"jobtitle", text("Buyer")}});
    stands(Badge::on_server);
    CHECK(ok(home.replica->get(contact(1))).etag == "2");

    const auto second = home.write(update(contact(1), job("Poet")));
    ok(home.replica->hold(second));
    stands(Badge::saved_here);
    CHECK(ok(home.replica->why(contact(1))).find("held by you") != std::string::npos);
    ok(home.replica->release(second));
    home.park(second, "the job is taken");
    stands(Badge::needs_you);
    CHECK(ok(home.replica->why(contact(1))).find("the job is taken") != std::string::npos);
    ok(home.replica->retry(second));
    stands(Badge::saved_here);
    home.contest(contact(1), {{"lastname", text("Doe")}, {"jobtitle", text("Boss")}}, {"jobtitle"});
    stands(Badge::needs_you);
    CHECK(ok(home.replica->why(contact(1))).find("you and Bob both changed it") != std::string::npos);
    CHECK(ok(home.replica->why(contact(99))).find("not in this replica") != std::string::npos);
}

TEST_CASE("A status tells pending, parked, held and contested apart, each with its reason and next attempt",
          "[replica][status]")
{
    Home home;
    for (int i = 3; i <= 6; ++i) pull(*home.replica, contact(i), {{"lastname", text("Poe")}});
    CHECK(status(home).pending == 0);
    CHECK(status(home).waiting.empty());
    CHECK_FALSE(status(home).oldest_pending);

    home.write(update(contact(1), job("Buyer")));
    const auto later = home.write(update(contact(2), job("Buyer")));
    const auto parked = home.write(update(contact(3), job("Buyer")));
    const auto held = home.write(update(contact(4), job("Buyer")));
    const auto sending = home.write(update(contact(5), job("Buyer")));
    home.write(update(contact(6), job("Buyer")));
    const Instant next = *parse_instant("2030-01-01T00:00:00Z");
    ok(home.transact([&](localstore::Transaction& transaction) {
        return transaction.queue.wait(localstore::Sequence{later}, "the organization is busy", next);
    }));
    home.park(parked, "the job is taken");
    ok(home.replica->hold(held));
    home.send(900, contact(5), {sending});
    home.contest(contact(6), {{"lastname", text("Poe")}, {"jobtitle", text("Boss")}}, {"jobtitle"});

    const Status found = status(home);
    CHECK(found.pending == 3);
    CHECK(found.parked == 1);
    CHECK(found.held == 1);
    CHECK(found.conflicts == 1);
    CHECK(found.oldest_pending);
    CHECK(found.next_attempt == next);
    REQUIRE(found.waiting.size() == 6);
    const auto line = [&](const RecordKey& key) {
        for (const Waiting& one : found.waiting)
            if (one.record == key) return one;
        return Waiting{};
    };
    CHECK(found.waiting[0].record == contact(3));
    CHECK(found.waiting[1].record == contact(6));
    CHECK(found.waiting[2].record == contact(4));
    CHECK(line(contact(1)).reason == "waits for the next cycle");
    CHECK(line(contact(2)).reason == "the organization is busy");
    CHECK(line(contact(2)).next_attempt == next);
    CHECK(line(contact(2)).record_name == "Roe");
    CHECK(line(contact(3)).reason == "the job is taken");
    CHECK(line(contact(4)).reason == "held by you");
    CHECK(line(contact(5)).reason == "it is being sent, or was and its answer is not known yet");
    CHECK(line(contact(6)).reason == "conflict 1 is open: choose a side (you and Bob both changed it)");
}

TEST_CASE("What waits for people is named before what goes by itself, at most a hundred lines",
          "[replica][status]")
{
    Home home;
    std::vector<Edit> edits;
    for (int i = 10; i < 160; ++i) edits.push_back(creation(contact(i), {{"lastname", text("Poe")}}));
    ok(home.replica->write(edits));
    ChangeFilter last;
    last.record = contact(159);
    home.park(ok(home.replica->queue(last)).front().number, "no room");
    const Status found = status(home);
    CHECK(found.pending == 149);
    CHECK(found.pending_records == 149);
    CHECK(found.waiting.size() == 100);
    CHECK(found.waiting.front().record == contact(159));
}

TEST_CASE("A status tells of each table whether it is aboard, and what is missing", "[replica][status]")
{
    Home home;
    ok(home.replica->choose({{"contact"}, {"task"}}));
    const Status found = status(home);
    REQUIRE(found.tables.size() == 2);
    CHECK(found.tables[0].table == "contact");
    CHECK(found.tables[0].records == 2);
    CHECK_FALSE(found.tables[0].complete);
    CHECK(found.tables[0].missing == "it has not been pulled yet");
    CHECK(found.tables[1].records == 0);
    CHECK(found.engine.empty());
    CHECK_FALSE(found.last_cycle);
}

TEST_CASE("A status says of a table that is refused why, in the organization's words", "[replica][status]")
{
    Home home;
    ok(home.replica->choose({{"contact"}, {"task"}}));
    ok(home.transact([&](localstore::Transaction& transaction) -> Result<void> {
        for (const localstore::Scope& scope : ok(home.replica->impl()->store->scopes())) {
            if (scope.table != "task") continue;
            const auto round = transaction.rounds.begin_round(scope.number, localstore::RoundKind::full, {});
            if (!round) return round.error();
            return transaction.rounds.set_mode(scope.number, "off", "missing prvReadActivity");
        }
        return {};
    }));
    const Status found = status(home);
    CHECK_FALSE(found.tables[0].refused);
    CHECK(found.tables[1].refused);
    CHECK(found.tables[1].missing == "it cannot be pulled: missing prvReadActivity");
    // Another choice is another try.
    ok(home.replica->choose({{"contact"}, {"task", "subject eq null"}}));
    CHECK_FALSE(status(home).tables[1].refused);
}

TEST_CASE("While the organization wants quiet the status says until when, also in a new process",
          "[replica][status]")
{
    Home home;
    home.write(update(contact(1), job("Buyer")));
    const auto later = home.write(update(contact(2), job("Buyer")));
    const Instant now = home.replica->impl()->now();
    const Instant until = std::chrono::time_point_cast<std::chrono::seconds>(now) + std::chrono::minutes{5};
    const Instant next = until + std::chrono::minutes{1};
    ok(home.transact([&](localstore::Transaction& transaction) -> Result<void> {
        const Result<void> set =
            transaction.journal.set_setting(engine::held_until_setting, hawser::to_text(until));
        if (!set) return set;
        return transaction.queue.wait(localstore::Sequence{later}, "the organization is busy", next);
    }));
    const Status held = status(home);
    CHECK(held.next_attempt == next);
    REQUIRE(held.waiting.size() == 2);
    CHECK(held.waiting[0].next_attempt == until);
    CHECK(held.waiting[0].reason == "the organization asked us to send nothing for a while");
    CHECK(held.waiting[1].next_attempt == next);
    CHECK(held.waiting[1].reason == "the organization is busy");

    ok(home.transact([&](localstore::Transaction& transaction) -> Result<void> {
        return transaction.journal.set_setting(engine::held_until_setting, "2200-01-01T00:00:00Z");
    }));
    CHECK_FALSE(status(home).waiting[0].next_attempt);
}

TEST_CASE("A plan of the background is told only while there is one", "[replica][status]")
{
    Home home;
    ok(home.transact([&](localstore::Transaction& transaction) -> Result<void> {
        return transaction.journal.set_setting(engine::next_attempt_setting, "2200-01-01T00:00:00Z");
    }));
    CHECK_FALSE(status(home).next_attempt);
}

TEST_CASE("A record's history and a cycle's decisions read as sentences, by name", "[replica][explain]")
{
    Home home;
    const auto number = home.write(update(contact(1), job("Buyer")));
    home.send(900, contact(1), {number});
    home.acknowledge(900, contact(1), "2", {{"lastname", text("Doe")}, {"jobtitle", text("Buyer")}});
    ok(home.transact([](localstore::Transaction& transaction) {
        return transaction.journal.decide(localstore::CycleNumber{2}, contact(1), "merged",
                                          "Your job title and Bob's phone number were joined.", Instant{});
    }));
    const auto decisions = ok(home.replica->decisions(2));
    REQUIRE(decisions.size() == 1);
    CHECK(decisions.front().record_name == "Doe");
    CHECK(decisions.front().rule == "merged");
    CHECK(ok(home.replica->decisions(3)).empty());
    CHECK(ok(home.replica->decisions_since(Instant{})).size() == 1);
    CHECK(ok(home.replica->decisions_since(*parse_instant("2030-01-01T00:00:00Z"))).empty());

    std::vector<std::string> kinds;
    for (const HistoryLine& line : ok(home.replica->history(contact(1)))) {
        kinds.push_back(line.what);
        CHECK_FALSE(line.sentence.empty());
    }
    for (const char* kind : {"receipt", "decision"}) CHECK(std::ranges::count(kinds, kind) == 1);
    const auto effects = ok(home.replica->effects(2));
    REQUIRE_FALSE(effects.empty());
    CHECK(effects.front().record_name == "Doe");
    // The copy that came with the answer to what was sent is not pulled as well.
    REQUIRE(effects.size() == 1);
    CHECK(effects.front().what == "sent");
}

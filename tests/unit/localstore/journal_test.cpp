#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

CycleNumber run_cycle(Replica& replica, CycleOutcome outcome, int seconds)
{
    CycleNumber cycle;
    ok(replica.transact([&](Transaction& transaction) -> Result<void> {
        cycle = ok(transaction.journal.begin_cycle("timer", at(seconds)));
        return transaction.journal.finish_cycle(cycle, outcome, "{}", "", at(seconds + 1));
    }));
    return cycle;
}

} // namespace

TEST_CASE("idle cycles in a row share one row, and a crash leaves its cycle under way")
{
    Replica replica;
    run_cycle(replica, CycleOutcome::done, 0);
    const CycleNumber idle = run_cycle(replica, CycleOutcome::idle, 10);
    run_cycle(replica, CycleOutcome::idle, 20);
    run_cycle(replica, CycleOutcome::idle, 30);
    const CycleNumber failed = run_cycle(replica, CycleOutcome::failed, 40);
    ok(replica.transact([](Transaction& transaction) -> Result<void> {
        return transaction.journal.begin_cycle("nudge", at(50)) ? Result<void>{} : Error{};
    }));
    replica.reopen();
    const auto cycles = ok(replica.store->cycles({}, 10));
    REQUIRE(cycles.size() == 4);
    CHECK(cycles[0].outcome == CycleOutcome::under_way);
    CHECK(cycles[1].number == failed);
    CHECK(cycles[2].number == idle);
    CHECK(cycles[2].repeats == 3);
    CHECK(cycles[2].last_at == at(31));
    CHECK(ok(replica.store->cycles(failed, 1)).at(0).number == idle);
}

TEST_CASE("a record's history tells its whole life in order")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sequence = replica.set(1, {{"fullname", text("Eve")}});
    replica.send(50, {sequence}, 1);
    replica.acknowledge(50, 1, "2", Fields{{"fullname", text("Eve")}});
    ok(replica.transact([](Transaction& transaction) {
        return transaction.journal.decide(CycleNumber{3}, {"contact", id(1)}, "merged",
                                          "both sides changed it", at(90));
    }));
    const auto history = ok(replica.store->history({"contact", id(1)}, 10));
    REQUIRE(history.size() == 3);
    CHECK(history[0].what == "change");
    CHECK(history[0].sentence.find("fullname") != std::string::npos);
    CHECK(history[1].what == "receipt");
    CHECK(history[2].sentence == "merged: both sides changed it");
    DecisionFilter filter;
    filter.key.table = "contact";
    filter.since = at(91);
    CHECK(ok(replica.store->decisions(filter)).empty());
    filter.since = at(90);
    CHECK(ok(replica.store->decisions(filter)).size() == 1);
}

TEST_CASE("within one second a record's history stands in the order in which it happened")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sequence = replica.set(1, {{"fullname", text("Eve")}});
    replica.send(50, {sequence}, 1);
    ok(replica.transact([](Transaction& transaction) {
        return transaction.intents.conflict(id(50), "412", CycleNumber{2}, at(90));
    }));
    ok(replica.transact([](Transaction& transaction) {
        return transaction.journal.decide(CycleNumber{2}, {"contact", id(1)}, "merged",
                                          "both sides changed it", at(90));
    }));
    replica.send(51, {sequence}, 1);
    ok(replica.transact([](Transaction& transaction) {
        const Acknowledged answer[] = {
            {{"contact", id(1)}, "3", Fields{{"fullname", text("Eve")}}, Coverage::whole_record}};
        return transaction.intents.applied(id(51), answer, "stored", CycleNumber{2}, at(90));
    }));
    const auto history = ok(replica.store->history({"contact", id(1)}, 10));
    REQUIRE(history.size() == 4);
    CHECK(history[1].sentence == "conflict: 412");
    CHECK(history[2].sentence == "merged: both sides changed it");
    CHECK(history[3].sentence == "applied: stored");
}

TEST_CASE("trimming keeps what waits, what is young, and every number that was given")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("v")}});
    Sequence last;
    for (int i = 0; i < 4; ++i) {
        last = replica.set(1, {{"age", Value{std::int64_t{i}}}});
        replica.send(100 + i * 2, {last}, 1);
        replica.acknowledge(100 + i * 2, 1, std::to_string(i), Fields{{"age", Value{std::int64_t{i}}}});
    }
    replica.pull(2, "1", {});
    const Sequence waiting = replica.set(2, {{"age", Value{std::int64_t{9}}}});
    const Sequence undone = replica.set(2, {{"fullname", text("no")}});
    replica.undo(undone);
    for (int i = 0; i < 5; ++i)
        ok(replica.transact([&](Transaction& transaction) {
            return transaction.journal.decide({}, {"contact", id(1)}, "rule", "why", at(i));
        }));
    const Instant later = at(0) + std::chrono::hours(24 * 365);
    ok(replica.store->trim(at(100), {}));
    CHECK(ok(replica.store->receipts({"contact", id(1)}, 100)).size() == 4);
    ok(replica.store->trim(later, {}));
    CHECK(ok(replica.store->change(waiting)).state == ChangeState::queued);
    CHECK(ok(replica.store->change(undone)).state == ChangeState::undone);
    CHECK(code_of(replica.store->change(last)) == "store.no_change");
    CHECK(ok(replica.store->receipts({"contact", id(1)}, 100)).size() == 1);
    CHECK(ok(replica.store->decisions({})).size() == 1);
    CHECK(replica.set(1, {{"fullname", text("new")}}) > undone);
    CHECK(ok(replica.store->integrity_check()).empty());

    TrimLimits few;
    few.rows_a_kind = 2;
    for (int i = 0; i < 5; ++i)
        ok(replica.transact([&](Transaction& transaction) {
            return transaction.journal.decide({}, {}, "rule", "why", later);
        }));
    ok(replica.store->trim(later, few));
    CHECK(ok(replica.store->decisions({})).size() == 2);
}

TEST_CASE("old tombstones are forgotten, young ones are kept")
{
    Replica replica;
    replica.pull(1, "1", {});
    replica.pull(2, "1", {});
    const auto erase = [&](int number, CycleNumber cycle) {
        ok(replica.transact([&](Transaction& transaction) {
            return transaction.records.mark_deleted({"contact", id(number)}, cycle, at(1));
        }));
    };
    erase(1, run_cycle(replica, CycleOutcome::done, 0));
    erase(2, run_cycle(replica, CycleOutcome::done, 3600 * 24 * 100));
    ok(replica.store->trim(at(3600 * 24 * 120), {}));
    CHECK_FALSE(replica.state(1).known);
    CHECK(replica.state(2).tombstone);
}

TEST_CASE("the connection's state survives in the file")
{
    Replica replica;
    CHECK(ok(replica.store->connection()).state == ConnectionState::online);
    for (const auto state : {ConnectionState::going_offline, ConnectionState::offline_by_choice,
                             ConnectionState::disconnected, ConnectionState::going_online}) {
        ok(replica.transact([&](Transaction& transaction) {
            return transaction.journal.set_connection({state, at(5), "because"});
        }));
        replica.reopen();
        const Connection connection = ok(replica.store->connection());
        CHECK(connection.state == state);
        CHECK(connection.since == at(5));
        CHECK(connection.reason == "because");
    }
}

TEST_CASE("statistics count what is there")
{
    Replica replica;
    replica.pull(1, "1", {});
    replica.pull(2, "1", {});
    replica.set(2, {{"age", Value{std::int64_t{1}}}});
    ok(replica.transact([](Transaction& transaction) {
        return transaction.records.mark_deleted({"contact", id(1)}, {}, at(1));
    }));
    const Statistics statistics = ok(replica.store->statistics());
    REQUIRE(statistics.tables.size() == 3);
    CHECK(statistics.tables[2].table == "contact");
    CHECK(statistics.tables[2].records == 1);
    CHECK(statistics.tables[2].dirty == 1);
    CHECK(statistics.tables[2].tombstones == 1);
    CHECK(statistics.queue.queued == 1);
    CHECK(statistics.file_bytes > 0);
}

TEST_CASE("an applied change that a restored server forgot is queued again, held")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sequence = replica.set(1, {{"fullname", text("Eve")}});
    replica.send(50, {sequence}, 1);
    replica.acknowledge(50, 1, "2", Fields{{"fullname", text("Eve")}});
    ok(replica.transact([](Transaction& transaction) {
        return transaction.records.replace({"contact", id(1)}, "1", {{"fullname", text("Ada")}}, {});
    }));
    ok(replica.transact([&](Transaction& transaction) -> Result<void> {
        CHECK(ok(transaction.queue.requeue_held(
                     {"contact", id(1)}, {sequence},
                     {"the server was restored", Lacking::values, CycleNumber{3}, at(60)}))
                  .queued == 1);
        CHECK(ok(transaction.queue.arrivals({"contact", id(1)})).empty());
        return {};
    }));
    const Sequence again = replica.state(1).live.front().sequence;
    CHECK(ok(replica.store->change(again)).state == ChangeState::held);
    CHECK(ok(replica.store->change(again)).after == Fields{{"fullname", text("Eve")}});
    CHECK(replica.fields(1).at("fullname") == text("Eve"));
    CHECK(ok(replica.store->change(sequence)).state == ChangeState::applied);
}

#include "tests/catch.h"
#include "tests/unit/localstore/adding_fold.h"
#include "tests/unit/localstore/fixture.h"

#include <set>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

Fields count(std::int64_t number)
{
    return {{"age", Value{number}}};
}

/// A counter of ten, to which an edit that arrived added two and others ten.
struct Setting {
    Folder folder;
    Replica replica{adding_in(folder)};
    Sequence plus_two;

    Setting()
    {
        replica.pull(1, "1", count(10));
        plus_two = replica.set(1, count(12));
        replica.send(50, {plus_two}, 1);
        replica.acknowledge(50, 1, "2", count(12));
        replica.pull(1, "3", count(22));
    }

    /// The organization was restored to before the edit. How many changes are queued again.
    std::size_t lose()
    {
        std::size_t queued = 0;
        ok(replica.transact([&](Transaction& transaction) -> Result<void> {
            auto again =
                transaction.queue.requeue_held({"contact", id(1)}, {plus_two},
                                               {"it was restored", Lacking::values, CycleNumber{4}, at(500)});
            if (!again) return again.error();
            queued = again->queued;
            return {};
        }));
        return queued;
    }

private:
    static StoreOptions adding_in(const Folder& folder)
    {
        StoreOptions options = options_of(folder / "replica.hawser");
        options.fold = std::make_shared<AddingFold>();
        return options;
    }
};

} // namespace

TEST_CASE("what is queued again of a counter is taken from the base, and what others added stays in it")
{
    Setting s;
    CHECK(s.lose() == 1);
    const RecordState state = s.replica.state(1);
    REQUIRE(state.live.size() == 1);
    CHECK(state.live.front().state == ChangeState::held);
    CHECK(state.shadow->fields == count(20));
    CHECK(s.replica.fields(1) == count(22));
    s.replica.advance(1, "1", count(10));
    CHECK(s.replica.fields(1) == count(12));
}

TEST_CASE("a later edit of a counter says what is lost as well, and not what others added")
{
    Setting s;
    const Sequence plus_one = s.replica.set(1, count(23));
    CHECK(s.lose() == 0);
    const RecordState state = s.replica.state(1);
    REQUIRE(state.live.size() == 1);
    CHECK(state.live.front().sequence == plus_one);
    CHECK(state.live.front().before == count(20));
    CHECK(state.live.front().after == count(23));
    CHECK(state.shadow->fields == count(20));
    s.replica.advance(1, "1", count(10));
    CHECK(s.replica.fields(1) == count(13));
}

TEST_CASE("an edit that only took back what is lost ends, and is not queued any more")
{
    Setting s;
    const Sequence minus_two = s.replica.set(1, count(20));
    CHECK(s.lose() == 0);
    const Change taken_back = ok(s.replica.store->change(minus_two));
    CHECK(taken_back.state == ChangeState::superseded);
    CHECK(taken_back.reason == "it took back what the restored organization lacks");
    CHECK(taken_back.settled_at);
    CHECK(ok(s.replica.store->queue_figures()).live() == 0);
    CHECK(s.replica.fields(1) == count(20));
}

TEST_CASE("what is lost and covered by a later edit is queued again when that edit is undone or discarded")
{
    Setting s;
    const Sequence plus_one = s.replica.set(1, count(23));
    const Sequence plus_three = s.replica.set(1, count(26));
    CHECK(s.lose() == 0);
    const auto waiting = [&] { return s.replica.state(1).live; };
    CHECK(sequences_of(ok(s.replica.store->discard(plus_one, {at(600)})).dropped) == std::vector{plus_one});
    // The other one says it as well from now on.
    REQUIRE(waiting().size() == 1);
    CHECK(s.replica.fields(1) == count(25));
    CHECK(sequences_of(ok(s.replica.store->undo(plus_three, {at(601)})).dropped) == std::vector{plus_three});
    REQUIRE(waiting().size() == 1);
    const Change again = waiting().front();
    CHECK(again.state == ChangeState::held);
    CHECK(again.waits_for == "it was restored");
    CHECK(again.before == count(10));
    CHECK(again.after == count(12));
    CHECK(s.replica.fields(1) == count(22));
    // Whoever gives that up as well has nothing more to lose.
    ok(s.replica.store->discard(again.sequence, {at(602)}));
    CHECK(waiting().empty());
    CHECK(s.replica.fields(1) == count(20));
}

TEST_CASE("of a record that is not there any more everything is covered by what makes it again, and comes "
          "back with its end")
{
    Setting s;
    const Fields named{{"age", Value{std::int64_t{22}}}, {"fullname", text("Ada")}};
    const Sequence name = s.replica.set(1, {{"fullname", text("Ada")}});
    s.replica.send(51, {name}, 1);
    s.replica.acknowledge(51, 1, "4", named);
    CHECK(s.lose() == 1);
    const auto waiting = [&] { return s.replica.state(1).live; };
    REQUIRE(waiting().size() == 1);
    const Sequence held = waiting().front().sequence;
    ok(s.replica.transact([&](Transaction& transaction) -> Result<void> {
        ok(transaction.records.mark_deleted({"contact", id(1)}, CycleNumber{5}, at(600)));
        const Requeued done = ok(transaction.queue.requeue_held(
            {"contact", id(1)}, {name}, {"it was restored", Lacking::record, CycleNumber{5}, at(600)}));
        CHECK(done.queued == 0);
        CHECK(done.covered == 1);
        return {};
    }));
    REQUIRE(waiting().size() == 1);
    ok(s.replica.store->discard(held, {at(601)}));
    REQUIRE(waiting().size() == 1);
    CHECK(waiting().front().state == ChangeState::held);
    CHECK(waiting().front().after == Fields{{"fullname", text("Ada")}});
}

TEST_CASE("what is lost and covered by an edit on its way is queued again when that edit is undone")
{
    Setting s;
    const Sequence plus_one = s.replica.set(1, count(23));
    CHECK(s.lose() == 0);
    s.replica.send(52, {plus_one}, 1);
    const auto undone = ok(s.replica.store->undo(plus_one, {at(600)}));
    REQUIRE(undone.compensating.size() == 1);
    // One of both is taken back; the other is there all the same.
    CHECK(s.replica.fields(1) == count(22));
    s.replica.acknowledge(52, 1, "9", count(23));
    CHECK(s.replica.fields(1) == count(22));
}

TEST_CASE("what waits again already is not queued again once more")
{
    Setting s;
    const Sequence both = s.replica.set(1, {{"age", Value{std::int64_t{23}}}, {"fullname", text("Ada")}});
    s.replica.send(51, {both}, 1);
    s.replica.acknowledge(51, 1, "4", Fields{{"age", Value{std::int64_t{23}}}, {"fullname", text("Ada")}});
    const Sequence name = s.replica.set(1, {{"fullname", text("Eve")}});
    const auto lose = [&](std::set<Sequence> lost) {
        Requeued done;
        ok(s.replica.transact([&](Transaction& transaction) -> Result<void> {
            done = ok(transaction.queue.requeue_held(
                {"contact", id(1)}, lost, {"it was restored", Lacking::values, CycleNumber{6}, at(600)}));
            return {};
        }));
        return done;
    };
    const Requeued done = lose({both});
    CHECK(done.queued == 1);
    CHECK(done.covered == 1);
    ok(s.replica.transact([&](Transaction& transaction) -> Result<void> {
        return transaction.records.mark_deleted({"contact", id(1)}, CycleNumber{7}, at(601));
    }));
    ok(s.replica.store->discard(name, {at(602)}));
    std::size_t claiming = 0;
    const std::vector<Change> waiting = s.replica.state(1).live;
    for (const Change& change : waiting) claiming += claims(change, "age") ? 1 : 0;
    CHECK(claiming == 1);
}

TEST_CASE(
    "what arrived of a change and was rewritten there is queued again, and what was decided otherwise is not")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("base")}, {"telephone1", text("0")}});
    const Sequence both = replica.set(1, {{"fullname", text("mine")}, {"telephone1", text("1")}});
    replica.advance(1, "2", {{"fullname", text("theirs")}, {"telephone1", text("0")}});
    const ConflictNumber asked = replica.contest(1, {"fullname"});
    replica.send(50, {both}, 1);
    replica.acknowledge(50, 1, "3", Fields{{"fullname", text("theirs")}, {"telephone1", text("+1")}});
    Resolution theirs;
    theirs.side = Side::theirs;
    ok(replica.store->resolve(asked, theirs, by("ada")));
    REQUIRE(ok(replica.store->change(both)).state == ChangeState::superseded);
    ok(replica.transact([&](Transaction& transaction) -> Result<void> {
        auto again = transaction.queue.requeue_held(
            {"contact", id(1)}, {both}, {"it was restored", Lacking::values, CycleNumber{4}, at(500)});
        if (!again) return again.error();
        CHECK(again->queued == 1);
        return {};
    }));
    const RecordState state = replica.state(1);
    REQUIRE(state.live.size() == 1);
    CHECK(state.live.front().state == ChangeState::held);
    CHECK(state.live.front().after == Fields{{"telephone1", text("1")}});
}

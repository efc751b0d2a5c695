#include "localstore/net_effect.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

TEST_CASE("an acknowledgement stores what the server returned and leaves newer changes alone")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sent = replica.set(1, {{"fullname", text("  Eve ")}});
    replica.send(50, {sent}, 1);
    const Sequence newer = replica.set(1, {{"telephone1", text("77")}});
    replica.acknowledge(50, 1, "2", Fields{{"fullname", text("Eve")}, {"age", Value{std::int64_t{4}}}});

    CHECK(ok(replica.store->change(sent)).state == ChangeState::applied);
    const Change after = ok(replica.store->change(newer));
    CHECK(after.state == ChangeState::queued);
    CHECK(after.after == Fields{{"telephone1", text("77")}});
    CHECK(replica.fields(1) ==
          Fields{{"fullname", text("Eve")}, {"age", Value{std::int64_t{4}}}, {"telephone1", text("77")}});
    CHECK(replica.state(1).shadow->etag == "2");
    CHECK(ok(replica.store->open_intents()).empty());
}

TEST_CASE("the last acknowledgement makes the record clean with the server's version")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sent = replica.set(1, {{"fullname", text("Eve ")}});
    replica.send(50, {sent}, 1);
    replica.acknowledge(50, 1, "2", Fields{{"fullname", text("Eve")}});
    const RecordState state = replica.state(1);
    CHECK_FALSE(state.dirty());
    CHECK(state.etag == "2");
    CHECK(state.local == Fields{{"fullname", text("Eve")}});
    const auto receipts = ok(replica.store->receipts({"contact", id(1)}, 10));
    REQUIRE(receipts.size() == 1);
    CHECK(receipts[0].outcome == IntentOutcome::applied);
    CHECK(receipts[0].changes == std::vector<Sequence>{sent});
    CHECK(receipts[0].etag == "2");
}

TEST_CASE("an intent outlives the process and says which of its steps may have left")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sequence = replica.set(1, {{"fullname", text("Eve")}});
    replica.send(50, {sequence}, 1);
    replica.reopen();
    auto intents = ok(replica.store->open_intents());
    REQUIRE(intents.size() == 1);
    CHECK(intents[0].id == id(50));
    CHECK(intents[0].unknown());
    CHECK(intents[0].changes.at(0).columns == std::vector<std::string>{"fullname"});
    CHECK(intents[0].steps.at(0).condition == "If-Match: W/\"1\"");
    CHECK(intents[0].attempts.at(0).client_request_id == id(51));

    ok(replica.transact([](Transaction& transaction) {
        return transaction.intents.store_answer(id(50), {0, StepState::unknown, 0, "", ""});
    }));
    CHECK(ok(replica.store->queue_figures()).unknown_intents == 1);
    ok(replica.transact([](Transaction& transaction) {
        return transaction.intents.store_answer(id(50), {0, StepState::answered, 204, "2", "{}"});
    }));
    intents = ok(replica.store->open_intents());
    CHECK_FALSE(intents[0].unknown());
    CHECK(intents[0].steps[0].status == 204);
    CHECK_FALSE(replica
                    .transact([](Transaction& transaction) {
                        return transaction.intents.store_answer(id(50), {0, StepState::unknown, 0, "", ""});
                    })
                    .has_value());
}

TEST_CASE("a record is in one open intent at most, and only queued changes are frozen")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence first = replica.set(1, {{"fullname", text("Eve")}});
    replica.send(50, {first}, 1);
    const Sequence second = replica.set(1, {{"age", Value{std::int64_t{9}}}});
    CHECK(code_of(replica.try_send(60, {second}, 1)) == "store.intent_open");
    CHECK(code_of(replica.try_send(70, {first}, 1)) == "store.intent_open");
    CHECK(code_of(replica.try_send(80, {Sequence{999}}, 1)) == "store.no_change");
}

TEST_CASE("a group travels whole and as one change set")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    replica.pull(2, "1", {{"fullname", text("Bob")}});
    WriteContext context = by("ada");
    context.grouping = Grouping::one_unit;
    const Edit edits[] = {{ChangeKind::update, {"contact", id(1)}, {{"age", Value{std::int64_t{1}}}}},
                          {ChangeKind::update, {"contact", id(2)}, {{"age", Value{std::int64_t{2}}}}}};
    const auto group = ok(replica.store->write(edits, context));
    CHECK(code_of(replica.try_send(50, {group[0]}, 1)) == "store.bad_intent");
    CHECK(code_of(replica.try_send(50, group, 1)) == "store.bad_intent");

    NewIntent whole;
    whole.id = id(60);
    whole.changes = {{group[0], {}}, {group[1], {}}};
    whole.atomicity = Atomicity::one_change_set;
    whole.steps.resize(2);
    whole.steps[0].key = {"contact", id(1)};
    whole.steps[1].key = {"contact", id(2)};
    ok(replica.transact([&](Transaction& transaction) { return transaction.intents.open(whole); }));
    CHECK(replica.get(2)->badge == Badge::sending);
    ok(replica.transact([](Transaction& transaction) {
        return transaction.intents.refused(id(60), "no", CycleNumber{}, at(9));
    }));
    CHECK(ok(replica.store->queue_figures()).parked == 2);
}

TEST_CASE("a version that comes while an intent is open is staged until it is settled")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sequence = replica.set(1, {{"fullname", text("Eve")}});
    replica.send(50, {sequence}, 1);
    ok(replica.transact([](Transaction& transaction) {
        return transaction.records.stage({"contact", id(1)}, "5", Fields{{"fullname", text("Zoe")}},
                                         CycleNumber{4});
    }));
    const auto refused = replica.transact([](Transaction& transaction) -> Result<void> {
        auto moved =
            transaction.records.advance_shadow({"contact", id(1)}, "5", {}, Coverage::whole_record, {});
        return moved ? Result<void>{} : Result<void>{moved.error()};
    });
    CHECK(code_of(refused) == "store.intent_open");
    const auto ready = [&] {
        std::vector<RecordKey> keys;
        ok(replica.transact([&](Transaction& transaction) -> Result<void> {
            keys = ok(transaction.records.staged_ready(10));
            return {};
        }));
        return keys;
    };
    CHECK(ready().empty());
    CHECK(replica.state(1).staged->etag == "5");
    CHECK(replica.fields(1).at("fullname") == text("Eve"));

    SECTION("another version than the acknowledged one waits to be reconciled")
    {
        replica.acknowledge(50, 1, "6", Fields{{"fullname", text("Eve")}});
        CHECK(ready() == std::vector<RecordKey>{{"contact", id(1)}});
        ok(replica.transact([](Transaction& transaction) {
            return transaction.records.drop_staged({"contact", id(1)});
        }));
        CHECK(ready().empty());
    }
    SECTION("the acknowledged version itself is dropped")
    {
        replica.acknowledge(50, 1, "5", Fields{{"fullname", text("Eve")}});
        CHECK(ready().empty());
        CHECK_FALSE(replica.state(1).staged);
    }
}

TEST_CASE("the version that a deletion deleted does not come back, though it was staged meanwhile")
{
    Replica replica;
    replica.pull(1, "4", {{"fullname", text("Ada")}});
    const Sequence deletion = replica.erase(1);
    replica.send(50, {deletion}, 1);
    const auto staged = [&](const char* etag) {
        ok(replica.transact([&](Transaction& transaction) {
            return transaction.records.stage({"contact", id(1)}, etag, Fields{{"fullname", text("Ada")}},
                                             CycleNumber{4});
        }));
    };
    SECTION("the same version says nothing any more")
    {
        staged("4");
        replica.acknowledge(50, 1, "", std::nullopt);
        CHECK_FALSE(replica.state(1).staged);
        CHECK(replica.state(1).tombstone);
        CHECK(replica.state(1).etag == "4");
    }
    SECTION("a newer one was made after it")
    {
        staged("7");
        replica.acknowledge(50, 1, "", std::nullopt);
        REQUIRE(replica.state(1).staged);
        CHECK(replica.state(1).staged->etag == "7");
    }
}

TEST_CASE("undoing what may be on the server makes a compensating change")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}, {"age", Value{std::int64_t{1}}}});
    const Sequence sent = replica.set(1, {{"fullname", text("Eve")}, {"age", Value{std::int64_t{2}}}});
    replica.send(50, {sent}, 1);
    replica.set(1, {{"age", Value{std::int64_t{3}}}});
    const Undone undone = replica.undo(sent);
    CHECK(undone.dropped.empty());
    REQUIRE(undone.compensating.size() == 1);
    const Change compensation = ok(replica.store->change(undone.compensating[0].sequence));
    CHECK(compensation.after == Fields{{"fullname", text("Ada")}});
    CHECK(replica.fields(1) == Fields{{"fullname", text("Ada")}, {"age", Value{std::int64_t{3}}}});
    replica.acknowledge(50, 1, "2", Fields{{"fullname", text("Eve")}, {"age", Value{std::int64_t{2}}}});
    CHECK(replica.fields(1) == Fields{{"fullname", text("Ada")}, {"age", Value{std::int64_t{3}}}});
}

TEST_CASE("undoing a creation or a deletion in flight sends its opposite")
{
    Replica replica;
    const Sequence created = replica.create(5, {{"fullname", text("New")}});
    replica.send(50, {created}, 5);
    const Undone gone = replica.undo(created);
    REQUIRE(gone.compensating.size() == 1);
    CHECK(ok(replica.store->change(gone.compensating[0].sequence)).kind == ChangeKind::remove);
    CHECK_FALSE(replica.get(5));

    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence erased = replica.erase(1);
    replica.send(60, {erased}, 1);
    const Undone back = replica.undo(erased);
    REQUIRE(back.compensating.size() == 1);
    CHECK(ok(replica.store->change(back.compensating[0].sequence)).kind == ChangeKind::create);
    CHECK(replica.fields(1) == Fields{{"fullname", text("Ada")}});
    replica.acknowledge(60, 1, "2", std::nullopt);
    CHECK(replica.fields(1) == Fields{{"fullname", text("Ada")}});
    CHECK(replica.state(1).shadow->remote == Remote::deleted);
}

TEST_CASE("an acknowledged deletion leaves a tombstone")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence edited = replica.set(1, {{"fullname", text("Eve")}});
    const Sequence erased = replica.erase(1);
    replica.send(50, {edited, erased}, 1);
    replica.acknowledge(50, 1, "1", std::nullopt);
    const RecordState state = replica.state(1);
    CHECK(state.tombstone);
    CHECK_FALSE(state.dirty());
    CHECK(ok(replica.store->change(erased)).state == ChangeState::applied);
    CHECK(ok(replica.store->queue_figures()).live() == 0);
}

TEST_CASE("runs keep groups apart, stop at what waits, and net out what cancels")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}, {"age", Value{std::int64_t{1}}}});
    const Sequence a = replica.set(1, {{"fullname", text("Bob")}, {"age", Value{std::int64_t{2}}}});
    const Sequence b = replica.set(1, {{"fullname", text("Cid")}, {"age", Value{std::int64_t{1}}}});
    WriteContext context = by("ada");
    context.grouping = Grouping::one_unit;
    const Edit grouped[] = {{ChangeKind::update, {"contact", id(1)}, {{"firstname", text("C")}}}};
    const Sequence c = ok(replica.store->write(grouped, context)).front();
    const Sequence d = replica.set(1, {{"telephone1", text("1")}});
    const Sequence e = replica.set(1, {{"telephone1", text("2")}});
    const Sequence f = replica.set(1, {{"telephone1", text("3")}});
    ok(replica.store->hold(e, "later", {}));

    const RecordState state = replica.state(1);
    const auto found = runs(state.live, state.masked);
    REQUIRE(found.size() == 3);
    CHECK(found[0].changes == std::vector<Sequence>{a, b});
    CHECK(found[0].before == Fields{{"fullname", text("Ada")}});
    CHECK(found[0].after == Fields{{"fullname", text("Cid")}});
    CHECK(found[1].changes == std::vector<Sequence>{c});
    CHECK(found[1].group == GroupNumber{c.value});
    CHECK(found[2].changes == std::vector<Sequence>{d});
    CHECK(f.value > e.value);

    Copy folded;
    ok(replica.transact([&](Transaction& transaction) -> Result<void> {
        const RecordState record = ok(transaction.records.state({"contact", id(1)}));
        folded = ok(transaction.records.folded(record, b));
        return {};
    }));
    CHECK(folded == Fields{{"fullname", text("Cid")}, {"age", Value{std::int64_t{1}}}});
}

TEST_CASE("what is created and deleted in one run is deleted, as the organization may have it meanwhile")
{
    Replica replica;
    const Sequence created = replica.create(4, {{"fullname", text("New")}});
    replica.advance(4, "2", {{"fullname", text("Theirs")}});
    const Sequence erased = replica.erase(4);
    const RecordState state = replica.state(4);
    const auto found = runs(state.live, state.masked);
    REQUIRE(found.size() == 1);
    CHECK(found.front().changes == std::vector<Sequence>{created, erased});
    CHECK(found.front().kind == ChangeKind::remove);
    CHECK(found.front().after.empty());
}

TEST_CASE("a deletion that is told of a record while it is made again is of its former life")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sequence = replica.set(1, {{"fullname", text("Eve")}});
    ok(replica.transact([](Transaction& transaction) {
        return transaction.records.mark_deleted({"contact", id(1)}, CycleNumber{3}, at(3));
    }));
    replica.send(50, {sequence}, 1);
    ok(replica.transact([](Transaction& transaction) {
        return transaction.records.stage({"contact", id(1)}, "", std::nullopt, CycleNumber{4});
    }));
    const bool is_there = GENERATE(true, false);
    ok(replica.transact([&](Transaction& transaction) {
        Acknowledged answer{{"contact", id(1)}, "5", Fields{{"fullname", text("Eve")}}};
        answer.is_there = is_there;
        return transaction.intents.applied(id(50), {&answer, 1}, "stored", CycleNumber{4}, at(4));
    }));
    CHECK(replica.state(1).staged.has_value() == !is_there);
    CHECK(replica.fields(1) == Fields{{"fullname", text("Eve")}});
}

TEST_CASE("a change of which no column travels stays queued while its record is made")
{
    Replica replica;
    const Sequence created = replica.create(5, {{"parentcustomerid", Lookup{"account", id(2)}}});
    NewIntent made;
    made.id = id(50);
    made.changes.push_back({created, {}, true});
    IntentStep step;
    step.kind = StepKind::create;
    step.key = {"contact", id(5)};
    step.method = "PATCH";
    made.steps.push_back(step);
    ok(replica.transact([&](Transaction& transaction) { return transaction.intents.open(made); }));
    CHECK(ok(replica.store->change(created)).state == ChangeState::in_flight);
    replica.reopen();
    replica.acknowledge(50, 5, "1", Fields{});
    replica.reopen();
    CHECK(ok(replica.store->change(created)).state == ChangeState::queued);
    const RecordState state = replica.state(5);
    REQUIRE(state.shadow);
    CHECK(state.shadow->remote == Remote::present);
    CHECK(replica.fields(5).at("parentcustomerid") == Value{Lookup{"account", id(2)}});
}

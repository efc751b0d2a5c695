#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

TEST_CASE("an edit is seen at once and queued with before and after")
{
    Replica replica;
    replica.pull(1, "W/\"1\"", {{"fullname", text("Ada Lovelace")}, {"age", Value{std::int64_t{36}}}});
    const Sequence sequence = replica.set(1, {{"telephone1", text("1234")}, {"age", Value{}}});

    CHECK(replica.fields(1) == Fields{{"fullname", text("Ada Lovelace")}, {"telephone1", text("1234")}});
    CHECK(replica.get(1)->badge == Badge::saved_here);
    const Change change = ok(replica.store->change(sequence));
    CHECK(change.kind == ChangeKind::update);
    CHECK(change.state == ChangeState::queued);
    CHECK(change.before == Fields{{"telephone1", Value{}}, {"age", Value{std::int64_t{36}}}});
    CHECK(change.after == Fields{{"telephone1", text("1234")}, {"age", Value{}}});
    CHECK(change.actor == "ada");
    const RecordState state = replica.state(1);
    REQUIRE(state.shadow);
    CHECK(state.shadow->etag == "W/\"1\"");
    CHECK(state.shadow->fields.at("fullname") == text("Ada Lovelace"));
}

TEST_CASE("columns set to what they already hold are no part of a change")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    CHECK(replica.set(1, {{"fullname", text("Ada")}}) == Sequence{});
    CHECK_FALSE(replica.state(1).dirty());
    const Sequence sequence = replica.set(1, {{"fullname", text("Ada")}, {"firstname", text("A")}});
    CHECK(ok(replica.store->change(sequence)).after == Fields{{"firstname", text("A")}});
}

TEST_CASE("edits that cannot be are refused and leave nothing behind")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    using K = ChangeKind;
    CHECK(code_of(replica.try_edit({K::update, {"contact", id(9)}, {{"fullname", text("x")}}})) ==
          "store.no_record");
    CHECK(code_of(replica.try_edit({K::update, {"contacts", id(1)}, {}})) == "store.unknown_table");
    CHECK(code_of(replica.try_edit({K::update, {"contact", id(1)}, {{"fullnam", text("x")}}})) ==
          "store.unknown_column");
    CHECK(code_of(replica.try_edit({K::create, {"contact", id(1)}, {}})) == "store.record_exists");
    replica.erase(1);
    CHECK(code_of(replica.try_edit({K::update, {"contact", id(1)}, {{"fullname", text("x")}}})) ==
          "store.record_deleted");
    CHECK(ok(replica.store->queue_figures()).live() == 1);
}

TEST_CASE("one bad edit of several leaves all of them undone")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Edit edits[] = {{ChangeKind::update, {"contact", id(1)}, {{"fullname", text("Eve")}}},
                          {ChangeKind::update, {"contact", id(2)}, {{"fullname", text("Eve")}}}};
    CHECK_FALSE(replica.store->write(edits, by("ada")).has_value());
    CHECK(replica.fields(1).at("fullname") == text("Ada"));
    CHECK(ok(replica.store->changes({})).empty());
}

TEST_CASE("a record that is created and deleted before anything was sent is gone without a trace to send")
{
    Replica replica;
    const Sequence created = replica.create(5, {{"fullname", text("Nobody")}});
    const Sequence edited = replica.set(5, {{"age", Value{std::int64_t{3}}}});
    const Sequence erased = replica.erase(5);
    for (const Sequence sequence : {created, edited, erased})
        CHECK(ok(replica.store->change(sequence)).state == ChangeState::superseded);
    CHECK_FALSE(replica.get(5));
    CHECK_FALSE(replica.state(5).known);
    CHECK(ok(replica.store->queue_figures()).live() == 0);
}

TEST_CASE("a create whose fate is unknown is not cancelled by its deletion")
{
    Replica replica;
    const Sequence created = replica.create(5, {{"fullname", text("Nobody")}});
    replica.send(50, {created}, 5);
    const Sequence erased = replica.erase(5);
    CHECK(ok(replica.store->change(created)).state == ChangeState::in_flight);
    CHECK(ok(replica.store->change(erased)).state == ChangeState::queued);
    CHECK_FALSE(replica.get(5));

    SECTION("it was stored, so the deletion has to travel")
    {
        replica.acknowledge(50, 5, "W/\"7\"", Fields{{"fullname", text("Nobody")}});
        CHECK(ok(replica.store->change(erased)).state == ChangeState::queued);
        CHECK(replica.state(5).shadow->remote == Remote::present);
        CHECK_FALSE(replica.get(5));
    }
    SECTION("it never happened, and somebody else made it meanwhile, so the deletion waits to meet that")
    {
        ok(replica.transact([](Transaction& transaction) {
            return transaction.records.stage({"contact", id(5)}, "7", Fields{{"fullname", text("Twin")}},
                                             CycleNumber{4});
        }));
        ok(replica.transact([](Transaction& transaction) {
            return transaction.intents.later(id(50), "not sent", std::nullopt, CycleNumber{}, at(99));
        }));
        CHECK(ok(replica.store->change(erased)).state == ChangeState::queued);
        CHECK(replica.state(5).staged);
    }
    SECTION("it never happened, so both cancel out")
    {
        ok(replica.transact([](Transaction& transaction) {
            return transaction.intents.later(id(50), "not sent", std::nullopt, CycleNumber{}, at(99));
        }));
        CHECK(ok(replica.store->change(erased)).state == ChangeState::superseded);
        CHECK_FALSE(replica.state(5).known);
    }
}

TEST_CASE("a record made here cannot vanish under changes that refer to it")
{
    Replica replica;
    const Sequence account = replica.create(7, {{"name", text("Analytical Engines")}}, "account");
    const Sequence contact =
        replica.create(8, {{"fullname", text("Ada")}, {"parentcustomerid", Value{Lookup{"account", id(7)}}}});
    CHECK(code_of(replica.try_edit({ChangeKind::remove, {"account", id(7)}, {}})) == "store.referred_to");
    CHECK(code_of(replica.store->undo(account, by("ada"))) == "store.referred_to");

    const Dependencies edges = ok(replica.store->dependencies_of(contact));
    REQUIRE(edges.waits_for.size() == 1);
    CHECK(edges.waits_for[0] == Dependency{contact, account, DependencyReason::refers_to_created});
    CHECK(ok(replica.store->dependencies_of(account)).waited_for_by ==
          std::vector<Dependency>{{contact, account, DependencyReason::refers_to_created}});

    replica.undo(contact);
    CHECK(sequences_of(replica.undo(account).dropped) == std::vector{account});
    CHECK_FALSE(replica.get(7, "account"));
}

TEST_CASE("a deletion waits for the changes that stop referring to the record")
{
    Replica replica;
    replica.pull(1, "1", {{"name", text("Old")}}, "account");
    replica.pull(2, "1", {{"parentcustomerid", Value{Lookup{"account", id(1)}}}});
    const Sequence freed = replica.set(2, {{"parentcustomerid", Value{}}});
    const Sequence erased = replica.erase(1, "account");
    CHECK(ok(replica.store->dependencies_of(erased)).waits_for ==
          std::vector<Dependency>{{erased, freed, DependencyReason::removes_reference}});
    CHECK(ok(replica.store->dependencies_of(freed)).waited_for_by ==
          std::vector<Dependency>{{erased, freed, DependencyReason::removes_reference}});
}

TEST_CASE("a group is numbered once and undone as one")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    WriteContext context = by("ada");
    context.grouping = Grouping::one_unit;
    const Edit edits[] = {
        {ChangeKind::create, {"account", id(7)}, {{"name", text("New")}}},
        {ChangeKind::update, {"contact", id(1)}, {{"parentcustomerid", Value{Lookup{"account", id(7)}}}}}};
    const auto sequences = ok(replica.store->write(edits, context));
    CHECK(ok(replica.store->change(sequences[0])).group == GroupNumber{sequences[0].value});
    CHECK(ok(replica.store->change(sequences[1])).group == GroupNumber{sequences[0].value});

    CHECK(sequences_of(replica.undo(sequences[1]).dropped) == sequences);
    CHECK_FALSE(replica.get(7, "account"));
    CHECK(replica.fields(1) == Fields{{"fullname", text("Ada")}});
    CHECK_FALSE(replica.state(1).dirty());
}

TEST_CASE("Several changes are undone together, or none of them")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence account = replica.create(7, {{"name", text("Analytical Engines")}}, "account");
    const Sequence contact =
        replica.create(8, {{"fullname", text("Eve")}, {"parentcustomerid", Value{Lookup{"account", id(7)}}}});
    const Sequence renamed = replica.set(1, {{"fullname", text("Countess")}});
    const auto undo = [&](std::vector<Sequence> chosen, Act act) {
        return replica.store->undo(chosen, by("ada"), act);
    };

    CHECK(code_of(undo({renamed, account}, Act::done)) == "store.referred_to");
    CHECK(code_of(undo({renamed, Sequence{4711}}, Act::done)) == "store.no_change");
    CHECK(replica.fields(1).at("fullname") == text("Countess"));

    const Undone rehearsed = ok(undo({account, renamed, contact}, Act::rehearsed));
    CHECK(sequences_of(rehearsed.dropped) == std::vector{account, contact, renamed});
    CHECK(ok(replica.store->changes({})).size() == 3);
    CHECK(replica.get(7, "account"));

    const Undone undone = ok(undo({account, renamed, contact}, Act::done));
    CHECK(undone.dropped.front().after.at("name") == text("Analytical Engines"));
    CHECK(sequences_of(undone.dropped) == sequences_of(rehearsed.dropped));
    CHECK(ok(replica.store->changes({})).empty());
    CHECK_FALSE(replica.get(7, "account"));
    CHECK(replica.fields(1).at("fullname") == text("Ada"));
}

TEST_CASE("Several changes are held and released together, each with its group, or none of them")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    replica.pull(2, "1", {{"fullname", text("Bob")}});
    replica.pull(3, "1", {{"fullname", text("Eve")}});
    WriteContext as_unit = by("ada");
    as_unit.grouping = Grouping::one_unit;
    const Edit edits[] = {{ChangeKind::update, {"contact", id(1)}, {{"fullname", text("A.")}}},
                          {ChangeKind::update, {"contact", id(2)}, {{"fullname", text("B.")}}}};
    const auto unit = ok(replica.store->write(edits, as_unit));
    const Sequence alone = replica.set(3, {{"fullname", text("E.")}});
    const std::vector<Sequence> chosen{alone, unit[0], unit[1]};

    CHECK(sequences_of(ok(replica.store->hold(std::vector{alone, unit[1]}, "not yet", {}))) ==
          std::vector{alone, unit[0], unit[1]});
    CHECK(ok(replica.store->queue_figures()).held == 3);
    CHECK(code_of(replica.store->retry(chosen, {})) == "store.change_settled");
    ok(replica.store->release(unit[0], {}));
    CHECK(code_of(replica.store->release(chosen, {})) == "store.change_settled");
    CHECK(ok(replica.store->queue_figures()).held == 1);
    CHECK(sequences_of(ok(replica.store->release(std::vector{alone}, {}))) == std::vector{alone});
    CHECK(ok(replica.store->queue_figures()).held == 0);
}

TEST_CASE("What a person does with a change is told in the record's journal, with who did it")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}, {"age", Value{std::int64_t{1}}}});
    const Sequence change = replica.set(1, {{"fullname", text("Eve")}});
    const std::string name = "Change " + std::to_string(change.value);
    ok(replica.store->hold(change, "not yet", by("ada")));
    ok(replica.store->release(change, by("bob")));
    ok(replica.store->edit(change, {{"fullname", text("Eva")}}, by("ada")));
    CHECK(code_of(replica.store->retry(change, by("ada"))) == "store.change_settled");
    ok(replica.store->undo(std::vector{change}, by("ada"), Act::rehearsed));
    ok(replica.store->discard(change, by("")));
    DecisionFilter of_record;
    of_record.key = {"contact", id(1)};
    std::vector<std::string> told;
    for (const Decision& decision : ok(replica.store->decisions(of_record)))
        told.push_back(decision.rule + ": " + decision.sentence);
    CHECK(told == std::vector<std::string>{"queue.hold: " + name + " was held by ada.",
                                           "queue.release: " + name + " was released by bob.",
                                           "queue.edit: " + name + " was edited by ada: fullname.",
                                           "queue.discard: " + name + " was discarded by you."});
}

TEST_CASE("a change is held, released, and its state is in the figures")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sequence = replica.set(1, {{"fullname", text("Eve")}});
    ok(replica.store->hold(sequence, "not before Monday", {}));
    CHECK(ok(replica.store->queue_figures()).held == 1);
    CHECK(ok(replica.store->change(sequence)).waits_for == "not before Monday");
    CHECK(code_of(replica.store->retry(sequence, {})) == "store.change_settled");
    ok(replica.store->release(sequence, {}));
    const QueueFigures figures = ok(replica.store->queue_figures());
    CHECK(figures.queued == 1);
    CHECK(figures.held == 0);
    CHECK(figures.records == 1);
    CHECK(figures.oldest == at(1));
}

TEST_CASE("a refused change is parked with the server's words and can be tried again or given up")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sequence = replica.set(1, {{"fullname", text("Eve")}});
    replica.send(50, {sequence}, 1);
    CHECK(replica.get(1)->badge == Badge::sending);
    ok(replica.transact([](Transaction& transaction) {
        return transaction.intents.refused(id(50), "Name is locked.", CycleNumber{}, at(50));
    }));
    CHECK(ok(replica.store->change(sequence)).state == ChangeState::parked);
    CHECK(ok(replica.store->change(sequence)).last_error == "Name is locked.");
    CHECK(ok(replica.store->change(sequence)).attempts == 1);
    CHECK(replica.get(1)->badge == Badge::needs_you);
    CHECK(ok(replica.store->receipts({"contact", id(1)}, 10)).at(0).outcome == IntentOutcome::refused);

    SECTION("again")
    {
        ok(replica.store->retry(sequence, {}));
        CHECK(ok(replica.store->change(sequence)).state == ChangeState::queued);
    }
    SECTION("given up")
    {
        CHECK(sequences_of(ok(replica.store->discard(sequence, by("ada"))).dropped) == std::vector{sequence});
        CHECK(ok(replica.store->change(sequence)).state == ChangeState::discarded);
        CHECK(replica.fields(1).at("fullname") == text("Ada"));
        CHECK(replica.get(1)->badge == Badge::on_server);
    }
}

TEST_CASE("an edit that only took back what is undone now does not stay queued")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("A")}});
    const Sequence away = replica.set(1, {{"fullname", text("B")}});
    const Sequence back = replica.set(1, {{"fullname", text("A")}});
    replica.undo(away);
    const Change left = ok(replica.store->change(back));
    CHECK(left.state == ChangeState::superseded);
    CHECK_FALSE(left.reason.empty());
    CHECK(ok(replica.store->queue_figures()).live() == 0);
    CHECK_FALSE(replica.state(1).dirty());
    CHECK(replica.fields(1) == Fields{{"fullname", text("A")}});
}

TEST_CASE("changes are listed by table, record and state, page by page")
{
    Replica replica;
    for (int i = 1; i <= 5; ++i) replica.create(i, {{"fullname", text("x")}});
    replica.create(9, {{"name", text("y")}}, "account");
    ChangeFilter filter;
    filter.table = "contact";
    filter.limit = 3;
    const auto first = ok(replica.store->changes(filter));
    REQUIRE(first.size() == 3);
    filter.after = first.back().sequence;
    CHECK(ok(replica.store->changes(filter)).size() == 2);
    ChangeFilter one;
    one.table = "contact";
    one.id = id(2);
    CHECK(ok(replica.store->changes(one)).size() == 1);
    ChangeFilter held;
    held.states = {ChangeState::held, ChangeState::undone};
    CHECK(ok(replica.store->changes(held)).empty());
    replica.undo(first.front().sequence);
    CHECK(ok(replica.store->changes(held)).size() == 1);
}

TEST_CASE("a parked change is unproven while nobody can tell whether it was applied")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence sequence = replica.set(1, {{"fullname", text("Eve")}, {"telephone1", text("1")}});
    const auto park = [&](int intent, auto parking, std::string_view waits_for) {
        replica.send(intent, {sequence}, 1);
        ok(replica.transact([&](Transaction& transaction) {
            return (transaction.intents.*parking)(id(intent), "no", CycleNumber{2}, at(9));
        }));
        CHECK(ok(replica.store->change(sequence)).state == ChangeState::parked);
        CHECK(ok(replica.store->change(sequence)).waits_for == waits_for);
    };
    constexpr std::string_view refused = "a person: the server refused it";
    const auto unproven = [&] {
        std::vector<Sequence> found;
        ok(replica.transact([&](Transaction& transaction) -> Result<void> {
            found = ok(transaction.queue.unproven({"contact", id(1)}));
            return {};
        }));
        return found;
    };
    park(50, &IntentVerbs::refused, refused);
    CHECK(unproven().empty());
    ok(replica.store->retry(sequence, {}));
    park(60, &IntentVerbs::unprovable, "a person: nobody can tell whether it was applied");
    CHECK(unproven() == std::vector{sequence});
    const std::vector<std::string> seen{"telephone1"};
    ok(replica.transact([&](Transaction& transaction) {
        return transaction.queue.settle(sequence, seen, {ChangeState::superseded, "seen", at(10), "7", {}});
    }));
    CHECK(unproven() == std::vector{sequence});
    ok(replica.transact([&](Transaction& transaction) -> Result<void> {
        const auto arrivals = ok(transaction.queue.arrivals({"contact", id(1)}));
        REQUIRE(arrivals.size() == 1);
        CHECK(arrivals.front().outcome == IntentOutcome::shown);
        CHECK(arrivals.front().etag == "7");
        CHECK(arrivals.front().changes == std::vector{sequence});
        return {};
    }));
    ok(replica.store->retry(sequence, {}));
    CHECK(unproven().empty());
    park(70, &IntentVerbs::refused, refused);
    CHECK(unproven().empty());
}

TEST_CASE("what refers to a record that is made again waits for the edits that make it")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    replica.pull(2, "1", {{"name", text("Fabrikam")}}, "account");
    const Sequence renamed = replica.set(2, {{"name", text("Contoso")}}, "account");
    const Sequence refers = replica.set(1, {{"parentcustomerid", Lookup{"account", id(2)}}});
    CHECK(ok(replica.store->dependencies_of(refers)).waits_for.empty());
    ok(replica.transact([](Transaction& transaction) {
        return transaction.records.mark_deleted({"account", id(2)}, CycleNumber{3}, at(3));
    }));
    const auto waits = ok(replica.store->dependencies_of(refers)).waits_for;
    REQUIRE(waits.size() == 1);
    CHECK(waits.front().on == renamed);
    CHECK(waits.front().reason == DependencyReason::refers_to_created);
    CHECK(ok(replica.store->dependencies_of(renamed)).waited_for_by.size() == 1);
    // Only the first of several edits makes it, and perhaps waits for what would wait for the others.
    replica.set(2, {{"name", text("Northwind")}}, "account");
    CHECK(ok(replica.store->dependencies_of(refers)).waits_for.size() == 1);
    ok(replica.store->hold(renamed, "not yet", {}));
    CHECK(ok(replica.store->dependencies_of(refers)).waits_for.front().on == renamed);
    replica.erase(2, "account");
    CHECK(ok(replica.store->dependencies_of(refers)).waits_for.empty());
}

TEST_CASE("what is made again waits for what its first edits refer to, not for what later ones do")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence renamed = replica.set(1, {{"fullname", text("Eve")}});
    WriteContext unit = by("ada");
    unit.grouping = Grouping::one_unit;
    const Edit edits[] = {{ChangeKind::update, {"contact", id(1)}, {{"age", Value{std::int64_t{3}}}}},
                          {ChangeKind::create, {"account", id(2)}, {{"name", text("Works")}}}};
    const auto group = ok(replica.store->write(edits, unit));
    const Sequence moved = replica.set(1, {{"parentcustomerid", Lookup{"account", id(2)}}});
    ok(replica.transact([](Transaction& transaction) {
        return transaction.records.mark_deleted({"contact", id(1)}, CycleNumber{3}, at(3));
    }));
    CHECK(ok(replica.store->dependencies_of(renamed)).waits_for.empty());
    const auto waits = ok(replica.store->dependencies_of(moved)).waits_for;
    CHECK(std::ranges::count(waits, group[1], &Dependency::on) == 1);
}

TEST_CASE(
    "an edit that makes its record again waits for what the record referred to when that is made again, too")
{
    Replica replica;
    replica.pull(2, "1", {{"name", text("Works")}}, "account");
    replica.pull(1, "1", {{"fullname", text("Ada")}, {"parentcustomerid", Lookup{"account", id(2)}}});
    const Sequence first = replica.set(1, {{"fullname", text("Eve")}});
    const Sequence second = replica.set(1, {{"age", Value{std::int64_t{3}}}});
    const Sequence firm = replica.set(2, {{"name", text("Northwind")}}, "account");
    CHECK(ok(replica.store->dependencies_of(first)).waits_for.empty());
    ok(replica.transact([](Transaction& transaction) -> Result<void> {
        for (const RecordKey& key : {RecordKey{"account", id(2)}, RecordKey{"contact", id(1)}})
            if (auto gone = transaction.records.mark_deleted(key, CycleNumber{3}, at(3)); !gone) return gone;
        return {};
    }));
    const auto waits = ok(replica.store->dependencies_of(first)).waits_for;
    REQUIRE(waits.size() == 1);
    CHECK(waits.front().on == firm);
    // Whoever asks about many at once is told the same.
    const auto live = ok(replica.store->changes({}));
    ok(replica.transact([&](Transaction& transaction) -> Result<void> {
        const auto edges = transaction.queue.waits_among(live);
        if (!edges) return edges.error();
        CHECK(std::ranges::count_if(*edges, [&](const Dependency& edge) {
                  return edge.change == first && edge.on == firm;
              }) == 1);
        CHECK(std::ranges::count(*edges, second, &Dependency::change) == 0);
        return {};
    }));
}

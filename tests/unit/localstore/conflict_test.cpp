#include "localstore/net_effect.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

enum class Deleted { no, yes };

/// A record where the name is contested and the telephone is not; it may have been deleted before.
struct Contested {
    Replica replica;
    Sequence name, phone, erased;
    ConflictNumber number;

    explicit Contested(Deleted deleted = Deleted::no)
    {
        replica.pull(1, "1", {{"fullname", text("base")}});
        name = replica.set(1, {{"fullname", text("mine")}});
        phone = replica.set(1, {{"telephone1", text("1")}, {"fullname", text("mine too")}});
        if (deleted == Deleted::yes) erased = replica.erase(1);
        replica.advance(1, "2", {{"fullname", text("theirs")}});
        number = replica.contest(1, {"fullname"});
    }
    Conflict conflict() { return ok(replica.store->conflict(number)); }
    ChangeState state_of(Sequence sequence) { return ok(replica.store->change(sequence)).state; }
};

Resolution side(Side chosen)
{
    Resolution resolution;
    resolution.side = chosen;
    return resolution;
}

} // namespace

TEST_CASE("a contested column keeps mine here, knows theirs and masks itself from what is sent")
{
    Contested contested;
    const Conflict conflict = contested.conflict();
    REQUIRE(conflict.columns.size() == 1);
    CHECK(conflict.columns[0] == ConflictColumn{"fullname", text("base"), text("mine too"), text("theirs")});
    CHECK(contested.replica.fields(1).at("fullname") == text("mine too"));
    CHECK(contested.replica.get(1)->badge == Badge::needs_you);
    CHECK(contested.state_of(contested.name) == ChangeState::contested);
    CHECK(contested.state_of(contested.phone) == ChangeState::queued);
    const RecordState state = contested.replica.state(1);
    const auto sent = runs(state.live, state.masked);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].after == Fields{{"telephone1", text("1")}});
}

TEST_CASE("theirs follows each pull and mine follows later edits")
{
    Contested contested;
    contested.replica.advance(1, "3", {{"fullname", text("theirs again")}});
    const Sequence later = contested.replica.set(1, {{"fullname", text("mine at last")}});
    CHECK(contested.state_of(later) == ChangeState::contested);
    CHECK(contested.conflict().columns[0].theirs == text("theirs again"));
    CHECK(contested.conflict().columns[0].mine == text("mine at last"));
    CHECK(contested.replica.fields(1).at("fullname") == text("mine at last"));
}

TEST_CASE("a conflict's revision counts what moved in it since it was opened")
{
    Contested contested;
    CHECK(contested.conflict().revision == 1);
    CHECK(contested.conflict().label() == "1");
    contested.replica.set(1, {{"fullname", text("mine at last")}});
    contested.replica.advance(1, "3", {{"fullname", text("theirs")}, {"telephone1", text("0")}});
    CHECK(contested.conflict().revision == 1);
    contested.replica.advance(1, "4", {{"fullname", text("theirs again")}});
    CHECK(contested.conflict().revision == 2);
    CHECK(contested.conflict().label() == "1.2");
    contested.replica.contest(1, {"telephone1"});
    CHECK(contested.conflict().revision == 3);
    const std::vector<std::string> agreed{"telephone1"};
    ok(contested.replica.transact([&](Transaction& transaction) {
        return transaction.conflicts.close(contested.number, agreed, "both sides agree", at(99));
    }));
    CHECK(contested.conflict().revision == 4);
}

TEST_CASE("the other columns of a half contested change travel and are applied")
{
    Contested contested;
    contested.replica.send(50, {contested.phone}, 1);
    CHECK(ok(contested.replica.store->open_intents()).at(0).changes.at(0).columns ==
          std::vector<std::string>{"telephone1"});
    contested.replica.acknowledge(50, 1, "3",
                                  Fields{{"fullname", text("theirs")}, {"telephone1", text("1")}});
    CHECK(contested.state_of(contested.phone) == ChangeState::contested);
    CHECK(contested.replica.fields(1).at("fullname") == text("mine too"));
    // Somebody changes the telephone: what was applied is no edit any more and does not come back.
    contested.replica.advance(1, "4", {{"fullname", text("theirs")}, {"telephone1", text("2")}});
    CHECK(contested.replica.fields(1).at("telephone1") == text("2"));
}

TEST_CASE("mine is a new change on top of theirs")
{
    Contested contested;
    const auto made = ok(contested.replica.store->resolve(contested.number, side(Side::mine), by("ada", 90)));
    REQUIRE(made);
    const Change resolution = ok(contested.replica.store->change(*made));
    CHECK(resolution.before == Fields{{"fullname", text("theirs")}});
    CHECK(resolution.after == Fields{{"fullname", text("mine too")}});
    CHECK(contested.state_of(contested.name) == ChangeState::superseded);
    CHECK(contested.state_of(contested.phone) == ChangeState::queued);
    const Conflict closed = contested.conflict();
    CHECK_FALSE(closed.open());
    CHECK(closed.resolution == "mine");
    CHECK(closed.closed_by == "ada");
    CHECK(closed.resolution_change == made);
    CHECK(contested.replica.get(1)->badge == Badge::saved_here);
}

TEST_CASE("theirs needs no change")
{
    Contested contested;
    CHECK_FALSE(ok(contested.replica.store->resolve(contested.number, side(Side::theirs), by("ada", 90))));
    CHECK(contested.replica.fields(1) == Fields{{"fullname", text("theirs")}, {"telephone1", text("1")}});
    CHECK(ok(contested.replica.store->queue_figures()).open_conflicts == 0);
    CHECK(ok(contested.replica.store->conflicts({})).empty());
}

TEST_CASE("a third value can be chosen, and only for what is contested")
{
    Contested contested;
    Resolution other;
    other.chosen = {{"telephone1", text("9")}};
    CHECK(code_of(contested.replica.store->resolve(contested.number, other, by("ada"))) ==
          "store.no_conflict");
    other.chosen = {{"fullname", text("both")}};
    REQUIRE(ok(contested.replica.store->resolve(contested.number, other, by("ada"))));
    CHECK(contested.replica.fields(1).at("fullname") == text("both"));
    CHECK(code_of(contested.replica.store->resolve(contested.number, other, by("ada"))) ==
          "store.no_conflict");
}

TEST_CASE("undoing every contested change withdraws the conflict")
{
    Contested contested;
    contested.replica.undo(contested.phone);
    CHECK(contested.conflict().columns[0].mine == text("mine"));
    CHECK(contested.replica.fields(1).at("fullname") == text("mine"));
    contested.replica.undo(contested.name);
    CHECK_FALSE(contested.conflict().open());
    CHECK(contested.conflict().resolution == "withdrawn");
    CHECK(contested.replica.fields(1) == Fields{{"fullname", text("theirs")}});
    CHECK_FALSE(contested.replica.state(1).dirty());
}

TEST_CASE("what may already have been applied is contested and not sent again")
{
    Replica replica;
    replica.pull(1, "1", {{"age", Value{std::int64_t{5}}}});
    const Sequence counted = replica.set(1, {{"age", Value{std::int64_t{6}}}});
    replica.send(50, {counted}, 1);
    ok(replica.transact([](Transaction& transaction) {
        const Indeterminate lost[] = {{{"contact", id(1)}, {"age"}}};
        return transaction.intents.indeterminate(id(50), lost, "the answer was lost", CycleNumber{}, at(9));
    }));
    const auto conflicts = ok(replica.store->conflicts({}));
    REQUIRE(conflicts.size() == 1);
    CHECK(conflicts[0].reason == ConflictReason::indeterminate);
    CHECK(conflicts[0].columns[0].base == Value{std::int64_t{5}});
    CHECK(conflicts[0].columns[0].mine == Value{std::int64_t{6}});
    CHECK(ok(replica.store->change(counted)).state == ChangeState::contested);
    const RecordState state = replica.state(1);
    CHECK(runs(state.live, state.masked).empty());
    CHECK(code_of(replica.try_send(60, {counted}, 1)) == "store.bad_intent");
}

TEST_CASE("a conflict needs a change that claims one of its columns")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("x")}});
    const auto refused = replica.transact([](Transaction& transaction) -> Result<void> {
        NewConflict conflict;
        conflict.key = {"contact", id(1)};
        conflict.columns.push_back({"fullname", {}, {}, {}});
        auto opened = transaction.conflicts.open(conflict);
        return opened ? Result<void>{} : Result<void>{opened.error()};
    });
    CHECK(code_of(refused) == "store.no_change");
}

TEST_CASE("columns of an atomic group are contested together, claimed or not")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("a")}, {"firstname", text("b")}});
    replica.set(1, {{"fullname", text("mine")}});
    replica.advance(1, "2", {{"fullname", text("theirs")}, {"firstname", text("their first")}});
    ConflictNumber number;
    ok(replica.transact([&](Transaction& transaction) -> Result<void> {
        NewConflict conflict;
        conflict.key = {"contact", id(1)};
        conflict.columns = {{"fullname", text("a"), {}, {}}, {"firstname", text("b"), text("b"), {}}};
        number = ok(transaction.conflicts.open(conflict));
        return {};
    }));
    CHECK(replica.fields(1) == Fields{{"fullname", text("mine")}, {"firstname", text("b")}});
    const auto made = ok(replica.store->resolve(number, side(Side::mine), by("ada")));
    REQUIRE(made);
    CHECK(ok(replica.store->change(*made)).after ==
          Fields{{"fullname", text("mine")}, {"firstname", text("b")}});
    CHECK(replica.fields(1) == Fields{{"fullname", text("mine")}, {"firstname", text("b")}});
}

TEST_CASE("the engine closes what is no longer contested and the change travels again")
{
    Contested contested;
    ok(contested.replica.transact([&](Transaction& transaction) {
        return transaction.conflicts.close(contested.number, {}, "both sides agree", at(80));
    }));
    CHECK(contested.conflict().resolution == "both sides agree");
    CHECK(contested.state_of(contested.name) == ChangeState::queued);
}

TEST_CASE("a record with an open conflict cannot be deleted, and theirs is told")
{
    Contested contested;
    const auto refused = contested.replica.try_edit({ChangeKind::remove, {"contact", id(1)}, {}});
    CHECK(code_of(refused) == "store.conflict_open");
    CHECK(refused.error().message.find("conflict 1, which is open: at the organization fullname is "
                                       "\"theirs\"") != std::string::npos);
    CHECK(contested.state_of(contested.name) == ChangeState::contested);
    REQUIRE(ok(contested.replica.store->resolve(contested.number, side(Side::mine), by("ada"))));
    contested.replica.erase(1);
    CHECK_FALSE(contested.replica.get(1));
}

TEST_CASE("a deletion that was queued before the conflict opened leaves nothing of it waiting")
{
    Contested contested(Deleted::yes);
    const Sequence erased = contested.erased;
    const RecordState state = contested.replica.state(1);
    const auto sent = runs(state.live, state.masked);
    REQUIRE_FALSE(sent.empty());
    CHECK(sent.back().kind == ChangeKind::remove);
    contested.replica.send(50, {contested.phone, erased}, 1);
    contested.replica.acknowledge(50, 1, "2", std::nullopt);
    CHECK(ok(contested.replica.store->queue_figures()).live() == 0);
    CHECK(contested.replica.state(1).tombstone);
    CHECK_FALSE(contested.conflict().open());
}

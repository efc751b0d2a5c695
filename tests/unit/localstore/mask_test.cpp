#include "localstore/net_effect.h"
#include "localstore/transaction.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <random>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

/// First name and full name are decided together.
class GroupingFold final : public Fold {
public:
    Result<Fields> apply(const Table& table, const Fields& before, const Fields& x,
                         const Fields& after) const override
    {
        return plain_fold()->apply(table, before, x, after);
    }
    ColumnSet together(const Table&, ColumnSet columns) const override
    {
        if (columns.contains("firstname") || columns.contains("fullname"))
            columns.insert({"firstname", "fullname"});
        return columns;
    }
};

StoreOptions grouping(const Folder& folder)
{
    StoreOptions options = options_of(folder / "replica.hawser");
    options.fold = std::make_shared<GroupingFold>();
    return options;
}

const std::vector<std::string> columns{"firstname", "fullname", "telephone1", "age"};

Fields whole(int number)
{
    return {{"firstname", text(("f" + std::to_string(number)).c_str())},
            {"fullname", text(("n" + std::to_string(number)).c_str())},
            {"telephone1", text(("t" + std::to_string(number)).c_str())},
            {"age", Value{std::int64_t{number}}}};
}

/// Every claim of a masked column: what must outlive all but a decision.
std::set<std::pair<Sequence, std::string>> masked_claims(const RecordState& state)
{
    std::set<std::pair<Sequence, std::string>> claims;
    for (const Change& change : state.live) {
        const auto free = free_columns(change, state.masked);
        for (const std::string& name : free_columns(change, {}))
            if (std::ranges::find(free, name) == free.end()) claims.emplace(change.sequence, name);
    }
    return claims;
}

} // namespace

TEST_CASE("a conflict masks what is decided together with its columns")
{
    const Folder folder;
    Replica replica(grouping(folder));
    replica.pull(1, "1", whole(1));
    replica.set(1, {{"fullname", text("mine")}});
    replica.advance(1, "2", whole(2));
    replica.contest(1, {"fullname"});
    const Sequence together = replica.set(1, {{"firstname", text("mine too")}});
    const Sequence mixed = replica.set(1, {{"firstname", text("mine 3")}, {"telephone1", text("3")}});
    const RecordState state = replica.state(1);
    CHECK(state.masked == ColumnSet{"firstname", "fullname"});
    CHECK(ok(replica.store->change(together)).state == ChangeState::contested);
    CHECK(ok(replica.store->change(mixed)).state == ChangeState::queued);
    const auto found = runs(state.live, state.masked);
    REQUIRE(found.size() == 1);
    CHECK(found[0].after == Fields{{"telephone1", text("3")}});
    CHECK(code_of(replica.try_send(10, {together}, 1)) == "store.bad_intent");
    replica.send(10, {mixed}, 1);
    replica.acknowledge(10, 1, "3", whole(3));
    CHECK(ok(replica.store->change(mixed)).settled == std::vector<std::string>{"telephone1"});
    CHECK(ok(replica.store->change(mixed)).state == ChangeState::contested);
}

TEST_CASE("only a queued change can turn out to be applied")
{
    Replica replica;
    replica.pull(1, "1", whole(1));
    const Sequence change = replica.set(1, {{"fullname", text("mine")}});
    const auto settle = [&] {
        return replica.transact([&](Transaction& transaction) {
            return transaction.queue.settle(change, {}, {ChangeState::applied, "the same", at(9)});
        });
    };
    ok(replica.store->hold(change, "not yet", {}));
    CHECK(code_of(settle()) == "store.bad_intent");
    ok(replica.store->release(change, {}));
    ok(settle());
    CHECK(ok(replica.store->change(change)).state == ChangeState::applied);
}

TEST_CASE("no claim of a contested column is settled but by a decision, over many histories")
{
    for (unsigned seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed);
        const Folder folder;
        Replica replica(grouping(folder));
        std::mt19937 random(seed);
        int version = 1;
        int intent = 100;
        replica.pull(1, "1", whole(version));
        for (int step = 0; step < 25; ++step) {
            const auto before = masked_claims(replica.state(1));
            const std::string& column = columns[random() % columns.size()];
            switch (random() % 5) {
            case 0:
            case 1: {
                Fields edit;
                for (const std::string& name : columns)
                    if (random() % 2 == 0)
                        edit.emplace(name, whole(100 + static_cast<int>(random() % 50)).at(name));
                if (!edit.empty()) replica.set(1, edit);
                break;
            }
            case 2: {
                const RecordState state = replica.state(1);
                if (!std::ranges::any_of(state.live, [&](const Change& change) {
                        const auto open = free_columns(change, {});
                        return std::ranges::find(open, column) != open.end();
                    }))
                    break;
                replica.advance(1, std::to_string(version + 1), whole(version + 1));
                ++version;
                replica.contest(1, {column});
                break;
            }
            case 3: {
                const RecordState state = replica.state(1);
                if (state.live.empty() || state.live.front().state != ChangeState::queued) break;
                ok(replica.transact([&](Transaction& transaction) {
                    return transaction.queue.settle(state.live.front().sequence, {},
                                                    {ChangeState::applied, "the same", at(9)});
                }));
                break;
            }
            default: {
                const RecordState state = replica.state(1);
                const auto found = runs(state.live, state.masked);
                if (found.empty()) break;
                replica.send(intent, found.front().changes, 1);
                replica.acknowledge(intent, 1, std::to_string(version + 1), whole(version + 1));
                ++version;
                intent += 10;
                break;
            }
            }
            const RecordState now = replica.state(1);
            const auto after = masked_claims(now);
            for (const auto& [sequence, name] : before) {
                INFO("change " << sequence.value << " column " << name);
                CHECK(after.contains({sequence, name}));
            }
        }
    }
}

TEST_CASE("a group that could never travel whole is refused when it is made")
{
    Replica replica;
    replica.pull(1, "1", whole(1));
    WriteContext as_one = by("ada");
    as_one.grouping = Grouping::one_unit;
    const auto refers = [](const char* table, int number) { return Value{Lookup{table, id(number)}}; };

    SECTION("of more steps than one request takes")
    {
        std::vector<Edit> edits;
        for (int i = 0; i < 1'001; ++i)
            edits.push_back({ChangeKind::create, {"account", id(1'000 + i)}, {{"name", text("N")}}});
        CHECK(code_of(replica.store->write(edits, as_one)) == "store.group_too_large");
        CHECK(ok(replica.store->changes({})).empty());
        edits.pop_back();
        CHECK(replica.store->write(edits, as_one));
    }
    SECTION("in a circle with another group")
    {
        const Edit first[] = {
            {ChangeKind::create, {"account", id(2)}, {{"name", text("Firm")}}},
            {ChangeKind::update, {"contact", id(1)}, {{"parentcustomerid", refers("contact", 3)}}}};
        ok(replica.store->write(first, as_one));
        const Edit second[] = {
            {ChangeKind::create, {"contact", id(3)}, {{"parentcustomerid", refers("account", 2)}}},
            {ChangeKind::update, {"contact", id(1)}, {{"age", Value{std::int64_t{3}}}}}};
        CHECK(code_of(replica.store->write(second, as_one)) == "store.group_circle");
        CHECK(ok(replica.store->changes({})).size() == 2);
        // Apart, the new record may go without its reference first; so the circle is no dead end.
        CHECK(ok(replica.try_edit({ChangeKind::create, {"contact", id(3)}, second[0].after})).value > 0);
    }
    SECTION(
        "but a circle through a record that is made again, which may go without its reference first, is fine")
    {
        replica.pull(2, "1", {{"name", text("Firm")}}, "account");
        replica.pull(3, "1", whole(3));
        replica.set(2, {{"primarycontactid", refers("contact", 1)}}, "account");
        replica.set(1, {{"fullname", text("Ada L")}});
        ok(replica.transact([](Transaction& transaction) -> Result<void> {
            const Result<void> gone =
                transaction.records.mark_deleted({"account", id(2)}, CycleNumber{3}, at(3));
            return gone ? transaction.records.mark_deleted({"contact", id(1)}, CycleNumber{3}, at(3)) : gone;
        }));
        const Edit both[] = {
            {ChangeKind::update, {"contact", id(1)}, {{"parentcustomerid", refers("account", 2)}}},
            {ChangeKind::update, {"contact", id(3)}, {{"age", Value{std::int64_t{3}}}}}};
        CHECK(replica.store->write(both, as_one));
    }
    SECTION("but a circle inside it is fine")
    {
        const Edit circle[] = {
            {ChangeKind::create, {"account", id(2)}, {{"primarycontactid", refers("contact", 3)}}},
            {ChangeKind::create, {"contact", id(3)}, {{"parentcustomerid", refers("account", 2)}}}};
        CHECK(replica.store->write(circle, as_one));
    }
}

TEST_CASE("a deletion undone on its way and not arrived cancels out with what would take it back")
{
    Replica replica;
    replica.pull(1, "1", whole(1));
    const Sequence removal = replica.erase(1);
    replica.send(10, {removal}, 1);
    const Undone undone = replica.undo(removal);
    REQUIRE(undone.compensating.size() == 1);
    const Sequence edit = replica.set(1, {{"telephone1", text("edited")}});
    ok(replica.transact([](Transaction& transaction) {
        return transaction.intents.conflict(id(10), "412", CycleNumber{2}, at(20));
    }));
    CHECK(ok(replica.store->change(removal)).state == ChangeState::undone);
    CHECK(ok(replica.store->change(undone.compensating.front().sequence)).state == ChangeState::undone);
    const RecordState state = replica.state(1);
    REQUIRE(state.live.size() == 1);
    CHECK(state.live.front().sequence == edit);
    CHECK(replica.fields(1).at("telephone1") == text("edited"));
    CHECK(replica.fields(1).at("fullname") == text("n1"));
}

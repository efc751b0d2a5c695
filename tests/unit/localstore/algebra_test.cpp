#include "tests/catch.h"
#include "tests/unit/localstore/adding_fold.h"
#include "tests/unit/localstore/fixture.h"

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

const std::vector<std::string> columns{"fullname", "firstname", "telephone1", "age"};

Value random_value(Random& random, const std::string& column)
{
    if (below(random, 5) == 0) return Value{};
    const auto number = static_cast<std::int64_t>(below(random, 4));
    if (column == "age") return Value{number};
    return Value{"value " + std::to_string(number)};
}

Fields random_fields(Random& random)
{
    Fields fields;
    for (const std::string& column : columns)
        if (below(random, 2) == 0) fields[column] = random_value(random, column);
    return fields;
}

Fields without_nulls(Fields fields)
{
    std::erase_if(fields, [](const auto& entry) { return is_null(entry.second); });
    return fields;
}

} // namespace

TEST_CASE("undoing a change is never having made it, over many histories")
{
    Replica replica;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        INFO("seed " << seed);
        const auto random = seeded_random(seed);
        const int with = static_cast<int>(2 * seed);
        const int never = with + 1;
        const Fields base = without_nulls(random_fields(*random));
        replica.pull(with, "1", base);
        replica.pull(never, "1", base);
        const std::size_t count = 1 + below(*random, 6);
        const std::size_t dropped = below(*random, count);
        std::vector<Sequence> made;
        for (std::size_t i = 0; i < count; ++i) {
            made.push_back(replica.set(with, random_fields(*random)));
            // What the edit really changed: a column set to what it held is no edit of it.
            if (i != dropped && made.back().value != 0)
                replica.set(never, ok(replica.store->change(made.back())).after);
        }
        if (made[dropped].value == 0) continue;
        replica.undo(made[dropped]);
        REQUIRE(ok(replica.store->get({"contact", id(with)}))->fields == replica.fields(never));

        // What is still to be sent is the same too: both go on from any later server version alike.
        const Fields remote = without_nulls(random_fields(*random));
        if (!replica.state(never).dirty() || !replica.state(with).dirty()) continue;
        for (const int number : {with, never}) replica.advance(number, "2", remote);
        REQUIRE(replica.fields(with) == replica.fields(never));
    }
}

TEST_CASE("undoing everything in any order gives the server's record back")
{
    Replica replica;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        INFO("seed " << seed);
        const auto random = seeded_random(1000 + seed);
        const int number = static_cast<int>(seed);
        Fields remote = without_nulls(random_fields(*random));
        replica.pull(number, "1", remote);
        std::vector<Sequence> made;
        for (int i = 0; i < 6; ++i) {
            const Sequence sequence = replica.set(number, random_fields(*random));
            if (sequence.value != 0) made.push_back(sequence);
            if (below(*random, 3) == 0 && replica.state(number).dirty()) {
                remote = without_nulls(random_fields(*random));
                replica.advance(number, std::to_string(i + 2), remote);
            }
        }
        while (!made.empty()) {
            const auto place = made.begin() + static_cast<std::ptrdiff_t>(below(*random, made.size()));
            if (ok(replica.store->change(*place)).state == ChangeState::queued) replica.undo(*place);
            made.erase(place);
        }
        REQUIRE_FALSE(replica.state(number).dirty());
        REQUIRE(replica.fields(number) == remote);
    }
}

TEST_CASE("the local record is always the shadow with the live changes on top")
{
    Replica replica;
    const auto port = plain_fold();
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        INFO("seed " << seed);
        const auto random = seeded_random(2000 + seed);
        const int number = static_cast<int>(seed);
        replica.pull(number, "0", without_nulls(random_fields(*random)));
        int etag = 0;
        for (int step = 0; step < 12; ++step) {
            const RecordState before = replica.state(number);
            switch (below(*random, 4)) {
            case 0:
                replica.set(number, random_fields(*random));
                break;
            case 1:
                if (!before.open_intent && before.dirty())
                    replica.advance(number, std::to_string(++etag), without_nulls(random_fields(*random)));
                break;
            case 2:
                if (!before.open_intent && !before.live.empty())
                    replica.send(10'000 + number * 20 + step, {before.live.front().sequence}, number);
                break;
            default:
                if (before.open_intent)
                    ok(replica.transact([&](Transaction& transaction) {
                        const Acknowledged answer[] = {{{"contact", id(number)},
                                                        std::to_string(++etag),
                                                        without_nulls(random_fields(*random)),
                                                        Coverage::whole_record}};
                        return transaction.intents.applied(*before.open_intent, answer, "", {}, at(step));
                    }));
            }
            const RecordState state = replica.state(number);
            if (!state.dirty()) {
                REQUIRE(state.live.empty());
                continue;
            }
            REQUIRE(!state.live.empty());
            const Copy folded = ok(fold(*port, contact_table(), state.shadow->fields, state.live));
            REQUIRE(state.local == folded);
        }
    }
    CHECK(ok(replica.store->integrity_check()).empty());
}

TEST_CASE("counters keep every edit through pulls, undo and acknowledgement")
{
    Folder folder;
    StoreOptions options = options_of(folder / "replica.hawser");
    options.fold = std::make_shared<AddingFold>();
    Replica replica(options);
    const auto count = [](std::int64_t number) { return Fields{{"age", Value{number}}}; };
    replica.pull(1, "1", count(10));
    const Sequence plus_one = replica.set(1, count(11));
    const Sequence plus_five = replica.set(1, count(16));
    replica.advance(1, "2", count(100));
    CHECK(replica.fields(1) == count(106));
    replica.undo(plus_one);
    CHECK(replica.fields(1) == count(105));
    CHECK(ok(replica.store->change(plus_five)).before == count(10));
    CHECK(ok(replica.store->change(plus_five)).after == count(15));
    replica.send(50, {plus_five}, 1);
    const Sequence plus_two = replica.set(1, count(107));
    replica.acknowledge(50, 1, "3", count(205));
    CHECK(replica.fields(1) == count(207));
    CHECK(ok(replica.store->change(plus_two)).state == ChangeState::queued);
}

TEST_CASE("an edit of a record that was deleted on the server keeps its last version until somebody decides")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}, {"age", Value{std::int64_t{3}}}});
    replica.set(1, {{"telephone1", text("5")}});
    const auto mark = [&] {
        ok(replica.transact([](Transaction& transaction) {
            return transaction.records.mark_deleted({"contact", id(1)}, CycleNumber{5}, at(70));
        }));
    };
    mark();
    CHECK(replica.state(1).shadow->remote == Remote::deleted);
    CHECK(replica.fields(1).at("fullname") == text("Ada"));
    CHECK(replica.fields(1).at("telephone1") == text("5"));

    SECTION("undone, the record is gone")
    {
        replica.undo(replica.state(1).live.front().sequence);
        CHECK_FALSE(replica.get(1));
        CHECK(replica.state(1).tombstone);
    }
    SECTION("deleted here too, nothing has to be sent")
    {
        const Sequence erased = replica.erase(1);
        mark();
        CHECK(ok(replica.store->change(erased)).state == ChangeState::applied);
        CHECK(replica.state(1).tombstone);
        CHECK(ok(replica.store->queue_figures()).live() == 0);
    }
}

TEST_CASE("a deletion can be undone with all that stood before it")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    const Sequence edited = replica.set(1, {{"fullname", text("Eve")}});
    const Sequence erased = replica.erase(1);
    CHECK_FALSE(replica.get(1));
    CHECK(ok(replica.store->change(erased)).before == Fields{{"fullname", text("Eve")}});
    replica.undo(edited);
    CHECK(ok(replica.store->change(erased)).before == Fields{{"fullname", text("Ada")}});
    replica.undo(erased);
    CHECK(replica.fields(1) == Fields{{"fullname", text("Ada")}});
    CHECK_FALSE(replica.state(1).dirty());
}

TEST_CASE("undoing a creation takes the record's later edits with it")
{
    Replica replica;
    const Sequence created = replica.create(4, {{"fullname", text("New")}});
    const Sequence edited = replica.set(4, {{"age", Value{std::int64_t{1}}}});
    CHECK(sequences_of(replica.undo(created).dropped) == std::vector{created, edited});
    CHECK_FALSE(replica.state(4).known);
    // Two changes, and that they were undone.
    CHECK(ok(replica.store->history({"contact", id(4)}, 10)).size() == 4);
}

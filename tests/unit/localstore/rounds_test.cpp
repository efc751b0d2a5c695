#include "base/body.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <set>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

/// A scope and the short words for its rounds.
struct Pulled {
    Replica replica;
    ScopeNumber scope = define("all");

    ScopeNumber define(const std::string& name, const std::string& filter = "")
    {
        ScopeNumber number;
        ok(replica.transact([&](Transaction& transaction) -> Result<void> {
            Scope wanted;
            wanted.table = "contact";
            wanted.name = name;
            wanted.filter = filter;
            auto defined = transaction.rounds.define_scope(wanted);
            if (!defined) return defined.error();
            number = *defined;
            return {};
        }));
        return number;
    }
    Generation begin(RoundKind kind, ScopeNumber which)
    {
        Generation generation;
        ok(replica.transact([&](Transaction& transaction) -> Result<void> {
            generation = ok(transaction.rounds.begin_round(which, kind, at(1)));
            return {};
        }));
        return generation;
    }
    Generation begin(RoundKind kind) { return begin(kind, scope); }
    Taken take(Generation generation, int number, const std::string& etag, const Fields& fields,
               ScopeNumber which)
    {
        Taken taken{};
        ok(replica.store->transact(Durability::relaxed, [&](Transaction& transaction) -> Result<void> {
            auto taker = transaction.rounds.take_rows(which, generation, CycleNumber{7});
            if (!taker) return taker.error();
            const auto layout = ok(replica.store->table("contact"))->layout;
            taken = ok(taker->take(id(number), etag, encode_body(layout, fields)));
            return {};
        }));
        return taken;
    }
    Taken take(Generation generation, int number, const std::string& etag, const Fields& fields = {})
    {
        return take(generation, number, etag, fields, scope);
    }
    std::set<Guid> unseen(Generation generation)
    {
        std::set<Guid> ids;
        ok(replica.transact([&](Transaction& transaction) -> Result<void> {
            for (Guid after;;) {
                const auto some = ok(transaction.rounds.unseen(scope, generation, after, 2));
                if (some.empty()) return {};
                ids.insert(some.begin(), some.end());
                after = some.back();
            }
        }));
        return ids;
    }
    Seen note(Generation generation, int number, const std::string& etag)
    {
        Seen seen{};
        ok(replica.transact([&](Transaction& transaction) -> Result<void> {
            seen = ok(transaction.rounds.note_seen(scope, generation, id(number), etag));
            return {};
        }));
        return seen;
    }
    void finish(Generation generation, const std::string& token = "token")
    {
        ok(replica.transact([&](Transaction& transaction) {
            Finish end;
            end.token = token;
            end.now = at(2);
            return transaction.rounds.finish_round(scope, generation, end);
        }));
    }
    Checkpoint checkpoint(Lane lane = Lane::pull) { return ok(replica.store->checkpoint(scope, lane)); }
};

} // namespace

TEST_CASE("rows are inserted, updated, and left alone when they say what they said")
{
    Pulled pulled;
    const Generation generation = pulled.begin(RoundKind::full);
    CHECK(pulled.take(generation, 1, "1", {{"fullname", text("Ada")}}) == Taken::inserted);
    CHECK(pulled.take(generation, 1, "1", {{"fullname", text("Ada")}}) == Taken::unchanged);
    CHECK(pulled.take(generation, 1, "1", {{"fullname", text("Eve")}}) == Taken::updated);
    CHECK(pulled.take(generation, 1, "2", {{"fullname", text("Eve")}}) == Taken::updated);
    CHECK(pulled.replica.fields(1) == Fields{{"fullname", text("Eve")}});
    CHECK(pulled.replica.get(1)->cycle == CycleNumber{7});
    CHECK(pulled.replica.state(1).scopes == std::vector<ScopeNumber>{pulled.scope});
}

TEST_CASE("observers are told the names of rows that came, and not of those that said what they said")
{
    Pulled pulled;
    const Generation generation = pulled.begin(RoundKind::full);
    CommitNotice heard;
    const auto observer = pulled.replica.store->observe([&](const CommitNotice& notice) { heard = notice; });
    pulled.take(generation, 1, "1", {{"fullname", text("Ada")}});
    CHECK(heard.records == std::vector<RecordKey>{{"contact", id(1)}});
    CHECK_FALSE(heard.many);
    heard = {};
    pulled.take(generation, 1, "1", {{"fullname", text("Ada")}});
    CHECK(heard.records.empty());
    CHECK_FALSE(heard.many);
    pulled.replica.store->forget(observer);
}

TEST_CASE("rows of dirty records are reported and not written")
{
    Pulled pulled;
    const Generation generation = pulled.begin(RoundKind::delta);
    pulled.take(generation, 1, "1", {{"fullname", text("Ada")}});
    const Sequence edit = pulled.replica.set(1, {{"fullname", text("mine")}});
    CHECK(pulled.take(generation, 1, "2", {{"fullname", text("theirs")}}) == Taken::dirty);
    CHECK(pulled.replica.state(1).shadow->etag == "1");
    pulled.replica.send(50, {edit}, 1);
    CHECK(pulled.take(generation, 1, "2", {{"fullname", text("theirs")}}) == Taken::in_flight);
    CHECK(pulled.replica.fields(1) == Fields{{"fullname", text("mine")}});
}

TEST_CASE("a tombstone is lifted by a row that comes back")
{
    Pulled pulled;
    const Generation generation = pulled.begin(RoundKind::delta);
    pulled.take(generation, 1, "1", {{"fullname", text("Ada")}});
    ok(pulled.replica.transact([](Transaction& transaction) {
        return transaction.records.mark_deleted({"contact", id(1)}, CycleNumber{8}, at(3));
    }));
    CHECK_FALSE(pulled.replica.get(1));
    CHECK(pulled.replica.state(1).tombstone);
    CHECK(pulled.take(generation, 1, "1", {}) == Taken::updated);
    CHECK(pulled.replica.get(1));
}

TEST_CASE("a full round knows what it did not bring, and that is no deletion")
{
    Pulled pulled;
    const Generation first = pulled.begin(RoundKind::full);
    for (int i = 1; i <= 6; ++i) pulled.take(first, i, "1", {{"fullname", text("x")}});
    CHECK(pulled.unseen(first).empty());
    pulled.finish(first);

    pulled.replica.set(3, {{"age", Value{std::int64_t{1}}}});
    pulled.replica.create(9, {{"fullname", text("never sent")}});
    const Generation second = pulled.begin(RoundKind::full);
    CHECK(pulled.take(second, 1, "1", {{"fullname", text("x")}}) == Taken::unchanged);
    CHECK(pulled.take(second, 2, "2", {{"fullname", text("y")}}) == Taken::updated);
    CHECK(pulled.take(second, 3, "1", {{"fullname", text("x")}}) == Taken::dirty);
    CHECK(pulled.note(second, 4, "1") == Seen::same);
    CHECK(pulled.unseen(second) == std::set<Guid>{id(5), id(6)});
    CHECK(pulled.replica.get(5));
    pulled.finish(second);
    CHECK(Stock(pulled.replica.options().path).rows("SELECT count(*) FROM hawser_seen") ==
          std::vector<std::string>{"0"});
}

TEST_CASE("a sweep tells what is missed and what is gone")
{
    Pulled pulled;
    const Generation full = pulled.begin(RoundKind::full);
    for (int i = 1; i <= 3; ++i) pulled.take(full, i, "1", {});
    pulled.finish(full);
    const Generation sweep = pulled.begin(RoundKind::sweep);
    CHECK(pulled.note(sweep, 1, "1") == Seen::same);
    CHECK(pulled.note(sweep, 2, "9") == Seen::differs);
    CHECK(pulled.note(sweep, 8, "1") == Seen::unknown);
    CHECK(pulled.unseen(sweep) == std::set<Guid>{id(3)});
    CHECK(pulled.checkpoint(Lane::sweep).under_way);
    CHECK_FALSE(pulled.checkpoint(Lane::pull).under_way);
}

TEST_CASE("rows and the resume link of a page move together or not at all")
{
    Pulled pulled;
    const Generation generation = pulled.begin(RoundKind::full);
    const auto layout = ok(pulled.replica.store->table("contact"))->layout;
    const auto page = [&](int number, bool fails) {
        return pulled.replica.store->transact(
            Durability::relaxed, [&](Transaction& transaction) -> Result<void> {
                auto taker = transaction.rounds.take_rows(pulled.scope, generation, CycleNumber{1});
                if (!taker) return taker.error();
                auto taken = taker->take(id(number), "1", "[]");
                if (!taken) return taken.error();
                auto linked = transaction.rounds.set_resume_link(pulled.scope, generation,
                                                                 "page " + std::to_string(number), number);
                if (!linked) return linked;
                if (fails) return Error{ErrorKind::retry, "test", "the page broke off"};
                return {};
            });
    };
    ok(page(1, false));
    CHECK_FALSE(page(2, true).has_value());
    CHECK(pulled.checkpoint().resume_link == "page 1");
    CHECK_FALSE(pulled.replica.get(2));
    pulled.replica.reopen();
    CHECK(pulled.checkpoint().resume_link == "page 1");
    CHECK(pulled.checkpoint().rows == 1);
    CHECK(pulled.checkpoint().generation == generation);
}

TEST_CASE("only the end of a round replaces the token, and an old round cannot write")
{
    Pulled pulled;
    const Generation first = pulled.begin(RoundKind::full);
    pulled.finish(first, "token 1");
    const Generation second = pulled.begin(RoundKind::delta);
    CHECK(pulled.checkpoint().token == "token 1");
    const Generation third = pulled.begin(RoundKind::delta);
    CHECK(third > second);
    const auto late = pulled.replica.transact([&](Transaction& transaction) -> Result<void> {
        auto taker = transaction.rounds.take_rows(pulled.scope, second, CycleNumber{});
        return taker ? Result<void>{} : Result<void>{taker.error()};
    });
    CHECK(code_of(late) == "store.stale_round");
    pulled.finish(third, "token 2");
    CHECK(pulled.checkpoint().token == "token 2");
    CHECK(pulled.checkpoint().previous_token == "token 1");
    CHECK(pulled.checkpoint().full_finished_at == at(2));
    ok(pulled.replica.transact(
        [&](Transaction& transaction) { return transaction.rounds.step_back(pulled.scope); }));
    CHECK(pulled.checkpoint().token == "token 1");
    ok(pulled.replica.transact(
        [&](Transaction& transaction) { return transaction.rounds.reset(pulled.scope); }));
    CHECK(pulled.checkpoint().token.empty());
}

TEST_CASE("a record stays while one scope refers to it")
{
    Pulled pulled;
    const ScopeNumber mine = pulled.define("mine", "age gt 3");
    const Generation all = pulled.begin(RoundKind::delta);
    const Generation some = pulled.begin(RoundKind::delta, mine);
    pulled.take(all, 1, "1", {{"fullname", text("x")}});
    pulled.take(some, 1, "1", {{"fullname", text("x")}}, mine);
    pulled.take(some, 2, "1", {{"fullname", text("y")}}, mine);
    CHECK(pulled.replica.state(1).scopes == std::vector<ScopeNumber>{pulled.scope, mine});
    const auto unlink = [&](int number, ScopeNumber scope) {
        ok(pulled.replica.transact([&](Transaction& transaction) {
            return transaction.records.unlink({"contact", id(number)}, scope);
        }));
    };
    unlink(1, mine);
    CHECK(pulled.replica.get(1));
    unlink(1, pulled.scope);
    CHECK_FALSE(pulled.replica.state(1).known);

    const Sequence edit = pulled.replica.set(2, {{"age", Value{std::int64_t{1}}}});
    unlink(2, mine);
    CHECK(pulled.replica.state(2).unlinked);
    CHECK(pulled.replica.get(2));
    pulled.replica.undo(edit);
    CHECK_FALSE(pulled.replica.state(2).known);
}

TEST_CASE("a changed filter starts the scope again and a dropped scope takes its records along")
{
    Pulled pulled;
    const Generation generation = pulled.begin(RoundKind::full);
    pulled.take(generation, 1, "1", {});
    pulled.take(generation, 2, "1", {});
    pulled.finish(generation);
    CHECK(pulled.define("all") == pulled.scope);
    CHECK(pulled.checkpoint().token == "token");
    CHECK(pulled.define("all", "age gt 1") == pulled.scope);
    CHECK(pulled.checkpoint().token.empty());
    pulled.replica.set(2, {{"age", Value{std::int64_t{4}}}});
    const Sequence sent = pulled.replica.create(6, {{"fullname", text("Sent")}});
    pulled.replica.send(800, {sent}, 6);
    pulled.replica.acknowledge(800, 6, "4", Fields{{"fullname", text("Sent")}});
    const Sequence made = pulled.replica.create(7, {{"fullname", text("New")}});
    ok(pulled.replica.transact(
        [&](Transaction& transaction) { return transaction.rounds.drop_scope(pulled.scope); }));
    CHECK_FALSE(pulled.replica.state(1).known);
    CHECK(pulled.replica.state(2).unlinked);
    CHECK(ok(pulled.replica.store->scopes()).empty());
    CHECK_FALSE(pulled.replica.state(6).known);
    CHECK(pulled.replica.get(7));
    pulled.replica.send(900, {made}, 7);
    pulled.replica.acknowledge(900, 7, "5", Fields{{"fullname", text("New")}});
    CHECK_FALSE(pulled.replica.state(7).known);
}

TEST_CASE("a table that is chosen again keeps what waits to be sent")
{
    Pulled pulled;
    const Sequence made = pulled.replica.create(7, {{"fullname", text("New")}});
    ok(pulled.replica.transact(
        [&](Transaction& transaction) { return transaction.rounds.drop_scope(pulled.scope); }));
    CHECK(pulled.replica.state(7).unlinked);
    pulled.define("all");
    CHECK_FALSE(pulled.replica.state(7).unlinked);
    pulled.replica.send(900, {made}, 7);
    pulled.replica.acknowledge(900, 7, "5", Fields{{"fullname", text("New")}});
    CHECK(pulled.replica.get(7));
}

TEST_CASE("a former id leads to the present one")
{
    Pulled pulled;
    const Generation generation = pulled.begin(RoundKind::delta);
    pulled.take(generation, 1, "1", {{"fullname", text("old")}});
    pulled.take(generation, 2, "1", {{"fullname", text("present")}});
    ok(pulled.replica.transact([](Transaction& transaction) {
        return transaction.records.alias({"contact", id(1)}, {"contact", id(2)}, "merged", at(1));
    }));
    CHECK(pulled.replica.fields(1) == Fields{{"fullname", text("present")}});
    pulled.replica.set(1, {{"age", Value{std::int64_t{4}}}});
    CHECK(pulled.replica.fields(2).at("age") == Value{std::int64_t{4}});
    const auto circle = pulled.replica.transact([](Transaction& transaction) {
        return transaction.records.alias({"contact", id(2)}, {"contact", id(1)}, "back", at(1));
    });
    CHECK_FALSE(circle.has_value());
}

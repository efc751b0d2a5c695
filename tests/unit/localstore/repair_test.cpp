#include "localstore/repair.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <fstream>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

/// A replica with much pulled data and something of every kind that is the user's own.
struct Furnished {
    Replica replica;
    Sequence queued, parked, flying, created;
    ConflictNumber conflict;

    Furnished()
    {
        ok(replica.store->transact(Durability::relaxed, [&](Transaction& transaction) -> Result<void> {
            Scope all;
            all.table = "contact";
            all.name = "all";
            const ScopeNumber scope = ok(transaction.rounds.define_scope(all));
            const Generation generation = ok(transaction.rounds.begin_round(scope, RoundKind::full, at(1)));
            auto taker = ok(transaction.rounds.take_rows(scope, generation, CycleNumber{1}));
            for (int i = 1; i <= 400; ++i)
                if (auto taken = taker.take(id(i), "1", "[\"" + std::string(500, 'x') + "\"]"); !taken)
                    return taken.error();
            Finish finish;
            finish.token = "token";
            return transaction.rounds.finish_round(scope, generation, finish);
        }));
        queued = replica.set(1, {{"telephone1", text("1")}});
        parked = replica.set(2, {{"telephone1", text("2")}});
        replica.send(900, {parked}, 2);
        ok(replica.transact(
            [](Transaction& transaction) { return transaction.intents.refused(id(900), "no", {}, at(5)); }));
        flying = replica.set(3, {{"telephone1", text("3")}});
        replica.send(910, {flying}, 3);
        replica.set(4, {{"fullname", text("mine")}});
        replica.advance(4, "2", {{"fullname", text("theirs")}});
        conflict = replica.contest(4, {"fullname"});
        replica.advance(4, "3", {{"fullname", text("theirs again")}});
        created = replica.create(
            500, {{"fullname", text("new")}, {"parentcustomerid", Value{Lookup{"contact", id(9)}}}});
        ok(replica.store->checkpoint_log());
    }

    void check_own(Store& store)
    {
        CHECK(ok(store.change(queued)).after == Fields{{"telephone1", text("1")}});
        CHECK(ok(store.change(parked)).state == ChangeState::parked);
        CHECK(ok(store.change(parked)).last_error == "no");
        CHECK(ok(store.change(flying)).state == ChangeState::in_flight);
        CHECK(ok(store.open_intents()).at(0).id == id(910));
        CHECK(ok(store.conflict(conflict)).columns.at(0).theirs == text("theirs again"));
        CHECK(ok(store.conflict(conflict)).label() == "1.2");
        CHECK(ok(store.change(created)).kind == ChangeKind::create);
        CHECK(ok(store.state({"contact", id(1)})).shadow->etag == "1");
        CHECK(ok(store.get({"contact", id(500)}))->fields.at("fullname") == text("new"));
        CHECK(ok(store.get({"contact", id(4)}))->fields.at("fullname") == text("mine"));
        CHECK(store.binding() == binding());
    }
};

enum class Where { first_rows, middle_rows };

/// Overwrites so many pages of bodies, as a failing disk would.
void damage_bodies(const std::filesystem::path& path, std::size_t pages, Where where)
{
    constexpr std::size_t page_size = 8192;
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    std::vector<std::streamoff> leaves;
    std::string page(page_size, '\0');
    for (std::size_t place = page_size; place < std::filesystem::file_size(path); place += page_size) {
        file.seekg(static_cast<std::streamoff>(place));
        file.read(page.data(), page_size);
        constexpr char table_leaf = 0x0d;
        // A full leaf of bodies: about fourteen. Shadows and changes hold a few such texts too.
        int bodies = 0;
        for (std::size_t found = page.find("[\"xxx"); found != std::string::npos;
             found = page.find("[\"xxx", found + 1))
            ++bodies;
        if (page[0] == table_leaf && bodies > 8) leaves.push_back(static_cast<std::streamoff>(place));
    }
    const std::size_t first = where == Where::first_rows ? 0 : leaves.size() / 2;
    for (std::size_t i = first; i < first + pages; ++i) {
        file.seekp(leaves.at(i));
        file.write(std::string(page_size, '\x5a').data(), page_size);
    }
}

} // namespace

TEST_CASE("repair of a whole replica keeps all that is the user's and asks for the rest again")
{
    Furnished furnished;
    const auto path = furnished.replica.options().path;
    furnished.replica.store.reset();
    const RepairReport report = ok(repair(path, at(9)));
    CHECK(report.unreadable.empty());
    CHECK(report.copied.at("change") == 5);
    CHECK(std::filesystem::exists(report.damaged));
    const auto store = ok(Store::open(furnished.replica.options()));
    furnished.check_own(*store);
    CHECK(ok(store->integrity_check()).empty());
    const Checkpoint checkpoint = ok(store->checkpoint(ScopeNumber{1}, Lane::pull));
    CHECK(checkpoint.token.empty());
    CHECK_FALSE(checkpoint.finished_at);
    CHECK_FALSE(checkpoint.full_finished_at);
    CHECK(ok(store->get({"contact", id(9)})));
    CHECK_FALSE(ok(store->get({"contact", id(300)})));
    const auto damaged = ok(Store::open(options_of(report.damaged)));
    CHECK(ok(damaged->get({"contact", id(300)})));
}

TEST_CASE("a replica with damaged pages is found out, and repair keeps the queue")
{
    Furnished furnished;
    const auto path = furnished.replica.options().path;
    furnished.replica.store.reset();
    SECTION("among the records that wait to be sent")
    {
        damage_bodies(path, 5, Where::first_rows);
        CHECK(code_of(Store::open(furnished.replica.options())) == "store.corrupt");
        StoreOptions inspect = furnished.replica.options();
        inspect.mode = OpenMode::inspect;
        CHECK(ok(ok(Store::open(inspect))->changes({})).size() == 5);
    }
    SECTION("among the other records")
    {
        damage_bodies(path, 5, Where::middle_rows);
        const auto store = ok(Store::open(furnished.replica.options()));
        CHECK_FALSE(ok(store->integrity_check()).empty());
        Query all;
        all.table = "contact";
        all.limit = 1000;
        CHECK(code_of(store->query(all)) == "store.corrupt");
    }
    const RepairReport report = ok(repair(path, at(9)));
    CHECK_FALSE(report.unreadable.empty());
    const auto store = ok(Store::open(furnished.replica.options()));
    CHECK(ok(store->integrity_check()).empty());
    CHECK(ok(store->queue_figures()).live() == 5);
    CHECK(ok(store->change(furnished.queued)).after == Fields{{"telephone1", text("1")}});
    CHECK(ok(store->open_intents()).size() == 1);
    CHECK(ok(store->conflicts({})).size() == 1);
}

TEST_CASE("a queued change that does not agree with its checksum is held and named")
{
    Furnished furnished;
    const auto path = furnished.replica.options().path;
    furnished.replica.store.reset();
    Stock(path).run("UPDATE hawser_change SET after = '{\"telephone1\":\"666\"}' WHERE sequence = " +
                    std::to_string(furnished.queued.value));
    const RepairReport report = ok(repair(path, at(9)));
    REQUIRE(report.unreadable.size() == 1);
    CHECK(report.unreadable[0].find("change " + std::to_string(furnished.queued.value)) != std::string::npos);
    const auto store = ok(Store::open(furnished.replica.options()));
    CHECK(ok(store->change(furnished.queued)).state == ChangeState::held);
}

TEST_CASE("foreign parts do not come along")
{
    Furnished furnished;
    const auto path = furnished.replica.options().path;
    furnished.replica.store.reset();
    Stock(path).run(
        "CREATE TABLE extra (a); CREATE TRIGGER t AFTER UPDATE ON hawser_change BEGIN SELECT 1; END");
    CHECK(code_of(Store::open(furnished.replica.options())) == "store.foreign");
    ok(repair(path, at(9)));
    furnished.check_own(*ok(Store::open(furnished.replica.options())));
}

TEST_CASE("changes outlive the loss of their record and of their intent")
{
    Furnished furnished;
    const auto path = furnished.replica.options().path;
    furnished.replica.store.reset();
    {
        Stock stock(path);
        stock.run("DELETE FROM hawser_record WHERE id = x'" + [&] {
            std::string hex;
            for (const char c : id(1).text())
                if (c != '-') hex += c;
            return hex;
        }() + "'");
        stock.run("DELETE FROM hawser_intent");
    }
    CHECK(code_of(Store::open(furnished.replica.options())) == "store.inconsistent");
    const RepairReport report = ok(repair(path, at(9)));
    CHECK(report.unreadable.size() >= 2);
    const auto store = ok(Store::open(furnished.replica.options()));
    CHECK(ok(store->change(furnished.queued)).state == ChangeState::queued);
    CHECK(ok(store->state({"contact", id(1)})).shadow->etag.empty());
    CHECK(ok(store->change(furnished.flying)).state == ChangeState::held);
    CHECK(ok(store->change(furnished.flying)).waits_for.find("may have been sent") != std::string::npos);
    CHECK(ok(store->integrity_check()).empty());
}

TEST_CASE("a replica that is open is not repaired, and one that was replaced takes no more edits")
{
    Replica replica;
    replica.create(1, {{"fullname", text("Ada")}});
    const auto path = replica.options().path;
    const auto refused = repair(path, at(9));
    CHECK(code_of(refused) == "store.busy");
    CHECK(hawser::tests::says(refused, std::to_string(::getpid())));
    CHECK(ok(replica.store->changes({})).size() == 1);
    const auto other = path.string() + ".other";
    ok(replica.store->backup(other));
    std::filesystem::rename(other, path);
    const Edit edits[] = {{ChangeKind::update, {"contact", id(1)}, {{"fullname", text("Eve")}}}};
    for (int i = 0; i < 2; ++i) CHECK(code_of(replica.store->write(edits, by("ada"))) == "store.replaced");
    CHECK(code_of(replica.store->changes({})) == "store.replaced");
    replica.reopen();
    CHECK(ok(replica.store->changes({})).size() == 1);
    replica.set(1, {{"fullname", text("Eve")}});
}

TEST_CASE("what is no replica is not repaired")
{
    Folder folder;
    CHECK(code_of(repair(folder / "nothing", at(1))) == "store.missing");
    std::ofstream(folder / "letter.txt") << std::string(5000, 'x');
    CHECK(code_of(repair(folder / "letter.txt", at(1))) == "store.not_a_database");
    CHECK_FALSE(std::filesystem::exists(folder / "letter.txt.repaired"));
    CHECK_FALSE(std::filesystem::exists(folder / "letter.txt.lock"));
    StoreOptions letter;
    letter.path = folder / "letter.txt";
    CHECK(code_of(Store::open(letter)) == "store.not_a_database");
    CHECK_FALSE(std::filesystem::exists(folder / "letter.txt.lock"));
    CHECK(std::filesystem::file_size(folder / "letter.txt") == 5000);
    std::ofstream(folder / "novel.txt") << std::string(500'000, 'x');
    CHECK(code_of(repair(folder / "novel.txt", at(1))) == "store.not_a_replica");
    CHECK(std::filesystem::file_size(folder / "novel.txt") == 500'000);
    std::ofstream(folder / "other.db").close();
    Stock(folder / "other.db").run("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(500000))");
    CHECK(code_of(repair(folder / "other.db", at(1))) == "store.not_a_replica");
    CHECK(Stock(folder / "other.db").rows("SELECT length(a) FROM t") == std::vector<std::string>{"500000"});
}

#include "localstore/repair.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <SQLiteCpp/Database.h>

#include <fstream>
#include <random>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;
using hawser::tests::says;

namespace {

constexpr std::size_t page_size = 8192;
constexpr int edits = 5;

std::string bytes_of(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes)
{
    for (const char* suffix : {"-wal", "-shm", ".lock"}) std::filesystem::remove(path.string() + suffix);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// A small replica as a first pull and a few edits leave it, in one file.
struct Small {
    Replica replica;
    std::filesystem::path path = replica.options().path;
    std::string whole;

    Small()
    {
        ok(replica.store->transact(Durability::relaxed, [&](Transaction& transaction) -> Result<void> {
            for (const char* table : {"contact", "account", "appointment"}) {
                Scope all;
                all.table = table;
                all.name = "all";
                all.aboard = true;
                const ScopeNumber scope = ok(transaction.rounds.define_scope(all));
                const Generation round = ok(transaction.rounds.begin_round(scope, RoundKind::full, at(1)));
                auto taker = ok(transaction.rounds.take_rows(scope, round, CycleNumber{1}));
                for (int i = 1; i <= 60; ++i)
                    if (auto taken = taker.take(id(i), "1", "[\"" + std::string(300, 'x') + "\"]"); !taken)
                        return taken.error();
                Finish finish;
                finish.token = "token";
                if (auto done = transaction.rounds.finish_round(scope, round, finish); !done) return done;
            }
            return {};
        }));
        for (int i = 1; i <= edits; ++i) replica.set(i * 10, {{"telephone1", text("mine")}});
        ok(replica.store->checkpoint_log());
        replica.store.reset();
        whole = bytes_of(path);
    }

    /// The file with these bytes in the place of a page's own.
    void damage(std::size_t page, const std::string& with, bool keep_header)
    {
        std::string bytes = whole;
        const std::size_t skipped = page == 0 && keep_header ? 100 : 0;
        bytes.replace(page * page_size + skipped, page_size - skipped, with, 0, page_size - skipped);
        write_bytes(path, bytes);
    }
};

std::string noise(unsigned seed)
{
    std::mt19937 random(seed);
    std::string bytes(page_size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

/// What a repair may leave: a replica that works, or the file as it was and a sentence that helps.
/// Returns whether all changes are there.
bool check_outcome(Small& small)
{
    const std::string damaged = bytes_of(small.path);
    const auto report = repair(small.path, at(9));
    if (!report) {
        INFO(report.error().message);
        CHECK(report.error().code == "store.beyond_repair");
        CHECK(report.error().message.find("hawser repair") == std::string::npos);
        CHECK(report.error().message.find("lost") != std::string::npos);
        CHECK(bytes_of(small.path) == damaged);
        return false;
    }
    std::string said;
    for (const std::string& line : report->unreadable) said += line + "\n";
    INFO(said);
    auto store = ok(Store::open(small.replica.options()));
    CHECK(ok(store->integrity_check()).empty());
    const auto changes = ok(store->changes({}));
    for (const Change& change : changes) CHECK(change.after == Fields{{"telephone1", text("mine")}});
    for (const Change& change : changes) CHECK(ok(store->state(change.key)).shadow.has_value());
    const auto scopes = ok(store->scopes());
    CHECK(scopes.size() == 3);
    for (const Scope& scope : scopes) CHECK(ok(store->checkpoint(scope.number, Lane::pull)).token.empty());
    CHECK(ok(store->table_names()).size() == 3);
    CHECK(store->binding() == binding());
    const bool all = changes.size() == edits;
    if (!all) CHECK(said.find("change") != std::string::npos);
    store.reset();
    const auto again = repair(small.path, at(10));
    CHECK(again);
    CHECK(ok(ok(Store::open(small.replica.options()))->changes({})).size() == changes.size());
    return all;
}

std::int64_t root_of(const std::filesystem::path& path, const std::string& table)
{
    SQLite::Database database(path, SQLite::OPEN_READONLY);
    return database.execAndGet("SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'").getInt64();
}

} // namespace

TEST_CASE("whichever page is damaged, repair leaves a replica that works or says what to do instead")
{
    Small small;
    const std::size_t pages = small.whole.size() / page_size;
    std::size_t complete = 0;
    for (std::size_t page = 0; page < pages; ++page) {
        CAPTURE(page);
        small.damage(page, noise(static_cast<unsigned>(page)), true);
        complete += check_outcome(small) ? 1 : 0;
        for (const auto& file : std::filesystem::directory_iterator(small.path.parent_path()))
            if (file.path().filename().string().find(".damaged-") != std::string::npos)
                std::filesystem::remove(file.path());
    }
    // The queue stands on one page, which nothing can replace.
    CHECK(complete + 1 >= pages);
}

TEST_CASE("a replica whose first page is gone with its header is rebuilt")
{
    Small small;
    small.damage(0, std::string(page_size, '\0'), false);
    CHECK(check_outcome(small));
}

TEST_CASE("a replica that was cut in half keeps what is left of its queue, or says what is lost")
{
    Small small;
    write_bytes(small.path, small.whole.substr(0, small.whole.size() / 2));
    check_outcome(small);
}

TEST_CASE("the queue that is lost with its page is named by its records")
{
    Small small;
    small.damage(static_cast<std::size_t>(root_of(small.path, "hawser_change") - 1), noise(7), true);
    const RepairReport report = ok(repair(small.path, at(9)));
    std::string said;
    for (const std::string& line : report.unreadable) said += line + "\n";
    for (int i = 1; i <= edits; ++i)
        CHECK(said.find("what was changed here of contact " + id(i * 10).text()) != std::string::npos);
}

TEST_CASE("a number that was lost with its change is not given again, after a second repair neither")
{
    Small small;
    small.damage(static_cast<std::size_t>(root_of(small.path, "hawser_change") - 1), noise(7), true);
    ok(repair(small.path, at(9)));
    ok(repair(small.path, at(10)));
    small.replica.reopen();
    CHECK(small.replica.create(200, {{"fullname", text("Ada")}}).value > edits);
}

TEST_CASE("what a replica chose to pull outlives the loss of the page that says so")
{
    Small small;
    small.damage(static_cast<std::size_t>(root_of(small.path, "hawser_scope") - 1), noise(8), true);
    ok(repair(small.path, at(9)));
    const auto store = ok(Store::open(small.replica.options()));
    CHECK(ok(store->scopes()).at(1).table == "account");
    CHECK(ok(store->scopes()).at(1).aboard);
}

TEST_CASE("a repair that cannot know what the replica is bound to names the changes that are lost")
{
    Small small;
    Stock(small.path).run("DELETE FROM hawser_meta; DELETE FROM hawser_setting");
    const std::string damaged = bytes_of(small.path);
    const auto report = repair(small.path, at(9));
    CHECK(code_of(report) == "store.beyond_repair");
    CHECK(says(report, "update of contact"));
    CHECK(says(report, "hawser init"));
    CHECK_FALSE(says(report, "hawser repair"));
    CHECK(bytes_of(small.path) == damaged);
}

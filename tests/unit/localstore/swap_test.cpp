#include "localstore/platform/file_use.h"
#include "localstore/platform/permissions.h"
#include "localstore/repair.h"
#include "localstore/swap.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <atomic>
#include <fstream>
#include <thread>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

constexpr std::chrono::milliseconds at_once{0};

/// What a repair leaves that was killed after so many of its steps: the note, the log, the file, the end.
struct KilledSwap {
    std::filesystem::path path;
    std::string kept = path.string() + ".damaged-2";
    std::string repaired = path.string() + ".repaired";

    void make(int steps) const
    {
        std::ofstream(path.string() + ".damaged-4") << "of an earlier repair";
        std::filesystem::copy_file(path, repaired);
        std::ofstream note(path.string() + ".repairing");
        note << std::filesystem::path(repaired).filename().string() << '\n';
        if (steps < 1) return;
        note << std::filesystem::path(kept).filename().string() << '\n'
             << platform::identity_of(repaired) << ' ' << platform::identity_of(path) << '\n';
        note.close();
        if (steps < 2) return;
        std::filesystem::rename(path.string() + "-wal", kept + "-wal");
        if (steps < 3) return;
        std::filesystem::rename(path, kept);
        std::filesystem::remove(path.string() + "-shm");
        if (steps < 4) return;
        std::filesystem::rename(repaired, path);
    }
};

/// A replica with one edit in its log, and a repair of it that was killed before its last rename.
struct Interrupted {
    Replica replica;
    KilledSwap killed{replica.options().path};
    int steps = GENERATE(0, 1, 2, 3);

    Interrupted()
    {
        replica.create(1, {{"fullname", text("Ada")}});
        replica.store.reset();
        REQUIRE(std::filesystem::file_size(killed.path.string() + "-wal") > 0);
        killed.make(steps);
    }
    void keeps_its_edit()
    {
        replica.reopen();
        CHECK(ok(replica.store->changes({})).size() == 1);
        CHECK(ok(replica.store->integrity_check()).empty());
        CHECK_FALSE(is_swap_unfinished(killed.path));
        CHECK_FALSE(std::filesystem::exists(killed.kept));
        CHECK_FALSE(std::filesystem::exists(killed.kept + "-wal"));
    }
};

} // namespace

TEST_CASE("a repair that was killed between the log and the file loses no edit")
{
    Interrupted interrupted;
    const auto& killed = interrupted.killed;
    SECTION("the next to open it brings the log back")
    {
        interrupted.keeps_its_edit();
        CHECK(std::filesystem::exists(killed.path.string() + ".damaged-4"));
        CHECK(std::filesystem::exists(killed.repaired) == (interrupted.steps == 0));
    }
    SECTION("also when the repaired file was thrown away meanwhile")
    {
        std::filesystem::remove(killed.repaired);
        interrupted.keeps_its_edit();
    }
    SECTION("also when somebody looked at it with SQLite")
    {
        if (!std::filesystem::exists(killed.path)) std::ofstream(killed.path).close();
        interrupted.keeps_its_edit();
    }
    SECTION("and so does the next repair")
    {
        CHECK(ok(repair(killed.path, at(9))).copied.at("change") == 1);
        interrupted.keeps_its_edit();
    }
    SECTION("and whoever would make a new one in its place")
    {
        CHECK(code_of(Store::create(interrupted.replica.options(), Binding{}, at(1))) == "store.exists");
        interrupted.keeps_its_edit();
    }
}

TEST_CASE("a repair that was killed is taken back by who comes by a link")
{
    Interrupted interrupted;
    StoreOptions by_link = interrupted.replica.options();
    by_link.path += ".link";
    std::filesystem::create_symlink(interrupted.killed.path.filename(), by_link.path);
    SECTION("to open it")
    {
        CHECK(ok(ok(Store::open(by_link))->changes({})).size() == 1);
    }
    SECTION("to repair it")
    {
        CHECK(ok(repair(by_link.path, at(9))).copied.at("change") == 1);
    }
    SECTION("to make a new one")
    {
        CHECK(code_of(Store::create(by_link, Binding{}, at(1))) == "store.exists");
    }
    CHECK(std::filesystem::is_symlink(by_link.path));
    interrupted.keeps_its_edit();
}

TEST_CASE("a repair that was killed is taken back by one, however many come at once")
{
    Interrupted interrupted;
    std::vector<std::thread> threads;
    std::atomic<int> right = 0;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            const auto opened = Store::open(interrupted.replica.options());
            const auto changes = opened ? (*opened)->changes({}) : opened.error();
            if (changes && changes->size() == 1) ++right;
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(right == 8);
}

TEST_CASE("a repair that was killed is left when its note cannot be read")
{
    Interrupted interrupted;
    const auto note = interrupted.killed.path.string() + ".repairing";
    std::filesystem::rename(note, note + ".away");
    std::filesystem::create_symlink(note, note); // A loop: there, and not to be opened.
    CHECK(code_of(Store::open(interrupted.replica.options())) == "store.input_output");
    CHECK(std::filesystem::is_symlink(note));
    std::filesystem::remove(note);
    std::filesystem::rename(note + ".away", note);
    interrupted.keeps_its_edit();
}

TEST_CASE("of a repair that was killed the repaired file is taken when the damaged one was thrown away")
{
    Replica replica;
    replica.create(1, {{"fullname", text("Ada")}});
    const auto path = replica.options().path;
    const auto backup = path.string() + ".backup";
    ok(replica.store->backup(backup));
    replica.store.reset();
    const KilledSwap killed{path};
    killed.make(3);
    std::filesystem::copy_file(backup, killed.repaired, std::filesystem::copy_options::overwrite_existing);
    for (const char* suffix : {"", "-wal"}) std::filesystem::remove(killed.kept + suffix);
    replica.reopen();
    CHECK(ok(replica.store->changes({})).size() == 1);
}

TEST_CASE("a repair that was killed is left while a program that does not know our locks has a part open")
{
    Interrupted interrupted;
    const KilledSwap& killed = interrupted.killed;
    const bool moved = interrupted.steps > 1;
    const auto part = interrupted.steps > 2 ? std::filesystem::path(killed.kept) : killed.path;
    {
        Stock reader(part);
        (void)reader.rows("SELECT count(*) FROM sqlite_schema");
        CHECK(code_of(Store::open(interrupted.replica.options())) == (moved ? "store.busy" : "no error"));
        CHECK(is_swap_unfinished(killed.path) == moved);
    }
    interrupted.replica.reopen();
    CHECK(is_swap_unfinished(killed.path) == false);
    CHECK(ok(interrupted.replica.store->changes({})).size() == 1);
}

TEST_CASE("a repair that was killed is left while another one is under way, or somebody looks at the replica")
{
    Interrupted interrupted;
    const auto& path = interrupted.killed.path;
    const bool repairing = GENERATE(true, false);
    const auto other =
        ok(repairing ? platform::FileUse::alone(path, at_once) : platform::FileUse::share(path, at_once));
    REQUIRE(other);
    StoreOptions hasty = interrupted.replica.options();
    hasty.busy_timeout = std::chrono::milliseconds{20};
    CHECK(code_of(Store::open(hasty)) == "store.busy");
    CHECK(is_swap_unfinished(path));
}

TEST_CASE("a repair that was killed after its last rename is whole")
{
    Replica replica;
    replica.create(1, {{"fullname", text("Ada")}});
    const auto path = replica.options().path;
    const auto other = path.string() + ".other";
    ok(replica.store->backup(other));
    replica.store.reset();
    const KilledSwap killed{path};
    killed.make(4);
    // What a repair made, under the same identity.
    std::filesystem::copy_file(other, path, std::filesystem::copy_options::overwrite_existing);
    if (GENERATE(false, true)) std::filesystem::remove(killed.kept);
    replica.reopen();
    CHECK(ok(replica.store->changes({})).size() == 1);
    CHECK_FALSE(is_swap_unfinished(path));
    CHECK(std::filesystem::exists(killed.kept + "-wal"));
}

TEST_CASE("what somebody put in the place of a replica whose repair was killed is left there")
{
    Replica replica;
    replica.create(1, {{"fullname", text("Ada")}});
    const auto path = replica.options().path;
    const auto backup = path.string() + ".backup";
    ok(replica.store->backup(backup));
    replica.create(2, {{"fullname", text("Eve")}});
    replica.store.reset();
    const KilledSwap killed{path};
    const int steps = GENERATE(2, 3);
    killed.make(steps);
    if (steps == 2) std::filesystem::remove(path);
    std::filesystem::copy_file(backup, path);
    replica.reopen();
    CHECK(ok(replica.store->changes({})).size() == 1);
    CHECK(std::filesystem::exists(killed.kept) == (steps == 3));
    CHECK(std::filesystem::exists(killed.kept + "-wal"));
}

TEST_CASE("a repaired file that cannot take the place of the damaged one leaves that whole")
{
    Replica replica;
    replica.create(1, {{"fullname", text("Ada")}});
    const auto path = replica.options().path;
    replica.store.reset();
    const auto kept = free_name(path);
    const std::string repaired = path.string() + ".repaired";
    SECTION("there is none")
    {
        CHECK(code_of(swap_in(path, repaired, kept)) == "store.input_output");
    }
    SECTION("it cannot be noted")
    {
        std::ofstream(repaired) << "repaired";
        const std::string odd = kept.string() + "\n";
        CHECK(code_of(swap_in(path, repaired, odd)) == "store.input_output");
        CHECK_FALSE(is_swap_unfinished(path));
        CHECK_FALSE(std::filesystem::exists(odd));
        CHECK(std::filesystem::exists(path.string() + "-wal"));
    }
    SECTION("the damaged one cannot get out of its way")
    {
        std::ofstream(repaired) << "repaired";
        std::filesystem::create_directory(kept);
        CHECK(code_of(swap_in(path, repaired, kept)) == "store.input_output");
        CHECK(is_swap_unfinished(path));
    }
    ok(finish_swap(path));
    CHECK_FALSE(std::filesystem::exists(kept.string() + "-wal"));
    replica.reopen();
    CHECK(ok(replica.store->changes({})).size() == 1);
}

#include "tests/catch.h"
#include "tests/folder.h"
#include "tests/simulation/fault_vfs.h"

#include <sqlite3.h>

#include <fstream>
#include <stdexcept>

using namespace hawser::tests;

namespace {

constexpr int rows = 6;
constexpr Loss all_losses[] = {Loss::nothing, Loss::unsynced, Loss::torn};

/// SQLite with nothing of Hawser's.
class Bare {
public:
    Bare(const std::filesystem::path& file, const std::string& vfs)
    {
        result_ =
            sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs.c_str());
    }
    ~Bare() { sqlite3_close_v2(handle_); }
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;

    int run(const std::string& sql)
    {
        if (result_ == SQLITE_OK) return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
        return result_;
    }
    /// The first column of the first row; "" when it cannot be read.
    std::string ask(const std::string& sql)
    {
        sqlite3_stmt* statement = nullptr;
        std::string answer;
        if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
            answer = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
        return answer;
    }

private:
    sqlite3* handle_ = nullptr;
    int result_ = SQLITE_OK;
};

struct Setting {
    std::string journal;
    std::string synchronous;
};

/// Rows of one number each; every row is in two tables. Returns how many commits returned.
int work(const std::filesystem::path& file, const FaultVfs& vfs, const Setting& setting)
{
    Bare bare(file, vfs.name());
    int done = 0;
    bare.run("PRAGMA journal_mode = " + setting.journal);
    bare.run("PRAGMA synchronous = " + setting.synchronous);
    bare.run("BEGIN; CREATE TABLE IF NOT EXISTS a (n INTEGER PRIMARY KEY, t TEXT); "
             "CREATE TABLE IF NOT EXISTS b (n INTEGER PRIMARY KEY, t TEXT); COMMIT");
    for (int i = 1; i <= rows; ++i) {
        const std::string row = "(" + std::to_string(i) + ", hex(zeroblob(1500)))";
        if (bare.run("BEGIN; INSERT INTO a VALUES " + row + "; INSERT INTO b VALUES " + row + "; COMMIT") !=
            SQLITE_OK)
            break;
        ++done;
        if (i == 4) bare.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    return done;
}

enum class Found { whole, damaged };

/// Whether everything that had returned is there, and nothing by half.
Found look(const std::filesystem::path& file, const FaultVfs& vfs, int returned)
{
    Bare bare(file, vfs.name());
    if (bare.ask("PRAGMA integrity_check") != "ok") return Found::damaged;
    if (returned == 0) return Found::whole;
    const std::string in_a = bare.ask("SELECT count(*) FROM a");
    const std::string in_b = bare.ask("SELECT count(*) FROM b");
    const bool some_more = in_a == std::to_string(returned) || in_a == std::to_string(returned + 1);
    return in_a == in_b && some_more ? Found::whole : Found::damaged;
}

std::uint64_t steps_of(const Setting& setting)
{
    const Folder folder;
    const FaultVfs vfs(folder.path());
    REQUIRE(work(folder / "bare.db", vfs, setting) == rows);
    return vfs.steps();
}

/// At how many of the crashes something was lost or damaged.
int losses(const Setting& setting, Loss loss)
{
    int lost = 0;
    const std::uint64_t steps = steps_of(setting);
    for (std::uint64_t step = 1; step <= steps; ++step) {
        const Folder folder;
        FaultVfs vfs(folder.path());
        vfs.crash_at(step, loss, step);
        const int returned = work(folder / "bare.db", vfs, setting);
        REQUIRE(vfs.crashed());
        vfs.restart();
        const bool whole = look(folder / "bare.db", vfs, returned) == Found::whole;
        if (!whole) ++lost;
    }
    return lost;
}

} // namespace

TEST_CASE("Bare SQLite that syncs loses nothing, wherever it ends", "[vfs]")
{
    for (const Loss loss : all_losses)
        for (const Setting& setting :
             {Setting{"WAL", "FULL"}, Setting{"TRUNCATE", "FULL"}, Setting{"DELETE", "EXTRA"}}) {
            INFO(name(loss) << ", journal " << setting.journal);
            CHECK(losses(setting, loss) == 0);
        }
}

TEST_CASE("Bare SQLite that does not sync outlives a kill, and not a loss of power", "[vfs]")
{
    for (const char* journal : {"DELETE", "WAL"}) {
        INFO("journal " << journal);
        CHECK(losses({journal, "OFF"}, Loss::nothing) == 0);
        CHECK(losses({journal, "OFF"}, Loss::unsynced) > 0);
        CHECK(losses({journal, "OFF"}, Loss::torn) > 0);
    }
}

TEST_CASE("A log that is synced at checkpoints only loses its end, and nothing by half", "[vfs]")
{
    const Setting setting{"WAL", "NORMAL"};
    const std::uint64_t steps = steps_of(setting);
    int lost = 0;
    for (std::uint64_t step = 1; step <= steps; ++step) {
        const Folder folder;
        FaultVfs vfs(folder.path());
        vfs.crash_at(step, Loss::torn, step);
        const int returned = work(folder / "bare.db", vfs, setting);
        vfs.restart();
        Bare bare(folder / "bare.db", vfs.name());
        REQUIRE(bare.ask("PRAGMA integrity_check") == "ok");
        REQUIRE(bare.ask("SELECT count(*) FROM a") == bare.ask("SELECT count(*) FROM b"));
        const std::string there = bare.ask("SELECT count(*) FROM a");
        if (returned > 0 && (there.empty() || std::stoi(there) < returned)) ++lost;
    }
    CHECK(lost > 0);
}

TEST_CASE("Every write, sync, truncate and delete is a step, and the same work takes the same steps", "[vfs]")
{
    const Folder folder;
    const FaultVfs vfs(folder.path());
    work(folder / "bare.db", vfs, {"DELETE", "FULL"});
    const FileWork done = vfs.work();
    CHECK(done.writes > rows);
    CHECK(done.syncs > rows);
    CHECK(done.deletes >= rows);
    CHECK(done.total() == steps_of({"DELETE", "FULL"}));

    const Folder other;
    const FaultVfs truncating(other.path());
    work(other / "bare.db", truncating, {"TRUNCATE", "FULL"});
    CHECK(truncating.work().truncates >= rows);
}

TEST_CASE("After the end nothing works until the restart, and nothing is written", "[vfs]")
{
    const Folder folder;
    FaultVfs vfs(folder.path());
    {
        Bare bare(folder / "bare.db", vfs.name());
        REQUIRE(bare.run("CREATE TABLE a (n)") == SQLITE_OK);
        std::ofstream(folder / "note") << "before";
        vfs.crash(Loss::nothing, 0);
        std::ofstream(folder / "note") << "after";
        CHECK(bare.run("INSERT INTO a VALUES (1)") != SQLITE_OK);
        Bare second(folder / "bare.db", vfs.name());
        CHECK(second.run("SELECT * FROM a") != SQLITE_OK);
    }
    vfs.restart();
    std::string note;
    std::ifstream(folder / "note") >> note;
    CHECK(note == "before");
    Bare bare(folder / "bare.db", vfs.name());
    CHECK(bare.ask("SELECT count(*) FROM a") == "0");
    CHECK(bare.run("INSERT INTO a VALUES (1)") == SQLITE_OK);
}

TEST_CASE("A file that was renamed is the same file to a crash", "[vfs]")
{
    const Folder folder;
    FaultVfs vfs(folder.path());
    {
        Bare bare(folder / "new.db", vfs.name());
        REQUIRE(bare.run("PRAGMA synchronous = FULL; CREATE TABLE a (n)") == SQLITE_OK);
    }
    std::filesystem::rename(folder / "new.db", folder / "bare.db");
    {
        Bare bare(folder / "bare.db", vfs.name());
        REQUIRE(bare.run("PRAGMA synchronous = OFF; INSERT INTO a VALUES (1)") == SQLITE_OK);
    }
    vfs.crash(Loss::unsynced, 0);
    vfs.restart();
    Bare bare(folder / "bare.db", vfs.name());
    CHECK(bare.ask("SELECT count(*) FROM a") == "0");
}

TEST_CASE("A rename is a step", "[vfs]")
{
    const Folder folder;
    FaultVfs vfs(folder.path());
    std::ofstream(folder / "old") << "content";
    std::error_code failed;
    std::filesystem::rename(folder / "old", folder / "new", failed);
    CHECK(!failed);
    CHECK(vfs.work().renames == 1);
    vfs.crash_at(vfs.steps() + 1, Loss::unsynced, 0);
    std::filesystem::rename(folder / "new", folder / "newer", failed);
    CHECK(failed);
    REQUIRE(vfs.crashed());
    std::filesystem::remove(folder / "new");
    vfs.restart();
    CHECK(std::filesystem::exists(folder / "new"));
    CHECK_FALSE(std::filesystem::exists(folder / "newer"));
}

TEST_CASE("Everything can end at the next sync, whatever is written before it", "[vfs]")
{
    const Folder folder;
    FaultVfs vfs(folder.path());
    {
        Bare bare(folder / "bare.db", vfs.name());
        REQUIRE(bare.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE a (n)") ==
                SQLITE_OK);
        const FileWork before = vfs.work();
        vfs.crash_at(vfs.steps() + 1, Loss::unsynced, 0, hawser::tests::EndAt::a_sync);
        CHECK(bare.run("INSERT INTO a VALUES (1)") == SQLITE_IOERR);
        REQUIRE(vfs.crashed());
        CHECK(vfs.end_in_words() == "lost at a sync");
        CHECK(vfs.work().writes > before.writes);
        CHECK(vfs.work().syncs == before.syncs);
    }
    vfs.restart();
    Bare bare(folder / "bare.db", vfs.name());
    CHECK(bare.ask("SELECT count(*) FROM a") == "0");
}

TEST_CASE("A full disk refuses what grows and takes what does not", "[vfs]")
{
    const Folder folder;
    FaultVfs vfs(folder.path());
    Bare bare(folder / "bare.db", vfs.name());
    REQUIRE(bare.run("PRAGMA journal_mode = WAL; CREATE TABLE a (n)") == SQLITE_OK);
    vfs.fill(true);
    CHECK(bare.run("INSERT INTO a VALUES (1)") == SQLITE_FULL);
    CHECK(bare.ask("SELECT count(*) FROM a") == "0");
    vfs.fill(false);
    CHECK(bare.run("INSERT INTO a VALUES (1)") == SQLITE_OK);
}

TEST_CASE("A file that is locked by others is busy for as many attempts", "[vfs]")
{
    for (const char* journal : {"DELETE", "WAL"}) {
        const Folder folder;
        FaultVfs vfs(folder.path());
        Bare bare(folder / "bare.db", vfs.name());
        REQUIRE(bare.run(std::string("PRAGMA journal_mode = ") + journal) == SQLITE_OK);
        REQUIRE(bare.run("CREATE TABLE a (n)") == SQLITE_OK);
        bare.ask("SELECT count(*) FROM a");
        vfs.lock_out(1);
        CHECK(bare.run("INSERT INTO a VALUES (1)") == SQLITE_BUSY);
        CHECK(bare.run("INSERT INTO a VALUES (1)") == SQLITE_OK);
        // Who is patient asks again, and no time passes.
        bare.run("PRAGMA busy_timeout = 60000");
        vfs.lock_out(20);
        CHECK(bare.run("INSERT INTO a VALUES (1)") == SQLITE_OK);
    }
}

TEST_CASE("Files of other folders are nothing to it, also as the default", "[vfs]")
{
    const Folder folder;
    const Folder other;
    FaultVfs vfs(folder.path(), FaultVfs::Registered::as_default);
    sqlite3* handle = nullptr;
    const std::string file = other / "bare.db";
    REQUIRE(sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) ==
            SQLITE_OK);
    CHECK(sqlite3_exec(handle, "CREATE TABLE a (n)", nullptr, nullptr, nullptr) == SQLITE_OK);
    vfs.crash(Loss::nothing, 0);
    CHECK(sqlite3_exec(handle, "INSERT INTO a VALUES (1)", nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close_v2(handle);
    CHECK(vfs.steps() == 0);
}

TEST_CASE("a spoiled page stays unreadable, and nothing else is", "[crash][vfs]")
{
    const Folder folder;
    FaultVfs vfs(folder.path());
    const auto file = folder / "bare.db";
    REQUIRE(work(file, vfs, {"DELETE", "FULL"}) == rows);
    vfs.spoil(file, "a");
    vfs.crash(Loss::nothing, 0);
    vfs.restart();
    Bare bare(file, vfs.name());
    CHECK(bare.ask("SELECT count(*) FROM a").empty());
    CHECK(bare.ask("SELECT count(*) FROM b") == std::to_string(rows));
}

#include "localstore/file_check.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <csignal>
#include <fstream>
#include <functional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

unsigned mode_of(const std::filesystem::path& path)
{
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 0777U : 0U;
}

std::string open_code(const std::filesystem::path& path, OpenMode mode = OpenMode::normal)
{
    StoreOptions options = options_of(path);
    options.mode = mode;
    const auto opened = Store::open(options);
    if (opened) return "no error";
    CHECK_FALSE(opened.error().message.empty());
    return opened.error().code;
}

/// What `body` returns in a process of its own, which gives up there what it gives up.
int in_a_process(const std::function<int()>& body)
{
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr unsigned nobody = 65534;

/// Root may write everything.
bool give_up_root()
{
    return ::geteuid() != 0 || ::seteuid(nobody) == 0;
}

/// How many changes a store that only looks finds; 99 when it cannot look.
int changes_looked_at(const std::filesystem::path& path)
{
    StoreOptions inspect = options_of(path);
    inspect.mode = OpenMode::inspect;
    const auto store = Store::open(inspect);
    if (!store) return 99;
    const auto changes = (*store)->changes({});
    return changes ? static_cast<int>(changes->size()) : 99;
}

} // namespace

TEST_CASE("a new replica and its folder belong to their owner alone, whatever the umask")
{
    const mode_t former = ::umask(0);
    Folder folder;
    const auto path = folder / "deep" / "er" / "replica.hawser";
    Replica replica(options_of(path));
    replica.create(1, {{"fullname", text("Ada")}});
    ok(replica.store->backup(folder / "copy.hawser"));
    ::umask(former);
    CHECK(mode_of(path) == 0600);
    CHECK(mode_of(path.string() + "-wal") == 0600);
    CHECK(mode_of(path.string() + "-shm") == 0600);
    CHECK(mode_of(folder / "copy.hawser") == 0600);
    CHECK(mode_of(path.parent_path()) == 0700);
    CHECK(mode_of(path.parent_path().parent_path()) == 0700);
}

TEST_CASE("a replica that others may read is made private when it is opened")
{
    Replica replica;
    ::chmod(replica.options().path.c_str(), 0644);
    replica.reopen();
    CHECK(mode_of(replica.options().path) == 0600);
}

TEST_CASE("what is no replica is told apart and left as it is")
{
    Folder folder;
    CHECK(open_code(folder / "nothing") == "store.missing");
    CHECK(open_code(folder.path()) == "store.not_a_database");
    std::ofstream(folder / "letter.txt") << std::string(4000, 'x');
    CHECK(open_code(folder / "letter.txt") == "store.not_a_database");
    std::ofstream(folder / "empty").close();
    CHECK(open_code(folder / "empty") == "store.not_a_replica");
    std::ofstream(folder / "other.db").close();
    Stock(folder / "other.db").run("CREATE TABLE t (a)");
    CHECK(open_code(folder / "other.db") == "store.not_a_replica");
    CHECK(std::filesystem::file_size(folder / "letter.txt") == 4000);
}

TEST_CASE("a replica is never made over something else, and half of one is never left")
{
    Folder folder;
    std::ofstream(folder / "letter.txt") << "dear";
    CHECK(code_of(Store::create(options_of(folder / "letter.txt"), binding(), at(0))) == "store.exists");
    CHECK(std::filesystem::file_size(folder / "letter.txt") == 4);
    std::ofstream(folder / "replica.hawser.new") << "the rest of a crash";
    CHECK(Store::create(options_of(folder / "replica.hawser"), binding(), at(0)).has_value());
    CHECK_FALSE(std::filesystem::exists(folder / "replica.hawser.new"));
}

TEST_CASE("the binding is kept")
{
    Replica replica;
    replica.reopen();
    CHECK(replica.store->binding() == binding());
    ok(replica.transact([](Transaction& transaction) -> Result<void> {
        if (auto done = transaction.journal.set_setting("pull.page", "500"); !done) return done;
        return transaction.journal.set_instance(id(77));
    }));
    CHECK(replica.store->setting("pull.page") == "500");
    CHECK(replica.store->setting("unheard of").empty());
    CHECK(replica.store->binding().instance == id(77));
}

TEST_CASE("a newer file is refused, in every mode, and not touched")
{
    Replica replica;
    replica.store.reset();
    Stock(replica.options().path).run("PRAGMA user_version = 999");
    CHECK(open_code(replica.options().path) == "store.newer");
    CHECK(open_code(replica.options().path, OpenMode::inspect) == "store.newer");
    CHECK(Stock(replica.options().path).rows("PRAGMA user_version") == std::vector<std::string>{"999"});
}

TEST_CASE("foreign tables, triggers, views and indexes are named, and the queue stays readable")
{
    for (const char* sql : {"CREATE TABLE extra (a)",
                            "CREATE TRIGGER sneaky AFTER INSERT ON hawser_change BEGIN DELETE "
                            "FROM hawser_change; END",
                            "CREATE VIEW peek AS SELECT 1", "CREATE INDEX slow ON hawser_record (etag)",
                            "DROP VIEW contact; CREATE VIEW contact AS SELECT 1 AS contactid"}) {
        INFO(sql);
        Replica replica;
        const Sequence sequence = replica.create(1, {{"fullname", text("Ada")}});
        replica.store.reset();
        Stock(replica.options().path).run(sql);
        const auto opened = Store::open(replica.options());
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == "store.foreign");
        const bool named = opened.error().message.find("extra") != std::string::npos ||
                           opened.error().message.find("sneaky") != std::string::npos ||
                           opened.error().message.find("peek") != std::string::npos ||
                           opened.error().message.find("slow") != std::string::npos ||
                           opened.error().message.find("view contact") != std::string::npos;
        CHECK(named);
        StoreOptions inspect = replica.options();
        inspect.mode = OpenMode::inspect;
        const auto store = ok(Store::open(inspect));
        CHECK(ok(store->change(sequence)).after == Fields{{"fullname", text("Ada")}});
        const Edit edits[] = {{ChangeKind::remove, {"contact", id(1)}, {}}};
        CHECK(code_of(store->write(edits, by("ada"))) == "store.read_only");
    }
}

TEST_CASE("our own indexes are not foreign")
{
    Replica replica;
    const std::string columns[] = {"fullname", "creditlimit", "parentcustomerid", "modifiedon", "contactid"};
    ok(replica.store->index("contact", columns));
    ok(replica.store->index("contact", columns));
    CHECK_NOTHROW(replica.reopen());
    CHECK(ok(replica.store->integrity_check()).empty());
}

TEST_CASE("a queue that breaks its own rules is not worked on")
{
    Replica replica;
    replica.create(1, {{"fullname", text("Ada")}});
    replica.store.reset();
    Stock(replica.options().path).run("UPDATE hawser_change SET state = 'in flight', intent = 7");
    CHECK(open_code(replica.options().path) == "store.inconsistent");
    CHECK(open_code(replica.options().path, OpenMode::inspect) == "no error");
}

TEST_CASE("a full disk refuses the write and leaves everything as it was")
{
    Folder folder;
    StoreOptions options = options_of(folder / "replica.hawser");
    Replica replica(options);
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    replica.store.reset();
    options.max_pages = std::stoll(Stock(options.path).rows("PRAGMA page_count").front()) + 2;
    replica.store = ok(Store::open(options));
    const Edit large[] = {
        {ChangeKind::update, {"contact", id(1)}, {{"fullname", Value{std::string(100'000, 'x')}}}}};
    const auto refused = replica.store->write(large, by("ada"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "store.disk_full");
    CHECK(replica.fields(1).at("fullname") == text("Ada"));
    CHECK(ok(replica.store->changes({})).empty());
    CHECK(ok(replica.store->integrity_check()).empty());
    CHECK_NOTHROW(replica.set(1, {{"fullname", text("Eve")}}));
}

TEST_CASE("a file that may not be written is opened for inspection only")
{
    Folder folder;
    ::chmod(folder.path().c_str(), 0777);
    const auto path = folder / "replica.hawser";
    {
        Replica replica(options_of(path));
        replica.create(1, {{"fullname", text("Ada")}});
        ok(replica.store->checkpoint_log());
    }
    ::chmod(path.c_str(), 0444);
    // Somebody else owns the file and tries.
    if (::geteuid() == 0)
        for (const char* suffix : {"", "-wal", "-shm"})
            REQUIRE(::chown((path.string() + suffix).c_str(), nobody, nobody) == 0);
    CHECK(in_a_process([&] {
              if (!give_up_root()) return 98;
              const auto opened = Store::open(options_of(path));
              if (opened || opened.error().code != "store.read_only") return 97;
              return changes_looked_at(path);
          }) == 1);
}

TEST_CASE("a copy in a folder where nothing can be made is looked at as long as it has no log")
{
    Folder folder;
    const auto path = folder / "a copy?with 100%.hawser";
    {
        Replica replica;
        replica.create(1, {{"fullname", text("Ada")}});
        ok(replica.store->backup(path));
    }
    ::chmod(folder.path().c_str(), 0555);
    ::chmod(path.c_str(), 0444);
    const bool with_log = GENERATE(false, true);
    if (with_log) std::ofstream(path.string() + "-wal") << std::string(4152, 'x');
    CHECK(in_a_process([&] { return give_up_root() ? changes_looked_at(path) : 98; }) == (with_log ? 99 : 1));
    ::chmod(folder.path().c_str(), 0755);
}

TEST_CASE("a full disk leaves the queue readable, and the file as it was")
{
    Folder folder;
    const auto path = folder / "replica.hawser";
    {
        Replica replica(options_of(path));
        replica.create(1, {{"fullname", text("Ada")}});
    }
    const auto size = std::filesystem::file_size(path);
    const auto log = std::filesystem::file_size(path.string() + "-wal");
    REQUIRE(log > 0);
    std::filesystem::remove(path.string() + "-shm");
    CHECK(in_a_process([&] {
              ::signal(SIGXFSZ, SIG_IGN);
              const rlimit none{0, 0};
              if (::setrlimit(RLIMIT_FSIZE, &none) != 0) return 98;
              if (Store::open(options_of(path))) return 97;
              return changes_looked_at(path);
          }) == 1);
    CHECK(std::filesystem::file_size(path) == size);
    CHECK(std::filesystem::file_size(path.string() + "-wal") == log);
    CHECK(open_code(path) == "no error");
}

TEST_CASE("migrations run forward, each whole or not at all")
{
    Folder folder;
    std::ofstream(folder / "old.db").close();
    Stock(folder / "old.db").run("PRAGMA user_version = 1; CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    DatabaseOptions where;
    where.path = folder / "old.db";
    const Migration steps[] = {{1, "CREATE TABLE never (a)"},
                               {2, "ALTER TABLE t ADD COLUMN b; UPDATE t SET b = a + 1"},
                               {3, "CREATE TABLE u (a); INSERT INTO nowhere VALUES (1)"}};
    {
        Database database(where);
        CHECK_THROWS_AS(migrate(database, steps), SQLite::Exception);
    }
    Stock stock(folder / "old.db");
    CHECK(stock.rows("PRAGMA user_version") == std::vector<std::string>{"2"});
    CHECK(stock.rows("SELECT a, b FROM t") == std::vector<std::string>{"1|2"});
    CHECK(stock.rows("SELECT name FROM sqlite_schema") == std::vector<std::string>{"t"});
}

TEST_CASE("views of an older version are made again")
{
    Replica replica;
    replica.store.reset();
    Stock(replica.options().path)
        .run("DROP VIEW contact; CREATE VIEW contact AS SELECT 1 AS contactid; UPDATE hawser_meta SET "
             "view_version = 0");
    replica.reopen();
    CHECK(Stock(replica.options().path).rows("SELECT fullname FROM contact").empty());
}

TEST_CASE("a backup is whole, while others write, and never over a file")
{
    Replica replica;
    Folder folder;
    replica.create(1, {{"fullname", text("Ada")}});
    ok(replica.store->backup(folder / "copy.hawser"));
    CHECK(code_of(replica.store->backup(folder / "copy.hawser")) == "store.exists");
    replica.create(2, {{"fullname", text("later")}});
    const auto copy = ok(Store::open(options_of(folder / "copy.hawser")));
    CHECK(ok(copy->get({"contact", id(1)})));
    CHECK_FALSE(ok(copy->get({"contact", id(2)})));
    CHECK(ok(copy->integrity_check()).empty());
    CHECK(ok(copy->changes({})).size() == 1);
}

TEST_CASE("a change whose content was altered is found")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}});
    replica.set(1, {{"fullname", text("Eve")}});
    CHECK(ok(replica.store->integrity_check()).empty());
    Stock(replica.options().path).run("UPDATE hawser_change SET after = replace(after, 'Eve', 'Bob')");
    Stock(replica.options().path).run("UPDATE hawser_shadow SET etag = '9'");
    CHECK(ok(replica.store->integrity_check()).size() == 2);
}

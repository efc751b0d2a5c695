#include "tests/unit/engine/replica_world.h"

#include <sqlite3.h>

#include <fstream>
#include <map>
#include <memory>
#include <sys/stat.h>
#include <thread>

using namespace hawser;
using namespace hawser::tests;

namespace {

/// Statements of another program on the file.
void stock(const std::filesystem::path& path, const char* sql)
{
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    const int done = sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
    sqlite3_close(handle);
    REQUIRE(done == SQLITE_OK);
}

std::string content(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A replica with one queued change, closed, whole in its one file.
std::filesystem::path closed_replica(const Folder& folder)
{
    const auto path = folder / "replica.hawser";
    Replica replica = ok(Replica::create(options_of(path), binding()));
    define_tables(replica);
    ok(replica.write({creation(contact(1), {{"lastname", text("Doe")}})}));
    ok(replica.impl()->store->checkpoint_log());
    return path;
}

void overwrite(const std::filesystem::path& path, std::streamoff from, std::size_t bytes)
{
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(from);
    const std::string garbage(bytes, '\xa5');
    file.write(garbage.data(), static_cast<std::streamsize>(bytes));
}

/// SQLite's default VFS over a disk that is full while `full` is set.
class FullDisk {
public:
    static constexpr const char* name = "hawser-full-disk";
    static inline std::atomic<bool> full{false};

    FullDisk()
    {
        vfs_ = *sqlite3_vfs_find(nullptr);
        vfs_.zName = name;
        vfs_.xOpen = open;
        sqlite3_vfs_register(&vfs_, 0);
    }
    ~FullDisk()
    {
        full = false;
        sqlite3_vfs_unregister(&vfs_);
    }

private:
    static int open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out)
    {
        sqlite3_vfs* real = sqlite3_vfs_find("unix");
        const int opened = real->xOpen(real, path, file, flags, out);
        if (opened != SQLITE_OK || file->pMethods == nullptr) return opened;
        // The database and its journals lock differently: each kind of file keeps its own methods.
        auto& methods = methods_[file->pMethods];
        if (!methods) {
            methods = std::make_unique<sqlite3_io_methods>(*file->pMethods);
            methods->xWrite = write;
            real_write_ = file->pMethods->xWrite;
        }
        file->pMethods = methods.get();
        return SQLITE_OK;
    }
    static int write(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 at)
    {
        return full ? SQLITE_FULL : real_write_(file, data, bytes, at);
    }

    static inline decltype(sqlite3_io_methods::xWrite) real_write_ = nullptr;
    static inline std::map<const sqlite3_io_methods*, std::unique_ptr<sqlite3_io_methods>> methods_;
    sqlite3_vfs vfs_{};
};

} // namespace

TEST_CASE("A new replica is private, empty, and remembers what it is bound to", "[replica][open]")
{
    Folder folder;
    const auto path = folder / "deep" / "replica.hawser";
    Binding bound = binding();
    bound.token_command = {"sign-in", "--for", "a \"quoted\" word"};
    {
        const Replica replica = ok(Replica::create(options_of(path), bound));
        CHECK(replica.path() == path);
        CHECK(replica.tables().empty());
        CHECK(ok(replica.chosen()).empty());
        CHECK(ok(replica.queue()).empty());
        CHECK(ok(replica.check()).empty());
    }
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777U) == 0600U);
    const Binding kept = ok(Replica::open(options_of(path))).binding();
    CHECK(kept.organization_url == bound.organization_url);
    CHECK(kept.organization_id == bound.organization_id);
    CHECK(kept.user_id == bound.user_id);
    CHECK(kept.mailbox == bound.mailbox);
    CHECK_FALSE(kept.instance_id.is_nil());
    CHECK(kept.token_command == bound.token_command);
}

TEST_CASE("A replica is never made over a file, and one of somebody else is named with both",
          "[replica][open]")
{
    Folder folder;
    const auto path = closed_replica(folder);
    const std::string before = content(path);
    const auto again = [&](const Binding& wanted) { return Replica::create(options_of(path), wanted); };
    CHECK(code_of(again(binding())) == "store.exists");

    Binding organization = binding();
    organization.organization_id = id_of(55);
    organization.organization_url = "https://elsewhere.example";
    CHECK(code_of(again(organization)) == "store.bound_elsewhere");
    CHECK(says(again(organization), "https://organization.example"));
    CHECK(says(again(organization), "https://elsewhere.example"));
    Binding user = binding();
    user.user_id = id_of(56);
    CHECK(code_of(again(user)) == "store.bound_elsewhere");
    CHECK(says(again(user), id_of(102).text()));
    CHECK(says(again(user), id_of(56).text()));
    Binding mailbox = binding();
    mailbox.mailbox = "eve@organization.example";
    CHECK(code_of(again(mailbox)) == "store.bound_elsewhere");
    CHECK(says(again(mailbox), "ada@organization.example"));
    CHECK(says(again(mailbox), "eve@organization.example"));

    CHECK(content(path) == before);
    std::ofstream(folder / "letter") << "dear";
    CHECK(code_of(Replica::create(options_of(folder / "letter"), binding())) == "store.exists");
    CHECK(content(folder / "letter") == "dear");
}

TEST_CASE("A file that cannot be opened is told apart, named with what to do, and left as it was",
          "[replica][open]")
{
    Folder folder;
    auto path = folder / "replica.hawser";
    std::string code, remedy;
    SECTION("it is missing")
    {
        code = "store.missing";
        remedy = "hawser init";
    }
    SECTION("it is a letter")
    {
        std::ofstream(path) << std::string(4000, 'x');
        code = "store.not_a_database";
        remedy = "backup";
    }
    SECTION("it is a folder")
    {
        path = folder.path();
        code = "store.not_a_database";
        remedy = "own file";
    }
    SECTION("it is another program's database")
    {
        stock(path, "CREATE TABLE t (a)");
        code = "store.not_a_replica";
        remedy = "own file";
    }
    SECTION("it is newer")
    {
        closed_replica(folder);
        stock(path, "PRAGMA user_version = 999");
        code = "store.newer";
        remedy = "Update Hawser";
    }
    SECTION("it is damaged")
    {
        closed_replica(folder);
        overwrite(path, 100, 4000);
        code = "store.corrupt";
        remedy = "hawser repair";
    }
    SECTION("it has a foreign trigger")
    {
        closed_replica(folder);
        stock(path,
              "CREATE TRIGGER sneaky AFTER INSERT ON hawser_change BEGIN DELETE FROM hawser_change; END");
        code = "store.foreign";
        remedy = "sneaky";
    }
    SECTION("its queue breaks a rule")
    {
        closed_replica(folder);
        stock(path, "UPDATE hawser_change SET state = 'in flight', intent = 7");
        code = "store.inconsistent";
        remedy = "hawser repair";
    }
    const bool file = std::filesystem::is_regular_file(path);
    const std::string before = file ? content(path) : std::string();
    const auto opened = Replica::open(options_of(path));
    CHECK(code_of(opened) == code);
    CHECK(says(opened, path.string()));
    CHECK(says(opened, remedy));
    if (file) CHECK(content(path) == before);
}

TEST_CASE("A replica that may not be written is refused", "[replica][open]")
{
    Folder folder;
    ::chmod(folder.path().c_str(), 0777);
    const auto path = closed_replica(folder);
    ::chmod(path.c_str(), 0444);
    // Root may write everything, so somebody else owns the file and tries.
    constexpr unsigned nobody = 65534;
    if (::geteuid() == 0)
        for (const char* suffix : {"", "-wal", "-shm"})
            if (const std::string part = path.string() + suffix; std::filesystem::exists(part))
                REQUIRE(::chown(part.c_str(), nobody, nobody) == 0);
    OtherProcess other([&] {
        if (::geteuid() == 0 && ::seteuid(nobody) != 0) return false;
        const auto opened = Replica::open(options_of(path));
        return code_of(opened) == "store.read_only" && says(opened, path.string());
    });
    CHECK(other.run());
}

TEST_CASE("An unknown VFS is refused", "[replica][open]")
{
    Folder folder;
    ReplicaOptions options = options_of(closed_replica(folder));
    options.vfs = "no such thing";
    CHECK_FALSE(Replica::open(options).has_value());
}

TEST_CASE("A full disk refuses a write and leaves everything as it was", "[replica][open]")
{
    FullDisk disk;
    Folder folder;
    ReplicaOptions options = options_of(folder / "replica.hawser");
    options.vfs = FullDisk::name;
    Replica replica = ok(Replica::create(options, binding()));
    define_tables(replica);
    pull(replica, contact(1), {{"lastname", text("Doe")}});
    Told told;
    const auto watch = replica.observe_queue(told.observer());
    FullDisk::full = true;
    const auto refused = replica.write({update(contact(1), {{"lastname", text("Roe")}})});
    CHECK(code_of(refused) == "store.disk_full");
    CHECK(says(refused, "Free some space"));
    CHECK(ok(replica.get(contact(1))).columns.at("lastname") == text("Doe"));
    CHECK(ok(replica.queue()).empty());
    FullDisk::full = false;
    ok(replica.write({update(contact(1), {{"lastname", text("Poe")}})}));
    REQUIRE(told.wait(1));
    CHECK(ok(replica.queue()).size() == 1);
    CHECK(ok(replica.check()).empty());
}

TEST_CASE("A full disk leaves no half of a new replica", "[replica][open]")
{
    FullDisk disk;
    Folder folder;
    ReplicaOptions options = options_of(folder / "replica.hawser");
    options.vfs = FullDisk::name;
    FullDisk::full = true;
    CHECK(code_of(Replica::create(options, binding())) == "store.disk_full");
    CHECK(std::filesystem::is_empty(folder.path()));
    FullDisk::full = false;
    CHECK(Replica::create(options, binding()).has_value());
}

TEST_CASE("A change is there after its writer was killed right after its write returned", "[replica][open]")
{
    Folder folder;
    const auto path = folder / "replica.hawser";
    const auto note = folder / "written";
    OtherProcess writer([&] {
        auto opened = Replica::open(options_of(path));
        for (int number = 1; opened; ++number) {
            if (!opened->write({creation(contact(number), {{"lastname", text("Doe")}})})) return false;
            std::ofstream(note, std::ios::app) << number << '\n' << std::flush;
        }
        return false;
    });
    {
        Replica replica = ok(Replica::create(options_of(path), binding()));
        define_tables(replica);
    }
    writer.begin();
    const auto written = [&] {
        std::ifstream in(note);
        int last = 0;
        for (std::string line; std::getline(in, line) && !in.eof();) last = std::stoi(line);
        return last;
    };
    while (written() < 20) std::this_thread::yield();
    writer.kill();
    CHECK_FALSE(writer.finished());
    const int said = written();
    const Replica replica = ok(Replica::open(options_of(path)));
    const auto there = ok(replica.count("contact"));
    CHECK(there >= static_cast<std::uint64_t>(said));
    CHECK(ok(replica.queue()).size() == there);
    for (int number = 1; number <= said; ++number) CHECK(replica.get(contact(number)).has_value());
    CHECK(ok(replica.check()).empty());
}

TEST_CASE("A backup holds the queue and is never made over a file", "[replica][open]")
{
    Home home;
    home.write(update(contact(1), {{"jobtitle", text("Buyer")}}));
    const auto copy = home.folder / "copy.hawser";
    ok(home.replica->backup(copy));
    CHECK(code_of(home.replica->backup(copy)) == "store.exists");
    const Replica restored = ok(Replica::open(options_of(copy)));
    CHECK(ok(restored.queue()).size() == 1);
    CHECK(ok(restored.get(contact(1))).columns.at("jobtitle") == text("Buyer"));
}

TEST_CASE("Repair keeps the queue of a damaged replica and the old file", "[replica][open]")
{
    Folder folder;
    const auto path = closed_replica(folder);
    stock(path, "UPDATE hawser_change SET state = 'in flight', intent = 7");
    REQUIRE_FALSE(Replica::open(options_of(path)));
    CHECK(Replica::repair(options_of(path)).has_value());
    const Replica replica = ok(Replica::open(options_of(path)));
    const auto queue = ok(replica.queue());
    REQUIRE(queue.size() == 1);
    CHECK(queue.front().record == contact(1));
    CHECK(ok(replica.get(contact(1))).columns.at("lastname") == text("Doe"));
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) >= 2);
}

#include "tests/unit/engine/replica_world.h"

#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace hawser;
using namespace hawser::tests;

namespace {

std::string content(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> files_in(const Folder& folder)
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "."))
        names.push_back(entry.path().filename().string());
    return names;
}

void make(const std::filesystem::path& path)
{
    Replica replica = ok(Replica::create(options_of(path), binding()));
    define_tables(replica);
    pull(replica, contact(1), {{"lastname", text("Doe")}, {"jobtitle", text("Clerk")}});
}

void edit(const std::filesystem::path& path)
{
    const Replica replica = ok(Replica::open(options_of(path)));
    ok(Replica(replica).write({update(contact(1), {{"jobtitle", text("Buyer")}})}));
}

} // namespace

TEST_CASE("A replica in which nothing waits goes with all that lies beside it", "[replica][remove]")
{
    Folder folder;
    const auto path = folder / "replica.hawser";
    make(path);
    ok(Replica::remove(options_of(path)));
    CHECK(files_in(folder).empty());
    CHECK(code_of(Replica::open(options_of(path))) == "store.missing");
    CHECK(code_of(Replica::remove(options_of(path))) == "store.missing");
    make(path);
    CHECK(ok(ok(Replica::open(options_of(path))).queue()).empty());
}

TEST_CASE("A replica in which changes wait stays, unless they may be lost", "[replica][remove][I1]")
{
    Folder folder;
    const auto path = folder / "replica.hawser";
    make(path);
    edit(path);
    const auto refused = Replica::remove(options_of(path));
    CHECK(code_of(refused) == "store.changes_wait");
    CHECK(says(refused, "1 change that is not sent"));
    const auto replica = ok(Replica::open(options_of(path)));
    CHECK(ok(replica.queue()).size() == 1);
    CHECK(ok(replica.get(contact(1))).columns.at("jobtitle") == text("Buyer"));
    CHECK(code_of(Replica::remove(options_of(path), Replica::Unsent::lose)) == "store.busy");
    CHECK(ok(replica.queue()).size() == 1);
}

TEST_CASE("A replica goes when all that waits in it was exported, as it is now",
          "[replica][remove][carry][I1]")
{
    Folder folder;
    const auto path = folder / "replica.hawser";
    make(path);
    edit(path);
    {
        const Replica replica = ok(Replica::open(options_of(path)));
        ok(replica.export_queue(folder / "redacted.hjournal", Contents::redacted));
    }
    CHECK(code_of(Replica::remove(options_of(path))) == "store.changes_wait");
    {
        Replica replica = ok(Replica::open(options_of(path)));
        ok(replica.export_queue(folder / "first.hjournal"));
        ok(replica.edit(1, {{"jobtitle", text("Captain")}}));
    }
    const auto refused = Replica::remove(options_of(path));
    CHECK(code_of(refused) == "store.changes_wait");
    CHECK(says(refused, "hawser queue export"));
    {
        Replica replica = ok(Replica::open(options_of(path)));
        ok(replica.export_queue(folder / "second.hjournal"));
        ok(replica.write({update(contact(1), {{"lastname", text("Roe")}})}));
    }
    CHECK(code_of(Replica::remove(options_of(path))) == "store.changes_wait");
    {
        Replica replica = ok(Replica::open(options_of(path)));
        ok(replica.export_queue(folder / "third.hjournal"));
        ok(replica.hold({1}));
    }
    ok(Replica::remove(options_of(path)));
    std::vector<std::string> left = files_in(folder);
    std::ranges::sort(left);
    CHECK(left == std::vector<std::string>{"first.hjournal", "redacted.hjournal", "second.hjournal",
                                           "third.hjournal"});
}

TEST_CASE("Changes that may be lost go with their replica", "[replica][remove]")
{
    Folder folder;
    const auto path = folder / "replica.hawser";
    make(path);
    edit(path);
    ok(Replica::remove(options_of(path), Replica::Unsent::lose));
    CHECK(files_in(folder).empty());
}

TEST_CASE("A damaged replica goes only when its changes may be lost, and what is no replica never",
          "[replica][remove]")
{
    Folder folder;
    const auto path = folder / "replica.hawser";
    make(path);
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(100);
        const std::string garbage(std::filesystem::file_size(path) - 100, '\xa5');
        file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
    }
    CHECK_FALSE(Replica::remove(options_of(path)));
    CHECK(std::filesystem::exists(path));
    ok(Replica::remove(options_of(path), Replica::Unsent::lose));
    CHECK(files_in(folder).empty());

    std::ofstream(path) << "a letter to my aunt";
    CHECK_FALSE(Replica::remove(options_of(path), Replica::Unsent::lose));
    CHECK(content(path) == "a letter to my aunt");
    std::filesystem::remove(path);
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    REQUIRE(sqlite3_exec(handle, "CREATE TABLE hawser_change (live)", nullptr, nullptr, nullptr) ==
            SQLITE_OK);
    sqlite3_close(handle);
    CHECK(code_of(Replica::remove(options_of(path), Replica::Unsent::lose)) == "store.not_a_replica");
    CHECK(files_in(folder) == std::vector<std::string>{"replica.hawser"});
}

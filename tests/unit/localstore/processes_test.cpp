#include "localstore/engine_lock.h"
#include "localstore/gate.h"
#include "localstore/platform/wake.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <atomic>
#include <future>
#include <sys/wait.h>
#include <thread>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

/// Runs `work` in a child; true when it says so.
bool in_child(const std::function<bool()>& work)
{
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work() ? 0 : 1);
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

TEST_CASE("many readers and writers of two processes lose nothing")
{
    constexpr int edits_each = 25;
    Replica replica;
    for (int i = 1; i <= 4; ++i) replica.pull(i, "1", {{"age", Value{std::int64_t{0}}}});
    replica.store.reset();
    const auto work = [&](int record) {
        auto opened = Store::open(replica.options());
        if (!opened) return false;
        Store& store = **opened;
        std::atomic<bool> fine{true};
        std::vector<std::thread> threads;
        for (const int number : {record, record + 1})
            threads.emplace_back([&store, &fine, number] {
                for (int i = 1; i <= edits_each; ++i) {
                    const Edit edits[] = {
                        {ChangeKind::update, {"contact", id(number)}, {{"age", Value{std::int64_t{i}}}}}};
                    if (!store.write(edits, by("ada", i))) fine = false;
                }
            });
        threads.emplace_back([&store, &fine] {
            for (int i = 0; i < 100; ++i) {
                const auto page = store.query({"contact"});
                if (!page || page->records.size() != 4) fine = false;
            }
        });
        threads.emplace_back([&store, &fine, record] {
            for (int i = 0; i < edits_each; ++i)
                if (!store.transact(Durability::relaxed, [&](Transaction& transaction) {
                        return transaction.records.replace({"account", id(record * 100 + i)}, "1", {}, {});
                    }))
                    fine = false;
        });
        for (std::thread& thread : threads) thread.join();
        return fine.load();
    };
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work(1) ? 0 : 1);
    CHECK(work(3));
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 0);
    replica.reopen();
    CHECK(ok(replica.store->queue_figures()).live() == 4 * edits_each);
    for (int i = 1; i <= 4; ++i) CHECK(replica.fields(i).at("age") == Value{std::int64_t{edits_each}});
    CHECK(ok(replica.store->count("account", std::nullopt)) == 2 * edits_each);
    CHECK(ok(replica.store->integrity_check()).empty());
}

TEST_CASE("a user waiting at the gate is served before the engine, and the engine is not starved")
{
    WriteGate gate;
    std::string order;
    std::mutex mutex;
    std::atomic<int> waiting{0};
    std::vector<std::thread> threads;
    {
        const WriteGate::Pass held = gate.enter(Turn::engine);
        const auto join = [&](Turn turn, char letter) {
            threads.emplace_back([&, turn, letter] {
                ++waiting;
                const WriteGate::Pass pass = gate.enter(turn);
                const std::lock_guard lock(mutex);
                order += letter;
            });
        };
        join(Turn::engine, 'e');
        while (gate.waiting() < 1) std::this_thread::yield();
        CHECK_FALSE(gate.someone_waits());
        for (int i = 0; i < 20; ++i) join(Turn::user, 'u');
        while (gate.waiting() < 21) std::this_thread::yield();
        CHECK(gate.someone_waits());
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(order == std::string(16, 'u') + "e" + std::string(4, 'u'));
    CHECK_FALSE(gate.someone_waits());
}

TEST_CASE("a bulk transaction is told when a user waits")
{
    Replica replica;
    replica.pull(1, "1", {{"age", Value{std::int64_t{0}}}});
    std::thread user;
    bool told = false;
    ok(replica.store->transact(Durability::relaxed, [&](Transaction& transaction) -> Result<void> {
        CHECK_FALSE(transaction.should_yield());
        user = std::thread([&] { replica.set(1, {{"age", Value{std::int64_t{1}}}}); });
        while (!transaction.should_yield()) std::this_thread::yield();
        told = true;
        return {};
    }));
    user.join();
    CHECK(told);
    CHECK(replica.fields(1).at("age") == Value{std::int64_t{1}});
}

TEST_CASE("observers hear of every commit and of nothing after they are forgotten")
{
    Replica replica;
    std::vector<CommitNotice> heard;
    const auto observer =
        replica.store->observe([&](const CommitNotice& notice) { heard.push_back(notice); });
    replica.create(1, {{"fullname", text("Ada")}});
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].records == std::vector<RecordKey>{{"contact", id(1)}});
    CHECK(heard[0].queue);
    CHECK_FALSE(replica.try_edit({ChangeKind::create, {"contact", id(1)}, {}}).has_value());
    CHECK(heard.size() == 1);
    replica.store->forget(observer);
    replica.create(2, {});
    CHECK(heard.size() == 1);
}

TEST_CASE("to forget an observer waits for its call under way, and none comes afterwards")
{
    Replica replica;
    std::promise<void> entered, let_go;
    auto released = let_go.get_future();
    std::atomic<int> calls{0};
    std::atomic<bool> returned{false};
    const auto observer = replica.store->observe([&](const CommitNotice&) {
        if (++calls > 1) return;
        entered.set_value();
        released.wait();
        returned = true;
    });
    std::thread writing([&] { replica.create(1, {}); });
    entered.get_future().wait();
    auto forgotten = std::async(std::launch::async, [&] {
        replica.store->forget(observer);
        return returned.load();
    });
    CHECK(forgotten.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
    let_go.set_value();
    CHECK(forgotten.get());
    writing.join();
    replica.create(2, {});
    CHECK(calls == 1);
}

TEST_CASE("another process's write wakes the listener and moves the data version")
{
    Replica replica;
    const auto listener = ok(platform::WakeListener::listen(replica.options().path));
    listener->drain();
    const std::int64_t version = ok(replica.store->data_version());
    CHECK(ok(replica.store->data_version()) == version);
    CHECK(in_child([&] {
        auto store = Store::open(replica.options());
        const Edit edits[] = {{ChangeKind::create, {"contact", id(5)}, {}}};
        return store.has_value() && (*store)->write(edits, by("eve")).has_value();
    }));
    CHECK(listener->wait(std::chrono::seconds(10)));
    CHECK_FALSE(listener->drain());
    CHECK(ok(replica.store->data_version()) != version);
    CHECK(replica.get(5));
}

TEST_CASE("the data version tells others' commits and never our own")
{
    Replica replica;
    const std::int64_t version = ok(replica.store->data_version());
    replica.create(1, {{"fullname", text("Ada")}});
    replica.pull(2, "1", {{"fullname", text("Bob")}});
    replica.undo(replica.set(2, {{"fullname", text("Eve")}}));
    ok(replica.store->checkpoint_log());
    CHECK(ok(replica.store->data_version()) == version);
    const auto other = ok(Store::open(replica.options()));
    const std::int64_t others = ok(other->data_version());
    const Edit edits[] = {{ChangeKind::create, {"contact", id(5)}, {}}};
    ok(other->write(edits, by("eve")));
    CHECK(ok(other->data_version()) == others);
    // Also when a transaction of our own was the first to see it.
    replica.create(3, {});
    CHECK(ok(replica.store->data_version()) != version);
}

TEST_CASE("sockets that nobody serves are cleared away and a long path is polled instead")
{
    Replica replica;
    const auto folder = replica.options().path.string() + ".wake";
    CHECK(in_child([&] {
        auto listener = platform::WakeListener::listen(replica.options().path);
        if (!listener) return false;
        static_cast<void>(listener->release()); // as a crash would leave it
        return true;
    }));
    CHECK_FALSE(std::filesystem::is_empty(folder));
    replica.create(1, {});
    CHECK(std::filesystem::is_empty(folder));

    Folder deep;
    const auto far = deep / (std::string(90, 'a') + "/" + std::string(90, 'b') + "/replica.hawser");
    const auto unreachable = platform::WakeListener::listen(far);
    REQUIRE_FALSE(unreachable);
    CHECK(unreachable.error().code == "store.no_wake");
}

TEST_CASE("one engine a replica: the second is told who holds it")
{
    Replica replica;
    const auto random = seeded_random(1);
    auto first = ok(EngineLock::acquire(*replica.store, "hawser sync", *random));
    CHECK(first->provenance() == Provenance::same);
    const auto second = EngineLock::acquire(*replica.store, "another", *random);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "store.locked");
    CHECK(second.error().message.find("hawser sync") != std::string::npos);
    CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
    CHECK(EngineLock::holder(replica.options().path).find("hawser sync") == 0);
    StoreOptions by_another_name = replica.options();
    by_another_name.path += ".link";
    std::filesystem::create_symlink(replica.options().path, by_another_name.path);
    CHECK_FALSE(EngineLock::acquire(*ok(Store::open(by_another_name)), "by another name", *random));
    CHECK(in_child([&] {
        auto store = Store::open(replica.options());
        if (!store) return false;
        const auto refused = EngineLock::acquire(**store, "third", *random);
        return !refused && refused.error().code == "store.locked";
    }));
    first.reset();
    CHECK(EngineLock::holder(replica.options().path).empty());
    CHECK(ok(EngineLock::acquire(*replica.store, "next", *random))->provenance() == Provenance::same);
}

TEST_CASE("a process that dies gives its lock back")
{
    Replica replica;
    CHECK(in_child([&] {
        const auto random = seeded_random(2);
        auto store = Store::open(replica.options());
        if (!store) return false;
        auto lock = EngineLock::acquire(**store, "doomed", *random);
        return lock.has_value() && (static_cast<void>(lock->release()), true);
    }));
    const auto random = seeded_random(3);
    CHECK(ok(EngineLock::acquire(*replica.store, "heir", *random))->provenance() == Provenance::same);
}

TEST_CASE("a copied file and a restored file are noticed")
{
    Replica replica;
    Folder folder;
    const auto random = seeded_random(4);
    const auto acquire = [&](Store& store) {
        return ok(EngineLock::acquire(store, "x", *random))->provenance();
    };
    CHECK(acquire(*replica.store) == Provenance::same);
    const auto backup = folder / "backup.hawser";
    ok(replica.store->backup(backup));
    CHECK(acquire(*replica.store) == Provenance::same);

    SECTION("copied elsewhere, with or without its lock file")
    {
        CHECK(acquire(*ok(Store::open(options_of(backup)))) == Provenance::copied_or_restored);
        ok(replica.store->backup(folder / "second.hawser"));
        std::filesystem::copy_file(replica.options().path.string() + ".lock", folder / "second.hawser.lock");
        CHECK(acquire(*ok(Store::open(options_of(folder / "second.hawser")))) ==
              Provenance::copied_or_restored);
    }
    SECTION("an older state put back in its place")
    {
        const auto path = replica.options().path;
        replica.store.reset();
        for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path.string() + suffix);
        std::filesystem::copy_file(backup, path, std::filesystem::copy_options::overwrite_existing);
        replica.store = ok(Store::open(replica.options()));
        CHECK(acquire(*replica.store) == Provenance::copied_or_restored);
        // Whoever took the lock died before acting on it.
        CHECK(acquire(*replica.store) == Provenance::copied_or_restored);
        ok(replica.transact(
            [](Transaction& transaction) { return transaction.journal.set_instance(id(78)); }));
        CHECK(acquire(*replica.store) == Provenance::same);
    }
}

#include "engine/observers.h"
#include "tests/unit/engine/replica_world.h"

#include <future>
#include <thread>

using namespace hawser;
using namespace hawser::tests;
using namespace std::chrono_literals;

namespace {

/// Does nothing but ask the watchers' thread to come by: what was to be told before was told.
void settle(Replica& replica)
{
    Told told;
    const auto watch = replica.observe_record(contact(77), told.observer());
    ok(replica.write({creation(contact(77), {{"lastname", text("Mark")}})}));
    REQUIRE(told.wait(1));
    ok(replica.undo(ok(replica.queue()).back().number));
    REQUIRE(told.wait(2));
}

bool write_elsewhere(const std::filesystem::path& path, const Edit& edit)
{
    auto opened = Replica::open(options_of(path));
    return opened && opened->write({edit});
}

} // namespace

TEST_CASE("An observer of a record, of a query and of the queue is told of what concerns it alone",
          "[replica][observe]")
{
    Home home;
    Told record, table, queue;
    const auto first = home.replica->observe_record(contact(1), record.observer());
    const auto second = home.replica->observe_query({"contact"}, table.observer());
    const auto third = home.replica->observe_queue(queue.observer());

    home.write(update(contact(1), {{"jobtitle", text("Buyer")}}));
    REQUIRE(record.wait(1));
    REQUIRE(table.wait(1));
    REQUIRE(queue.wait(1));
    CHECK(record.notices().front().what == Notice::What::record);
    CHECK(record.notices().front().records == std::vector{contact(1)});
    CHECK(table.notices().front().what == Notice::What::query);
    CHECK(table.notices().front().records == std::vector{contact(1)});
    CHECK(queue.notices().front().what == Notice::What::queue);

    home.write(update(contact(2), {{"jobtitle", text("Buyer")}}));
    REQUIRE(table.wait(2));
    home.write(update(account(1), {{"name", text("Acme & Co")}}));
    REQUIRE(queue.wait(3));
    settle(*home.replica);
    CHECK(record.count() == 1);
    for (const Notice& notice : record.notices()) CHECK_FALSE(notice.records.empty());
}

TEST_CASE("A local commit is never taken for another process's", "[replica][observe]")
{
    Home home;
    Told record, others;
    const auto watch = home.replica->observe_record(contact(2), record.observer());
    const auto hearing = home.replica->impl()->watchers->hear_others([&] { others.add({}); });
    for (int i = 0; i < 20; ++i)
        home.write(update(contact(1), {{"jobtitle", Value{"Clerk " + std::to_string(i)}}}));
    settle(*home.replica);
    CHECK(record.count() == 0);
    CHECK(others.count() == 0);
    home.replica->impl()->watchers->remove(hearing);
}

TEST_CASE("Another process's write is told to observers of a record, a query and the queue",
          "[replica][observe]")
{
    Folder folder;
    const auto path = folder / "replica.hawser";
    OtherProcess writer([&] {
        return write_elsewhere(path, update(contact(1), {{"jobtitle", text("Buyer")}}));
    });
    Replica replica = ok(Replica::create(options_of(path), binding()));
    define_tables(replica);
    pull(replica, contact(1), {{"lastname", text("Doe")}});
    Told record, table, queue, others;
    const auto first = replica.observe_record(contact(1), record.observer());
    const auto second = replica.observe_query({"contact"}, table.observer());
    const auto third = replica.observe_queue(queue.observer());
    const auto hearing = replica.impl()->watchers->hear_others([&] { others.add({}); });
    CHECK(writer.run());
    CHECK(record.wait(1));
    CHECK(table.wait(1));
    CHECK(queue.wait(1));
    CHECK(others.wait(1));
    CHECK(ok(replica.get(contact(1))).columns.at("jobtitle") == text("Buyer"));
    CHECK(ok(replica.get(contact(1))).badge == Badge::saved_here);
    replica.impl()->watchers->remove(hearing);
}

TEST_CASE("A write by another process right after watching began is told", "[replica][observe]")
{
    for (int round = 0; round < 10; ++round) {
        Home home;
        const auto other = ok(localstore::Store::open({home.path()}));
        Told told;
        const auto watch = home.replica->observe_record(contact(1), told.observer());
        const localstore::Edit edits[] = {
            {localstore::ChangeKind::update, contact(1), {{"jobtitle", text("Buyer")}}}};
        ok(other->write(edits, {}));
        CHECK(told.wait(1));
    }
}

TEST_CASE("Where no socket can be made another process's write is still told", "[replica][observe]")
{
    Folder folder;
    std::filesystem::path path = folder.path();
    for (const char letter : {'a', 'b', 'c'}) path /= std::string(60, letter);
    path /= "replica.hawser";
    OtherProcess writer([&] {
        return write_elsewhere(path, update(contact(1), {{"jobtitle", text("Buyer")}}));
    });
    Replica replica = ok(Replica::create(options_of(path), binding()));
    define_tables(replica);
    pull(replica, contact(1), {{"lastname", text("Doe")}});
    Told told;
    const auto watch = replica.observe_record(contact(1), told.observer());
    CHECK(writer.run());
    CHECK(told.wait(1));
}

TEST_CASE("A watch may be destroyed inside its own call, and is not called again", "[replica][observe]")
{
    Home home;
    std::promise<void> called;
    int calls = 0;
    std::optional<Replica::Watch> watch;
    watch = home.replica->observe_queue([&](const Notice&) {
        watch.reset();
        if (++calls == 1) called.set_value();
    });
    home.write(update(contact(1), {{"jobtitle", text("Buyer")}}));
    REQUIRE(called.get_future().wait_for(20s) == std::future_status::ready);
    home.write(update(contact(1), {{"jobtitle", text("Clerk")}}));
    settle(*home.replica);
    CHECK(calls == 1);
}

TEST_CASE("A watch that holds the last reference to its replica may end it in its own call",
          "[replica][observe]")
{
    for (int round = 0; round < 5; ++round) {
        Home home;
        std::promise<void> gone;
        auto watch = std::make_unique<Replica::Watch>();
        auto& held = watch;
        std::weak_ptr<const Replica::Impl> alive = home.replica->impl();
        *watch = home.replica->observe_queue([&](const Notice&) {
            held.reset();
            gone.set_value();
        });
        const auto other = ok(localstore::Store::open({home.path()}));
        home.replica.reset();
        const localstore::Edit edits[] = {
            {localstore::ChangeKind::update, contact(1), {{"jobtitle", text("Buyer")}}}};
        ok(other->write(edits, {}));
        REQUIRE(gone.get_future().wait_for(20s) == std::future_status::ready);
        CHECK(alive.expired());
    }
}

TEST_CASE("Destroying a watch waits for its call under way, and none comes afterwards", "[replica][observe]")
{
    Home home;
    std::promise<void> entered, let_go;
    auto released = let_go.get_future();
    std::atomic<int> calls{0};
    std::atomic<bool> returned{false};
    auto watch = std::make_unique<Replica::Watch>(home.replica->observe_queue([&](const Notice&) {
        if (++calls > 1) return;
        entered.set_value();
        released.wait();
        returned = true;
    }));
    home.write(update(contact(1), {{"jobtitle", text("Buyer")}}));
    entered.get_future().wait();
    home.write(update(contact(1), {{"jobtitle", text("Clerk")}}));
    std::thread ending([&] {
        watch.reset();
        CHECK(returned);
    });
    let_go.set_value();
    ending.join();
    const int before = calls;
    home.write(update(contact(1), {{"jobtitle", text("Buyer again")}}));
    settle(*home.replica);
    CHECK(calls == before);
}

TEST_CASE("With a post hook observers run where the embedder puts them, and a dropped watch never does",
          "[replica][observe]")
{
    std::mutex mutex;
    std::vector<std::function<void()>> loop;
    std::condition_variable filled;
    Home home([&](std::function<void()> call) {
        const std::lock_guard lock(mutex);
        loop.push_back(std::move(call));
        filled.notify_all();
    });
    const auto turn = [&] {
        std::unique_lock lock(mutex);
        REQUIRE(filled.wait_for(lock, 20s, [&] { return !loop.empty(); }));
        auto calls = std::exchange(loop, {});
        lock.unlock();
        for (const auto& call : calls) call();
    };
    std::vector<std::thread::id> threads;
    auto watch = std::make_unique<Replica::Watch>(
        home.replica->observe_queue([&](const Notice&) { threads.push_back(std::this_thread::get_id()); }));
    home.write(update(contact(1), {{"jobtitle", text("Buyer")}}));
    turn();
    CHECK(threads == std::vector{std::this_thread::get_id()});
    home.write(update(contact(1), {{"jobtitle", text("Clerk")}}));
    {
        std::unique_lock lock(mutex);
        REQUIRE(filled.wait_for(lock, 20s, [&] { return !loop.empty(); }));
    }
    watch.reset();
    turn();
    CHECK(threads.size() == 1);
}

TEST_CASE("Threads copy a replica, use the copies, watch and let go, all at once", "[replica][observe]")
{
    Home home;
    std::atomic<int> faults{0}, told{0};
    const auto work = [&faults, &told](Replica replica, int thread) {
        for (int round = 0; round < 12; ++round) {
            Replica copy = replica;
            Replica another = std::move(copy);
            copy = another;
            const auto records = copy.observe_query({"contact"}, [&](const Notice&) { ++told; });
            const auto ended = std::make_shared<std::promise<void>>();
            const auto watch = std::make_shared<Replica::Watch>();
            const auto watching = std::make_shared<std::atomic<bool>>(false);
            *watch = another.observe_queue([&faults, replica, ended, watch, watching](const Notice&) {
                if (!*watching) return;
                if (!replica.queue()) ++faults;
                *watch = Replica::Watch();
                ended->set_value();
            });
            *watching = true;
            const Edit edit =
                update(contact(1 + thread % 2), {{"numberofchildren", number(100 * thread + round)}});
            if (!copy.write({edit})) ++faults;
            if (ended->get_future().wait_for(20s) != std::future_status::ready) ++faults;
            if (!another.query({"contact"}) || !copy.get(contact(1)) || copy.tables().size() != 3) ++faults;
            replica = std::move(another);
        }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) threads.emplace_back(work, *home.replica, thread);
    home.replica.reset();
    for (std::thread& thread : threads) thread.join();
    CHECK(faults == 0);
    CHECK(told > 0);
}

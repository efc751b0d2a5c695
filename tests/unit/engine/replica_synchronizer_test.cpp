#include "tests/unit/engine/replica_world.h"
#include "transport/http/exchange.h"

#include <future>
#include <thread>

using namespace hawser;
using namespace hawser::tests;
using namespace std::chrono_literals;

namespace {

/// A network that takes requests and never answers until it is asked to give up.
class Silence : public http::Exchange {
public:
    Ticket send(http::Request, Done done) override
    {
        const std::lock_guard lock(mutex_);
        waiting_.emplace(++last_, std::move(done));
        changed_.notify_all();
        return last_;
    }
    void cancel(Ticket ticket) override
    {
        Done done;
        {
            const std::lock_guard lock(mutex_);
            const auto found = waiting_.find(ticket);
            if (found == waiting_.end()) return;
            done = std::move(found->second);
            waiting_.erase(found);
        }
        done(Error{ErrorKind::retry, "net.cancelled", "the request was given up"});
    }
    bool wait_for_a_request()
    {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 20s, [&] { return !waiting_.empty(); });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<Ticket, Done> waiting_;
    Ticket last_ = 0;
};

/// Chance that tells when it is asked: a synchronizer draws a nonce while it takes the lock.
class Noted : public Random {
public:
    std::uint64_t next() override
    {
        const std::lock_guard lock(mutex_);
        if (auto waiting = std::exchange(drawn_, std::nullopt)) waiting->set_value();
        return system_random()->next();
    }
    std::future<void> next_draw()
    {
        const std::lock_guard lock(mutex_);
        return drawn_.emplace().get_future();
    }

private:
    std::mutex mutex_;
    std::optional<std::promise<void>> drawn_;
};

/// A synchronizer whose organization never answers.
class Stuck : public Home {
public:
    Stuck()
    {
        ok(replica->choose({{"contact"}}));
        Ports ports;
        ports.exchange = network;
        ports.tokens = fixed_token("token");
        synchronizer = std::make_unique<Synchronizer>(*replica, SynchronizerOptions{}, ports);
    }
    std::shared_ptr<Silence> network = std::make_shared<Silence>();
    std::unique_ptr<Synchronizer> synchronizer;
};

/// No way to anybody.
class NoNetwork : public http::Exchange {
public:
    Ticket send(http::Request, Done done) override
    {
        done(Error{ErrorKind::offline, "net.unreachable", "there is no connection"});
        return 1;
    }
    void cancel(Ticket) override {}
};

} // namespace

TEST_CASE("A copied file is another installation as soon as a synchronizer takes it, before it asks anybody",
          "[replica][synchronizer][I2]")
{
    Home home;
    ok(home.replica->choose({{"contact"}}));
    const auto work_on = [](Replica& replica) {
        Synchronizer synchronizer(replica, {}, {std::make_shared<NoNetwork>(), fixed_token("token")});
        CHECK(code_of(synchronizer.cycle()) == "net.unreachable");
    };
    work_on(*home.replica);
    const Guid first = home.replica->binding().instance_id;
    const auto file = home.folder / "copy.hawser";
    ok(home.replica->backup(file));

    Replica copy = ok(Replica::open(options_of(file)));
    CHECK(copy.binding().instance_id == first);
    work_on(copy);
    CHECK(copy.binding().instance_id != first);
    CHECK(copy.impl()->store->setting(localstore::compare_first_setting) == "1");
    work_on(*home.replica);
    CHECK(home.replica->binding().instance_id == first);
    CHECK(home.replica->impl()->store->setting(localstore::compare_first_setting).empty());
}

TEST_CASE("Stopping ends the calls of other threads that wait for the organization",
          "[replica][synchronizer]")
{
    Stuck home;
    auto cycle = std::async(std::launch::async, [&] { return home.synchronizer->cycle(); });
    REQUIRE(home.network->wait_for_a_request());
    auto verification = std::async(std::launch::async, [&] { return home.synchronizer->verify(); });
    CHECK_FALSE(home.synchronizer->stop(50ms));
    REQUIRE(cycle.wait_for(20s) == std::future_status::ready);
    REQUIRE(verification.wait_for(20s) == std::future_status::ready);
    CHECK_FALSE(cycle.get().has_value());
    CHECK(code_of(verification.get()) == "engine.stopped");
}

TEST_CASE("What a suspension ends early says that it was suspended", "[replica][synchronizer]")
{
    Stuck home;
    auto cycle = std::async(std::launch::async, [&] { return home.synchronizer->cycle(); });
    REQUIRE(home.network->wait_for_a_request());
    home.synchronizer->suspend();
    REQUIRE(cycle.wait_for(20s) == std::future_status::ready);
    CHECK(code_of(cycle.get()) == "engine.suspended");
    CHECK(code_of(home.synchronizer->verify()) == "engine.suspended");
    ok(home.synchronizer->go_offline(Synchronizer::Departure::now));
    home.synchronizer->stop(0ms);
    CHECK(code_of(home.synchronizer->cycle()) == "engine.stopped");
}

TEST_CASE("Whoever calls while a synchronizer is stopped gets an answer", "[replica][synchronizer]")
{
    for (int round = 0; round < 20; ++round) {
        Stuck home;
        std::vector<std::future<void>> callers;
        for (int i = 0; i < 3; ++i)
            callers.push_back(std::async(std::launch::async, [&] {
                while (home.synchronizer->verify().error().code != "engine.stopped") {
                }
            }));
        REQUIRE(home.network->wait_for_a_request());
        if (round % 2 == 1)
            callers.push_back(std::async(std::launch::async, [&] { home.synchronizer->suspend(); }));
        home.synchronizer->stop(0ms);
        for (const auto& caller : callers) REQUIRE(caller.wait_for(20s) == std::future_status::ready);
    }
}

TEST_CASE("A stopped synchronizer says so, does nothing, and leaves the replica to another",
          "[replica][synchronizer]")
{
    Stuck home;
    ok(home.synchronizer->start());
    CHECK_FALSE(ok(home.synchronizer->status()).engine.empty());
    Synchronizer second(*home.replica, {}, {home.network, fixed_token("token")});
    const auto locked = second.start();
    CHECK(code_of(locked) == "engine.locked");
    CHECK(says(locked, std::to_string(::getpid())));
    home.synchronizer->stop(0ms);
    CHECK(home.synchronizer->stop(0ms));
    CHECK(code_of(home.synchronizer->start()) == "engine.stopped");
    CHECK(code_of(home.synchronizer->connect()) == "engine.stopped");
    CHECK(code_of(home.synchronizer->cycle()) == "engine.stopped");
    CHECK(code_of(home.synchronizer->verify()) == "engine.stopped");
    CHECK(code_of(home.synchronizer->plan({})) == "engine.stopped");
    CHECK(code_of(home.synchronizer->go_online()) == "engine.stopped");
    home.synchronizer->nudge();
    home.synchronizer->reachable(true);
    home.synchronizer->suspend();
    home.synchronizer->resume();
    ok(second.start());
    CHECK(ok(home.replica->write({update(contact(1), {{"jobtitle", text("Buyer")}})})).size() == 1);
}

TEST_CASE("A synchronizer that was never used is destroyed without a trace", "[replica][synchronizer]")
{
    Stuck home;
    home.synchronizer.reset();
    CHECK(ok(Synchronizer::status(*home.replica)).engine.empty());
    CHECK(ok(home.replica->cycles()).empty());
}

TEST_CASE("A synchronizer may end while others write to its replica", "[replica][synchronizer]")
{
    Stuck home;
    std::atomic<bool> over{false};
    std::vector<std::future<int>> writers;
    for (int i = 1; i <= 2; ++i)
        writers.push_back(std::async(std::launch::async, [&over, i, replica = *home.replica]() mutable {
            int next = 100'000 * i;
            while (!over && replica.write({creation(contact(next), {{"lastname", text("Doe")}})})) ++next;
            return next - 100'000 * i;
        }));
    bool all_started = true;
    for (int round = 0; round < 8; ++round) {
        Synchronizer synchronizer(*home.replica, {}, {home.network, fixed_token("token")});
        all_started = all_started && synchronizer.start().has_value();
        if (round % 2 == 1) synchronizer.stop(0ms);
    }
    over = true;
    CHECK(all_started);
    for (auto& writer : writers) CHECK(writer.get() > 0);
}

TEST_CASE("A synchronizer that is stopped while it starts leaves nothing behind", "[replica][synchronizer]")
{
    Stuck home;
    auto random = std::make_shared<Noted>();
    ReplicaOptions options = home.options();
    options.random = random;
    Replica replica = ok(Replica::open(options));
    for (int round = 0; round < 20; ++round) {
        auto synchronizer = std::make_unique<Synchronizer>(replica, SynchronizerOptions{},
                                                           Ports{home.network, fixed_token("token")});
        auto lock_being_taken = random->next_draw();
        auto started = std::async(std::launch::async, [&] { return synchronizer->start(); });
        lock_being_taken.wait();
        synchronizer->stop(0ms);
        const auto outcome = started.get();
        if (!outcome) CHECK(code_of(outcome) == "engine.stopped");
        synchronizer.reset();
        ok(replica.write({update(contact(1), {{"numberofchildren", number(round)}})}));
    }
}

TEST_CASE("Whoever stops a synchronizer that another thread stops too finds the lock free",
          "[replica][synchronizer]")
{
    for (int round = 0; round < 20; ++round) {
        Stuck home;
        ok(home.synchronizer->start());
        auto other = std::async(std::launch::async, [&] {
            while (home.synchronizer->verify().error().code != "engine.stopped") {
            }
            home.synchronizer->stop(0ms);
            Synchronizer second(*home.replica, {}, {home.network, fixed_token("token")});
            return second.start();
        });
        REQUIRE(home.network->wait_for_a_request());
        home.synchronizer->stop(0ms);
        CHECK(code_of(other.get()) == "no error");
    }
}

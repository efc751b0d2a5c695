#include "hawser/hawser.h"
#include "tests/catch.h"
#include "tests/folder.h"
#include "tools/server/core/organization.h"
#include "tools/server/shell/server.h"
#include "transport/http/curl_exchange.h"

#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <future>
#include <mutex>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

using namespace hawser;
using namespace std::chrono_literals;

namespace {

/// A real server on loopback with its write log, and a folder for replicas.
class Wire {
public:
    Wire()
    {
        server::OrganizationOptions options;
        options.users = {*server::UserSpecification::parse("ada"),
                         *server::UserSpecification::parse("bob:basic")};
        options.write_log = [this](std::string_view line) {
            const std::lock_guard lock(mutex_);
            log_.emplace_back(line);
            if (on_write_) on_write_(log_.back());
        };
        auto organization = server::Organization::open(options, system_clock()->now(), *random);
        if (!organization) FAIL(organization.error().message);
        REQUIRE((*organization)->make_sample(300, system_clock()->now()));
        auto started = server::Server::start(std::move(*organization));
        if (!started) FAIL(started.error().message);
        server = std::move(*started);
    }
    ~Wire() { server->stop(); }

    std::shared_ptr<Random> random = seeded_random(5);
    std::unique_ptr<server::Server> server;

    std::string token(const std::string& user = "ada") const
    {
        for (const server::User& one : server->users())
            if (one.name == user) return one.token;
        return {};
    }
    std::filesystem::path file(const std::string& name) const { return folder_ / name; }

    Ports ports(const std::string& user = "ada") const
    {
        Ports ports;
        ports.tokens = fixed_token(token(user));
        return ports;
    }
    Replica replica(const std::string& name, const std::string& user = "ada")
    {
        const auto binding =
            Synchronizer::identify(server->url(), user + "@organization.example", {}, ports(user));
        if (!binding) FAIL(binding.error().message);
        ReplicaOptions options;
        options.path = file(name);
        auto made = Replica::create(options, *binding);
        if (!made) FAIL(made.error().message);
        return *made;
    }
    void faults(const std::string& specification)
    {
        server->with_organization([&](server::Organization& one) { REQUIRE(one.set_faults(specification)); });
    }
    std::vector<std::string> log()
    {
        const std::lock_guard lock(mutex_);
        return log_;
    }
    /// Called on the server's thread. When this returned the one before is not called any more.
    void on_write(std::function<void(const std::string&)> told)
    {
        const std::lock_guard lock(mutex_);
        on_write_ = std::move(told);
    }
    void clear_log()
    {
        const std::lock_guard lock(mutex_);
        log_.clear();
    }
    int effects(const Guid& id)
    {
        int count = 0;
        for (const std::string& line : log()) {
            const boost::json::object entry = boost::json::parse(line).as_object();
            const boost::json::value* found = entry.if_contains("id");
            if (found && found->is_string() && found->get_string() == id.text()) ++count;
        }
        return count;
    }

private:
    tests::Folder folder_;
    std::mutex mutex_;
    std::vector<std::string> log_;
    std::function<void(const std::string&)> on_write_{};
};

/// The real exchange, which tells when its first request is under way.
class ObservedExchange : public http::Exchange {
public:
    std::future<void> first() { return sent_.get_future(); }

    Ticket send(http::Request request, Done done) override
    {
        const Ticket ticket = inner_->send(std::move(request), std::move(done));
        std::call_once(told_, [this] { sent_.set_value(); });
        return ticket;
    }
    void cancel(Ticket ticket) override { inner_->cancel(ticket); }

private:
    std::shared_ptr<http::Exchange> inner_ = http::curl_exchange();
    std::once_flag told_;
    std::promise<void> sent_;
};

Result<void> choose(Replica& replica)
{
    return replica.choose({{"account"}, {"contact"}, {"appointment"}, {"task"}, {"email"}});
}

pid_t spawn(const std::filesystem::path& replica, const std::string& token)
{
    const std::string path = replica.string();
    char* const argv[] = {const_cast<char*>(ENGINE_FOR_TESTS), const_cast<char*>(path.c_str()),
                          const_cast<char*>(token.c_str()), nullptr};
    pid_t child = 0;
    REQUIRE(::posix_spawn(&child, ENGINE_FOR_TESTS, nullptr, nullptr, argv, environ) == 0);
    return child;
}

int wait_for(pid_t child)
{
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void check_equal(Synchronizer& synchronizer)
{
    const auto found = synchronizer.verify();
    if (!found) FAIL(found.error().message);
    for (const auto& row : found->rows)
        UNSCOPED_INFO(row.record.table << " " << row.record.id.text() << ": " << row.difference);
    CHECK(found->outcome == Verification::Outcome::equal);
}

} // namespace

TEST_CASE("Over real HTTP a sample is pulled, edited and equal on both sides, by delta and by filter",
          "[wire][engine]")
{
    Wire wire;
    for (const char* const user : {"ada", "bob"}) {
        INFO(user);
        Replica replica = wire.replica(std::string(user) + ".hawser", user);
        REQUIRE(choose(replica));
        Synchronizer synchronizer(replica, {}, wire.ports(user));
        REQUIRE(synchronizer.connect());
        const auto first = synchronizer.cycle();
        if (!first) FAIL(first.error().message);
        CHECK(first->pulled > 200);
        check_equal(synchronizer);
        Query query;
        query.table = "contact";
        query.limit = 1;
        const auto contacts = replica.query(query);
        REQUIRE(contacts->size() == 1);
        Edit edit;
        edit.record = contacts->front().key;
        edit.columns = {{"jobtitle", std::string("Buyer for ") + user}};
        REQUIRE(replica.write({edit}));
        const auto second = synchronizer.cycle();
        if (!second) FAIL(second.error().message);
        CHECK(second->pushed == 1);
        check_equal(synchronizer);
        const auto status = synchronizer.status();
        REQUIRE(status);
        CHECK(status->state == ConnectionState::online);
        CHECK(status->pending == 0);
    }
}

TEST_CASE("A process killed between intent and answer leaves exactly one effect after the restart",
          "[wire][engine][I2]")
{
    Wire wire;
    Replica replica = wire.replica("kill.hawser");
    REQUIRE(choose(replica));
    {
        Synchronizer synchronizer(replica, {}, wire.ports());
        REQUIRE(synchronizer.cycle());
    }
    Query query;
    query.table = "contact";
    query.limit = 5;
    const auto contacts = replica.query(query);
    REQUIRE(contacts->size() == 5);
    std::vector<Edit> edits;
    for (const Record& contact : *contacts) {
        Edit edit;
        edit.record = contact.key;
        edit.columns = {{"jobtitle", std::string("Kill survivor")}};
        edits.push_back(edit);
    }
    Edit create;
    create.kind = ChangeKind::create;
    create.record = {"account", Guid::make(*wire.random)};
    create.columns = {{"name", std::string("Contoso")}};
    edits.push_back(create);
    REQUIRE(replica.write(edits));
    wire.clear_log();

    // The answer is held back for a second: when the first write is on the log, the child has sent
    // its intents and waits.
    wire.faults("delay=1000");
    std::mutex mutex;
    std::condition_variable written;
    bool seen = false;
    wire.on_write([&](const std::string& line) {
        if (line.find("Kill survivor") == std::string::npos && line.find("jobtitle") == std::string::npos)
            return;
        const std::lock_guard lock(mutex);
        seen = true;
        written.notify_all();
    });
    const pid_t child = spawn(wire.file("kill.hawser"), wire.token());
    {
        std::unique_lock lock(mutex);
        REQUIRE(written.wait_for(lock, 60s, [&] { return seen; }));
    }
    ::kill(child, SIGKILL);
    CHECK(wait_for(child) == -SIGKILL);
    wire.on_write({});
    wire.faults("");
    ChangeFilter in_flight;
    in_flight.states = {ChangeState::in_flight};
    CHECK(replica.queue(in_flight)->size() == 6);

    CHECK(wait_for(spawn(wire.file("kill.hawser"), wire.token())) == 0);
    for (const Edit& edit : edits) CHECK(wire.effects(edit.record.id) == 1);
    CHECK(replica.queue()->empty());
    Synchronizer synchronizer(replica, {}, wire.ports());
    check_equal(synchronizer);
}

TEST_CASE("A second synchronizer is refused and told who holds the replica", "[wire][engine]")
{
    Wire wire;
    Replica replica = wire.replica("lock.hawser");
    REQUIRE(choose(replica));
    Synchronizer first(replica, {}, wire.ports());
    REQUIRE(first.start());
    Synchronizer second(replica, {}, wire.ports());
    const auto refused = second.cycle();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "engine.locked");
    CHECK(refused.error().message.find(std::to_string(::getpid())) != std::string::npos);
    CHECK(first.stop(5s));
    REQUIRE(second.cycle());
}

TEST_CASE("In the background a local edit, also of another process, reaches the organization soon",
          "[wire][engine][background]")
{
    Wire wire;
    Replica replica = wire.replica("watch.hawser");
    REQUIRE(choose(replica));
    SynchronizerOptions options;
    options.nudge_delay = 50ms;
    std::mutex mutex;
    std::condition_variable changed;
    std::uint64_t pushed = 0;
    int finished = 0;
    options.cycle_finished = [&](const CycleReport& report) {
        const std::lock_guard lock(mutex);
        pushed += report.pushed;
        ++finished;
        changed.notify_all();
    };
    Synchronizer synchronizer(replica, options, wire.ports());
    REQUIRE(synchronizer.start());
    const auto until = [&](auto condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 30s, condition);
    };
    REQUIRE(until([&] { return finished > 0; }));
    Edit edit;
    edit.kind = ChangeKind::create;
    edit.record.table = "account";
    edit.columns = {{"name", std::string("Contoso")}};
    REQUIRE(replica.write({edit}));
    CHECK(until([&] { return pushed == 1; }));

    ReplicaOptions elsewhere;
    elsewhere.path = wire.file("watch.hawser");
    auto other = Replica::open(elsewhere);
    REQUIRE(other);
    REQUIRE(other->write({edit}));
    CHECK(until([&] { return pushed == 2; }));
    CHECK(synchronizer.stop(10s));
}

TEST_CASE("Stopping in the middle of a slow request ends it, and the next start goes on", "[wire][engine]")
{
    Wire wire;
    Replica replica = wire.replica("stop.hawser");
    REQUIRE(choose(replica));
    wire.faults("delay=3000");
    const auto exchange = std::make_shared<ObservedExchange>();
    Ports ports = wire.ports();
    ports.exchange = exchange;
    auto synchronizer = std::make_unique<Synchronizer>(replica, SynchronizerOptions{}, ports);
    std::thread cycle([&] { (void)synchronizer->cycle(); });
    exchange->first().wait();
    const auto begin = system_clock()->elapsed();
    CHECK_FALSE(synchronizer->stop(100ms));
    CHECK(system_clock()->elapsed() - begin < 2500ms);
    cycle.join();
    synchronizer.reset();
    wire.faults("");
    Synchronizer again(replica, {}, wire.ports());
    const auto report = again.cycle();
    if (!report) FAIL(report.error().message);
    check_equal(again);
}

TEST_CASE("A synchronizer may be destroyed at any moment of a cycle, and the next one goes on",
          "[wire][engine][I2]")
{
    Wire wire;
    Replica replica = wire.replica("moments.hawser");
    REQUIRE(choose(replica));
    REQUIRE(Synchronizer(replica, {}, wire.ports()).connect());
    std::vector<Guid> made;
    for (int moment = 1; moment <= 24; ++moment) {
        Edit edit;
        edit.kind = ChangeKind::create;
        edit.record = {"account", made.emplace_back(Guid::make(*wire.random))};
        edit.columns = {{"name", std::string("Contoso")}};
        REQUIRE(replica.write({edit}));
        std::promise<void> reached;
        int events = 0;
        const auto happened = [&](bool over) {
            if (events >= moment) return;
            events = over ? moment : events + 1;
            if (events == moment) reached.set_value();
        };
        SynchronizerOptions options;
        options.log = [&](std::string_view, std::string_view, std::string_view) { happened(false); };
        options.cycle_finished = [&](const CycleReport&) { happened(true); };
        Synchronizer synchronizer(replica, options, wire.ports());
        REQUIRE(synchronizer.start());
        REQUIRE(reached.get_future().wait_for(60s) == std::future_status::ready);
    }
    Synchronizer last(replica, {}, wire.ports());
    const auto report = last.cycle();
    if (!report) FAIL(report.error().message);
    CHECK(replica.queue()->empty());
    for (const Guid& id : made) CHECK(wire.effects(id) == 1);
    check_equal(last);
}

TEST_CASE("A probe tells what answers and whom it takes us for", "[wire][engine]")
{
    Wire wire;
    const Probe good = Synchronizer::probe(wire.server->url(), {}, wire.ports());
    CHECK_FALSE(good.reach);
    CHECK_FALSE(good.sign_in);
    CHECK(good.user_id);
    Ports stranger;
    stranger.tokens = fixed_token("nobody");
    const Probe unknown = Synchronizer::probe(wire.server->url(), {}, stranger);
    CHECK_FALSE(unknown.reach);
    REQUIRE(unknown.sign_in);
    CHECK(unknown.sign_in->kind == ErrorKind::sign_in);
    const Probe nowhere = Synchronizer::probe("http://127.0.0.1:1", {}, wire.ports());
    REQUIRE(nowhere.reach);
    CHECK(nowhere.reach->kind == ErrorKind::offline);
    CHECK(nowhere.reach->message.find("127.0.0.1") != std::string::npos);
}

TEST_CASE("Many threads read and write beside a synchronizer that works, and both sides end equal",
          "[wire][engine][threads]")
{
    constexpr int writers = 4;
    constexpr int edits = 25;
    constexpr std::size_t contacts_each = 5;
    Wire wire;
    Replica replica = wire.replica("threads.hawser");
    REQUIRE(choose(replica));
    Synchronizer synchronizer(replica, {}, wire.ports());
    REQUIRE(synchronizer.cycle());
    Query some;
    some.table = "contact";
    some.limit = writers * contacts_each;
    const auto contacts = replica.query(some);
    REQUIRE(contacts->size() == writers * contacts_each);

    std::atomic<bool> over{false};
    std::vector<std::future<int>> reading;
    for (int reader = 0; reader < 3; ++reader)
        reading.push_back(std::async(std::launch::async, [&over, some, replica]() mutable {
            int read = 0;
            while (!over && replica.query(some) && Synchronizer::status(replica)) ++read;
            return over ? read : -1;
        }));
    std::vector<std::future<int>> writing;
    for (std::size_t writer = 0; writer < writers; ++writer)
        writing.push_back(std::async(std::launch::async, [writer, &contacts, replica]() mutable {
            int written = 0;
            for (std::size_t i = 0; i < edits; ++i) {
                Edit edit;
                edit.record = (*contacts)[writer * contacts_each + i % contacts_each].key;
                edit.columns = {{"jobtitle", std::to_string(writer) + "-" + std::to_string(i)}};
                if (replica.write({edit})) ++written;
            }
            return written;
        }));
    const auto all_written = [&] {
        return std::ranges::all_of(writing,
                                   [](auto& one) { return one.wait_for(0ms) == std::future_status::ready; });
    };
    // Whatever comes, the readers have to end before anything is thrown.
    std::optional<Error> failure;
    for (int after = 0; after < 20 && !failure && (!all_written() || synchronizer.status()->pending > 0);) {
        if (all_written()) ++after;
        const auto cycle = synchronizer.cycle();
        if (!cycle) failure = cycle.error();
    }
    over = true;
    if (failure) FAIL(failure->message);
    for (auto& one : writing) CHECK(one.get() == edits);
    for (auto& one : reading) CHECK(one.get() > 0);
    check_equal(synchronizer);
    for (std::size_t writer = 0; writer < writers; ++writer)
        for (std::size_t i = edits - contacts_each; i < edits; ++i) {
            const auto kept = replica.get((*contacts)[writer * contacts_each + i % contacts_each].key);
            REQUIRE(kept);
            CHECK(kept->columns.at("jobtitle") == Value{std::to_string(writer) + "-" + std::to_string(i)});
        }
}

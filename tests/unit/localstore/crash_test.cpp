#include "base/body.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <csignal>
#include <sys/wait.h>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

/// A child that works until it is killed, and says by a byte a time what returned to it.
class Victim {
public:
    explicit Victim(const std::function<void(int)>& work)
    {
        int ends[2] = {-1, -1};
        REQUIRE(::pipe(ends) == 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::close(ends[0]);
            work(ends[1]);
            ::_exit(0);
        }
        ::close(ends[1]);
        said_ = ends[0];
    }
    ~Victim() { ::close(said_); }
    Victim(const Victim&) = delete;
    Victim& operator=(const Victim&) = delete;

    /// Waits for so many bytes, kills the child, and counts what else it had said.
    int kill_after(int bytes)
    {
        int count = 0;
        char byte = 0;
        while (count < bytes && ::read(said_, &byte, 1) == 1) ++count;
        ::kill(child_, SIGKILL);
        int status = 0;
        ::waitpid(child_, &status, 0);
        while (::read(said_, &byte, 1) == 1) ++count;
        return count;
    }

private:
    pid_t child_ = -1;
    int said_ = -1;
};

void say(int descriptor)
{
    const char byte = '.';
    if (::write(descriptor, &byte, 1) != 1) ::_exit(3);
}

} // namespace

TEST_CASE("every edit that returned is there after a kill, and none by half")
{
    for (int round = 0; round < 15; ++round) {
        Replica replica;
        replica.pull(1, "1", {{"age", Value{std::int64_t{0}}}, {"fullname", text("v0")}});
        ok(replica.store->checkpoint_log());
        replica.store.reset();
        Victim victim([&](int said) {
            auto store = Store::open(replica.options());
            if (!store) return;
            for (int i = 1;; ++i) {
                const Edit edits[] = {
                    {ChangeKind::update,
                     {"contact", id(1)},
                     {{"age", Value{std::int64_t{i}}}, {"fullname", Value{"v" + std::to_string(i)}}}}};
                if (!(*store)->write(edits, by("ada", i))) return;
                say(said);
            }
        });
        const int returned = victim.kill_after(1 + round * 2);
        REQUIRE(returned > round * 2);
        replica.reopen();
        const auto changes = ok(replica.store->changes({}));
        REQUIRE(static_cast<int>(changes.size()) >= returned);
        REQUIRE(static_cast<int>(changes.size()) <= returned + 1);
        const auto last = static_cast<std::int64_t>(changes.size());
        REQUIRE(replica.fields(1) ==
                Fields{{"age", Value{last}}, {"fullname", Value{"v" + std::to_string(last)}}});
        REQUIRE(replica.state(1).shadow->fields.at("fullname") == text("v0"));
        REQUIRE(ok(replica.store->integrity_check()).empty());
    }
}

TEST_CASE("after a kill in the middle of a pull the resume link stands where the rows do")
{
    constexpr int rows_a_page = 40;
    for (int round = 0; round < 10; ++round) {
        Replica replica;
        ScopeNumber scope;
        Generation generation;
        ok(replica.transact([&](Transaction& transaction) -> Result<void> {
            Scope all;
            all.table = "contact";
            all.name = "all";
            scope = ok(transaction.rounds.define_scope(all));
            generation = ok(transaction.rounds.begin_round(scope, RoundKind::full, at(1)));
            return {};
        }));
        replica.store.reset();
        Victim victim([&](int said) {
            StoreOptions options = replica.options();
            options.bulk_log_pages = 20;
            auto store = Store::open(options);
            if (!store) return;
            for (int page = 1;; ++page) {
                auto done =
                    (*store)->transact(Durability::relaxed, [&](Transaction& transaction) -> Result<void> {
                        auto taker = transaction.rounds.take_rows(scope, generation, CycleNumber{1});
                        if (!taker) return taker.error();
                        for (int i = 0; i < rows_a_page; ++i)
                            if (auto taken = taker->take(id(page * rows_a_page + i), "1", "[\"row\"]");
                                !taken)
                                return taken.error();
                        return transaction.rounds.set_resume_link(scope, generation, std::to_string(page),
                                                                  page * rows_a_page);
                    });
                if (!done) return;
                say(said);
            }
        });
        const int pages = victim.kill_after(2 + round * 3);
        replica.reopen();
        const Checkpoint checkpoint = ok(replica.store->checkpoint(scope, Lane::pull));
        REQUIRE(std::stoi(checkpoint.resume_link) >= pages);
        REQUIRE(ok(replica.store->count("contact", std::nullopt)) ==
                std::stoi(checkpoint.resume_link) * rows_a_page);
        REQUIRE(checkpoint.rows == std::stoi(checkpoint.resume_link) * rows_a_page);
        REQUIRE(ok(replica.store->integrity_check()).empty());
    }
}

TEST_CASE("an intent is on the disk before its first byte could leave")
{
    for (int round = 0; round < 10; ++round) {
        Replica replica;
        for (int i = 1; i <= 40; ++i) replica.pull(i, "1", {{"fullname", text("x")}});
        std::vector<Sequence> changes;
        for (int i = 1; i <= 40; ++i) changes.push_back(replica.set(i, {{"fullname", text("y")}}));
        replica.store.reset();
        Victim victim([&](int said) {
            auto store = Store::open(replica.options());
            if (!store) return;
            for (int i = 1; i <= 40; ++i) {
                NewIntent intent;
                intent.id = id(1000 + i);
                intent.changes = {{changes[static_cast<std::size_t>(i - 1)], {}}};
                intent.steps.resize(1);
                intent.steps[0].key = {"contact", id(i)};
                auto opened =
                    (*store)->transact(Durability::full, [&](Transaction& transaction) -> Result<void> {
                        if (auto done = transaction.intents.open(intent); !done) return done;
                        auto attempt = transaction.intents.begin_attempt(intent.id, id(2000 + i), at(i));
                        return attempt ? Result<void>{} : Result<void>{attempt.error()};
                    });
                if (!opened) return;
                say(said); // here the request would leave
            }
            ::pause();
        });
        const int sent = victim.kill_after(1 + round * 3);
        replica.reopen();
        const auto intents = ok(replica.store->open_intents());
        REQUIRE(static_cast<int>(intents.size()) >= sent);
        for (const Intent& intent : intents) REQUIRE(intent.unknown());
        REQUIRE(ok(replica.store->queue_figures()).live() == 40);
    }
}

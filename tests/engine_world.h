#pragma once

#include "engine/engine.h"
#include "engine/rules/policies.h"
#include "localstore/store.h"
#include "localstore/transaction.h"
#include "tests/catch.h"
#include "tests/folder.h"
#include "tests/office.h"
#include "tests/organization_exchange.h"
#include "tests/scripted_tokens.h"
#include "tests/virtual_clock.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::tests {

/// One replica in a temporary file with an engine on it, driven on the test's thread under virtual
/// time. `kill` destroys the engine where it stands; `revive` makes another on the same file.
class Desk {
public:
    Desk(Office& office, std::shared_ptr<VirtualClock> virtual_clock, std::string user = "ada",
         SynchronizerOptions chosen = {}, std::uint64_t seed = 11,
         std::shared_ptr<engine::Policies> rules = std::make_shared<engine::Policies>());
    ~Desk();
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    localstore::StoreOptions store_options() const;

    /// Puts whole tables aboard, with a filter where one is given.
    void choose(const std::vector<std::pair<std::string, std::string>>& tables);

    void kill();
    void revive();
    /// As after a process's end: the file is opened anew.
    void reboot();

    /// Runs an operation of the engine to its end; time moves on whenever nothing else can happen.
    template <class T>
    Result<T> run(std::function<engine::Task<Result<T>>(engine::Engine&)> operation)
    {
        auto result = try_run(std::move(operation));
        if (!result) FAIL("the engine waits for nothing");
        return std::move(*result);
    }
    /// The same; empty when the engine hangs on a request that is never answered.
    template <class T>
    std::optional<Result<T>> try_run(std::function<engine::Task<Result<T>>(engine::Engine&)> operation)
    {
        auto result = std::make_shared<std::optional<Result<T>>>();
        engine::Loop loop(context, clock);
        context.post([&, result, operation] {
            loop.start([this, result, operation]() -> engine::Task<void> {
                auto running = operation(*engine);
                result->emplace(co_await std::move(running));
            });
        });
        for (int steps = 0; !*result && steps < 1'000'000; ++steps) {
            if (context.poll() > 0) continue;
            if (!*result && !clock->fire_next()) break;
        }
        return std::move(*result);
    }

    Result<CycleReport> cycle(engine::CycleRequest request = {});
    /// A cycle that may hang: false then.
    bool try_cycle();
    CycleReport sync();
    Verification verify();
    /// Both sides equal, and nothing waits.
    void check_equal();

    Guid create(const std::string& table, Fields fields);
    void edit(const std::string& table, const Guid& id, Fields fields);
    void erase(const std::string& table, const Guid& id);
    std::vector<localstore::Sequence> write(localstore::Edit change);
    std::vector<localstore::Sequence> write_all(const std::vector<localstore::Edit>& edits,
                                                localstore::Grouping grouping);
    Value get(const std::string& table, const Guid& id, const std::string& column) const;
    std::string text(const std::string& table, const Guid& id, const std::string& column) const;
    bool has(const std::string& table, const Guid& id) const { return store->get({table, id})->has_value(); }

    static void check(const Result<void>& done);

private:
    Office& office_;
    Folder folder_;

public:
    std::shared_ptr<VirtualClock> clock;
    std::shared_ptr<Random> random;
    std::shared_ptr<OrganizationExchange> exchange;
    std::shared_ptr<ScriptedTokens> tokens;
    SynchronizerOptions options;
    std::shared_ptr<engine::Policies> policies;
    std::unique_ptr<localstore::Store> store;
    engine::Context context;
    std::unique_ptr<engine::Engine> engine;
};

/// An organization, one user's replica of it, and the clock that both go by.
struct Workplace {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock};
};

/// Small pages, so that a few rows make a long round.
SynchronizerOptions small_pages();

/// How many records of the table the replica shows.
std::size_t count(const Desk& desk, std::string_view table = "contact");

} // namespace hawser::tests

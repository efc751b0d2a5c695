#pragma once

#include "base/time_text.h"
#include "engine/engine.h"
#include "engine/merge_fold.h"
#include "engine/rules/policies.h"
#include "localstore/store.h"
#include "localstore/transaction.h"
#include "tests/catch.h"
#include "tests/organization_exchange.h"
#include "tests/virtual_clock.h"
#include "tools/server/core/organization.h"

#include <boost/json.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace hawser::tests {

/// Hands out the token that the test gave last; a refresh gives the next one, when there is one.
class ScriptedTokens : public TokenProvider {
public:
    std::string token;
    std::vector<std::string> next{};
    int refreshes = 0;

    void request(bool refresh, Done done) override
    {
        if (refresh) ++refreshes;
        if (refresh && !next.empty()) {
            token = next.front();
            next.erase(next.begin());
        }
        if (refresh && token.empty())
            done(Error{ErrorKind::sign_in, "auth.no_token", "no token"});
        else
            done(token);
    }
    void cancel() override {}
};

/// An organization in memory and the colleague at its keyboard.
class Office {
public:
    explicit Office(Clock& clock, std::vector<std::string> users = {"ada", "bob:basic"},
                    const std::string& database = ":memory:")
        : random(seeded_random(7)), clock_(clock)
    {
        server::OrganizationOptions options;
        options.database = database;
        for (const std::string& user : users)
            options.users.push_back(*server::UserSpecification::parse(user));
        options.write_log = [this](std::string_view line) { log.emplace_back(line); };
        organization = std::move(*server::Organization::open(options, clock.now(), *random));
    }

    std::shared_ptr<Random> random;
    std::unique_ptr<server::Organization> organization;
    std::vector<std::string> log; ///< The write log: applied writes and faults, JSON lines.

    const std::string& token(std::string_view user = "ada") const { return organization->user(user)->token; }

    server::Answer ask(std::string method, std::string path, std::string body = {},
                       server::Headers headers = {}, std::string_view user = "ada")
    {
        server::Request request;
        request.method = std::move(method);
        request.target = "/api/data/v9.2/" + path;
        request.headers = std::move(headers);
        request.headers.emplace_back("Authorization", "Bearer " + token(user));
        request.headers.emplace_back("Accept", "application/json");
        if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
        request.body = std::move(body);
        return organization->handle(request, clock_.now(), *random);
    }

    /// A colleague's edit, create or deletion, in the organization itself.
    void put(const std::string& set, const Guid& id, const std::string& json)
    {
        const server::Answer answer = ask("PATCH", set + "(" + id.text() + ")", json);
        INFO(answer.body);
        REQUIRE(answer.status / 100 == 2);
    }
    void erase(const std::string& set, const Guid& id)
    {
        const server::Answer answer = ask("DELETE", set + "(" + id.text() + ")");
        INFO(answer.body);
        REQUIRE(answer.status == 204);
    }
    /// A column of a record as the organization holds it; "" when the record or value is not there.
    std::string value(const std::string& set, const Guid& id, const std::string& column)
    {
        const server::Answer answer = ask("GET", set + "(" + id.text() + ")");
        if (answer.status != 200) return {};
        const boost::json::value parsed = boost::json::parse(answer.body);
        const boost::json::value* found = parsed.get_object().if_contains(column);
        if (!found || found->is_null()) return {};
        return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
    }
    bool has(const std::string& set, const Guid& id)
    {
        return ask("GET", set + "(" + id.text() + ")").status == 200;
    }
    /// How often a column was given this value by applied writes on the record.
    int effects(const Guid& id, std::string_view method) const
    {
        int count = 0;
        for (const std::string& line : log) {
            const boost::json::object entry = boost::json::parse(line).as_object();
            const auto text = [&](std::string_view member) {
                const boost::json::value* found = entry.if_contains(member);
                return found && found->is_string() ? std::string(found->get_string()) : std::string();
            };
            if (text("id") == id.text() && text("method") == method) ++count;
        }
        return count;
    }

private:
    Clock& clock_;
};

/// One replica in a temporary file with an engine on it, driven on the test's thread under virtual
/// time. `kill` destroys the engine where it stands; `revive` makes another on the same file.
class Desk {
public:
    Desk(Office& office, std::shared_ptr<VirtualClock> virtual_clock, std::string user = "ada",
         SynchronizerOptions chosen = {}, std::uint64_t seed = 11,
         std::shared_ptr<engine::Policies> rules = std::make_shared<engine::Policies>())
        : office_(office),
          clock(std::move(virtual_clock)),
          random(seeded_random(seed)),
          exchange(std::make_shared<OrganizationExchange>(*office.organization, *clock, *random)),
          tokens(std::make_shared<ScriptedTokens>()),
          options(std::move(chosen)),
          policies(std::move(rules))
    {
        tokens->token = office.token(user);
        static int number = 0;
        folder_ = std::filesystem::temp_directory_path() /
                  ("hawser-desk-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        localstore::Binding binding;
        binding.organization = office.organization->organization_id();
        binding.user = office.organization->user(user)->id;
        binding.mailbox = user + "@organization.example";
        binding.url = "http://127.0.0.1:1";
        binding.instance = Guid::make(*random);
        binding.nonce = Guid::make(*random);
        auto made = localstore::Store::create(store_options(), binding, clock->now());
        if (!made) FAIL(made.error().message);
        store = std::move(*made);
        revive();
    }
    ~Desk()
    {
        kill();
        store.reset();
        std::filesystem::remove_all(folder_);
    }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    localstore::StoreOptions store_options() const
    {
        localstore::StoreOptions chosen;
        chosen.path = folder_ / "replica.hawser";
        chosen.fold = engine::merge_fold(policies);
        return chosen;
    }

    /// Puts whole tables aboard, with a filter where one is given.
    void choose(const std::vector<std::pair<std::string, std::string>>& tables)
    {
        check(store->transact(localstore::Durability::full,
                              [&](localstore::Transaction& transaction) -> Result<void> {
                                  for (const auto& [name, filter] : tables) {
                                      Table table;
                                      table.name = name;
                                      if (!store->table(name)) {
                                          table.entity_set = name + "s";
                                          table.primary_id = name + "id";
                                          const Result<void> defined = transaction.define_table(table);
                                          if (!defined) return defined;
                                      }
                                      localstore::Scope scope;
                                      scope.table = name;
                                      scope.name = "all";
                                      scope.filter = filter;
                                      const auto number = transaction.rounds.define_scope(scope);
                                      if (!number) return number.error();
                                  }
                                  return {};
                              }));
    }

    void kill()
    {
        engine.reset();
        context.poll();
    }
    void revive()
    {
        auto made =
            engine::Engine::make({context, *store, *policies, clock, random, exchange, tokens, options});
        if (!made) FAIL(made.error().message);
        engine = std::move(*made);
    }
    /// As after a process's end: the file is opened anew.
    void reboot()
    {
        kill();
        store.reset();
        auto opened = localstore::Store::open(store_options());
        if (!opened) FAIL(opened.error().message);
        store = std::move(*opened);
        revive();
    }

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

    Result<CycleReport> cycle(engine::CycleRequest request = {})
    {
        return run<CycleReport>([request](engine::Engine& one) { return one.cycle(request); });
    }
    /// A cycle that may hang: false then.
    bool try_cycle()
    {
        std::function<engine::Task<Result<CycleReport>>(engine::Engine&)> operation =
            [](engine::Engine& one) { return one.cycle({}); };
        return try_run(std::move(operation)).has_value();
    }
    CycleReport sync()
    {
        const auto report = cycle();
        if (!report) FAIL(report.error().code + ": " + report.error().message);
        return *report;
    }
    Verification verify()
    {
        const auto found = run<Verification>([](engine::Engine& one) { return one.verify(); });
        if (!found) FAIL(found.error().code + ": " + found.error().message);
        return *found;
    }
    /// Both sides equal, and nothing waits.
    void check_equal()
    {
        const Verification found = verify();
        for (const auto& row : found.rows)
            UNSCOPED_INFO(row.record.table << " " << row.record.id.text() << ": " << row.difference);
        CHECK(found.outcome == Verification::Outcome::equal);
        CHECK(store->queue_figures()->live() == 0);
        CHECK(store->open_intents()->empty());
    }

    Guid create(const std::string& table, Fields fields)
    {
        const Guid id = Guid::make(*random);
        write({localstore::ChangeKind::create, {table, id}, std::move(fields)});
        return id;
    }
    void edit(const std::string& table, const Guid& id, Fields fields)
    {
        write({localstore::ChangeKind::update, {table, id}, std::move(fields)});
    }
    void erase(const std::string& table, const Guid& id)
    {
        write({localstore::ChangeKind::remove, {table, id}, {}});
    }
    std::vector<localstore::Sequence> write(localstore::Edit change)
    {
        return write_all({std::move(change)}, localstore::Grouping::separate);
    }
    std::vector<localstore::Sequence> write_all(const std::vector<localstore::Edit>& edits,
                                                localstore::Grouping grouping)
    {
        localstore::WriteContext context_of;
        context_of.now = clock->now();
        context_of.grouping = grouping;
        const auto made = store->write(edits, context_of);
        if (!made) FAIL(made.error().code + ": " + made.error().message);
        return *made;
    }
    Value get(const std::string& table, const Guid& id, const std::string& column) const
    {
        const auto view = store->get({table, id});
        if (!view) FAIL(view.error().message);
        if (!*view) return Null{};
        const auto found = (*view)->fields.find(column);
        return found == (*view)->fields.end() ? Value{} : found->second;
    }
    std::string text(const std::string& table, const Guid& id, const std::string& column) const
    {
        const Value value = get(table, id, column);
        const auto* found = std::get_if<std::string>(&value);
        return found ? *found : "";
    }
    bool has(const std::string& table, const Guid& id) const { return store->get({table, id})->has_value(); }

    static void check(const Result<void>& done)
    {
        if (!done) FAIL(done.error().code + ": " + done.error().message);
    }

private:
    Office& office_;
    std::filesystem::path folder_;

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

inline std::shared_ptr<VirtualClock> monday()
{
    return std::make_shared<VirtualClock>(*parse_instant("2026-11-02T09:00:00Z"));
}

inline Guid guid(int number)
{
    char text[37];
    std::snprintf(text, sizeof text, "10000000-0000-4000-8000-%012d", number);
    return *Guid::parse(text);
}

} // namespace hawser::tests

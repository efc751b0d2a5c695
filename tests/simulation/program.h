#pragma once

#include "engine/engine.h"
#include "engine/rules/policies.h"
#include "localstore/engine_lock.h"
#include "localstore/store.h"
#include "tests/engine_world.h"
#include "tests/simulation/fault_vfs.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hawser::tests {

/// The process ended in the middle of something.
struct Crashed {};

/// One user's program on one replica: the file, the lock and the engine, which end together whenever
/// the VFS says so. Whatever meets the end throws Crashed; a failure of anything else throws its words.
class Program {
public:
    Program(std::filesystem::path replica, FaultVfs& vfs, Office& office,
            std::shared_ptr<VirtualClock> clock);
    ~Program() { close(); }

    /// Makes the replica when there is none.
    void open();
    void close();

    template <class T>
    T take(Result<T> result) const
    {
        if (vfs_.crashed()) throw Crashed{};
        if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
        return std::move(*result);
    }
    void take(const Result<void>& result) const;

    /// Runs an operation of the engine until it ends, or everything does. For cycles, verifications and
    /// what has no result.
    template <class T>
    Result<T> run(std::function<engine::Task<Result<T>>(engine::Engine&)> operation);
    Result<CycleReport> cycle(engine::CycleRequest request = {});
    /// As people do: again until nothing is left to send.
    void sync(engine::CycleRequest request = {});

    localstore::Store& store() { return *store_; }
    OrganizationExchange& exchange() { return *exchange_; }
    const std::filesystem::path& path() const { return path_; }
    localstore::WriteContext by_user() const;
    /// Changes that the replica took over, in the order they were made.
    const std::vector<localstore::Sequence>& accepted() const { return accepted_; }
    void write(const std::vector<localstore::Edit>& edits, localstore::Grouping grouping);

private:
    localstore::StoreOptions options() const;
    localstore::Binding binding();
    void choose(const std::vector<std::string>& tables);
    void check_accepted();

    std::filesystem::path path_;
    FaultVfs& vfs_;
    Office& office_;
    std::shared_ptr<VirtualClock> clock_;
    std::shared_ptr<Random> random_ = seeded_random(5);
    std::shared_ptr<OrganizationExchange> exchange_;
    std::shared_ptr<ScriptedTokens> tokens_ = std::make_shared<ScriptedTokens>();
    std::shared_ptr<engine::Policies> policies_ = std::make_shared<engine::Policies>();
    std::vector<localstore::Sequence> accepted_{};

    std::unique_ptr<localstore::Store> store_{};
    std::unique_ptr<localstore::EngineLock> lock_{};
    std::unique_ptr<engine::Context> context_{};
    std::unique_ptr<engine::Engine> engine_{};
};

} // namespace hawser::tests

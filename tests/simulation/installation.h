#pragma once

#include "engine/engine.h"
#include "engine/loop.h"
#include "localstore/engine_lock.h"
#include "localstore/store.h"
#include "tests/folder.h"
#include "tests/scripted_tokens.h"
#include "tests/simulation/edges.h"
#include "tests/simulation/fault_vfs.h"
#include "tests/simulation/memory_vfs.h"
#include "tests/simulation/network.h"
#include "tests/simulation/own_clock.h"
#include "tests/simulation/rows.h"
#include "tests/virtual_clock.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

struct sqlite3;

namespace hawser::simulation {

/// Whom an installation is bound to and how it is set up.
struct Setup {
    std::size_t number = 0;
    Seat seat;
    bool meetings = false; ///< Whether appointments are aboard.
    localstore::Binding binding;
    std::string token;
    SynchronizerOptions options;
    std::uint64_t seed = 0;
    /// Is told each move of a change or an intent from one state to another; empty: nobody looks.
    std::function<void(const std::string&)> moved{};
};

/// One user's engine on one machine: the replica in a file, the engine on it while the process lives, and
/// the locks and clocks that a real process has. Everything that fails here for good throws.
class Installation {
public:
    Installation(Setup setup, std::shared_ptr<tests::VirtualClock> time, engine::Context& context,
                 std::shared_ptr<Network> network);
    ~Installation()
    {
        kill();
        let_go_of_file();
    }

    bool alive() const { return store_ != nullptr; }
    /// False of one that waits to begin as a copy.
    bool has_replica() const { return std::filesystem::exists(folder_ / "replica.hawser"); }
    bool has_engine() const { return engine_ != nullptr; }
    localstore::Store& store() { return *store_; }
    engine::Engine& engine() { return *engine_; }
    const Setup& setup() const { return setup_; }
    Instant now() const { return clock->now(); }
    const std::filesystem::path& folder() const { return folder_.path(); }

    /// Ends the process where it stands.
    void kill();
    /// Opens the file and takes the engine up again; empty-handed when the disk does not let it.
    void start();
    /// Everything ends at the write, sync or deletion of a file that comes after so many, or at the next sync then; only
    /// for frail ones.
    void crash_after(std::uint64_t steps, tests::Loss loss, std::uint64_t seed, tests::EndAt at);
    void crash_no_more();
    /// Whether that has come. What is in memory then is worth nothing; `kill` and `start` go on from the disk.
    bool crashed() const { return disk_ && disk_->crashed(); }
    std::string end_in_words() const { return disk_ ? disk_->end_in_words() : std::string(); }

    /// The files can grow by so many bytes; empty: there is room again.
    void limit_disk(std::optional<std::uint64_t> bytes);
    /// A process that could not begin does.
    void begin_where_possible();

    /// Another program writes to the file until it lets go, or the machine fails. False where it does not come to that.
    bool hold_file();
    void let_go_of_file();
    bool is_file_held() const { return other_program_ != nullptr; }

    /// How often SQLite was told that the disk is full, and, while another program held the file, that it is locked.
    std::uint64_t times_full() const { return memory_.times_full(); }
    std::uint64_t times_busy() const { return times_busy_; }

    /// The engine's lock on the replica, which a process that is split off here could not have.
    void let_go_of_lock() { lock_.reset(); }
    void take_lock_again()
    {
        if (store_) (void)take_lock();
    }

    /// Starts an operation of the engine and does not wait for it.
    void begin(std::function<engine::Task<void>(engine::Engine&)> operation);

    /// Begins to work on a copy of what another one's files hold at this moment.
    void begin_as_copy_of(const Installation& other);

    /// The file as it is now is put aside; `bring_back_copy` ends the process and puts it in the replica's
    /// place, for `start` to go on with.
    Result<void> keep_copy();
    bool bring_back_copy();

    /// What a person sees of a record, and of all records of a table.
    Row see(const RecordKey& key) const;
    const std::map<Guid, Texts>& see_all(const TrackedTable& table) const;
    /// Whether what observers were told is all that changed.
    bool was_told_all(const TrackedTable& table) const { return see_all(table) == read_all(table); }

    Result<std::vector<localstore::Sequence>> write(const std::vector<localstore::Edit>& edits,
                                                    localstore::Grouping grouping);
    localstore::WriteContext context_of_a_person() const;
    localstore::StoreOptions store_options() const;

    std::shared_ptr<OwnClock> clock;
    std::shared_ptr<Network> network;
    std::shared_ptr<tests::ScriptedTokens> tokens = std::make_shared<tests::ScriptedTokens>();

private:
    /// Whether something that will pass keeps a process from beginning.
    bool may_not_begin() const { return is_disk_limited_ || crashed() || is_file_held(); }
    Result<void> take_lock();

    void take_up();
    void watch();
    std::map<Guid, Texts> read_all(const TrackedTable& table) const;

    Setup setup_;
    engine::Context& context_;
    tests::Folder folder_{};
    tests::MemoryVfs memory_{folder_ / ""};
    std::unique_ptr<tests::FaultVfs> disk_{}; ///< Outlives whatever has a file open.
    std::shared_ptr<Random> random_;
    std::shared_ptr<engine::Policies> policies_;
    std::shared_ptr<sqlite3> other_program_{};
    std::uint64_t locked_before_ = 0; ///< How often a lock was taken before it came.
    std::uint64_t times_busy_ = 0;
    bool is_disk_limited_ = false;
    bool has_copy_ = false;
    std::unique_ptr<localstore::Store> store_;
    std::unique_ptr<Edges> edges_{};
    mutable std::map<std::string_view, std::map<Guid, Texts>> seen_{}; ///< As of when it was looked at.
    mutable std::set<RecordKey> changed_{};                            ///< Since then.
    std::unique_ptr<localstore::EngineLock> lock_;
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<engine::Loop> loop_;
};

} // namespace hawser::simulation

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace hawser::tests {

class MemoryVfs;

/// What becomes of what was written and not yet synced when everything ends at once.
enum class Loss {
    nothing,  ///< The process is killed; the machine goes on.
    unsynced, ///< The power fails: whatever came after a file's last sync is gone.
    torn,     ///< The power fails: of that, any sectors had arrived, by the seed.
};

constexpr const char* name(Loss loss)
{
    return loss == Loss::nothing ? "killed" : loss == Loss::unsynced ? "lost" : "torn";
}

/// At which steps everything may end.
enum class EndAt {
    any_step,
    a_sync, ///< Where a commit was about to become safe.
};

/// What was done to the files of a folder.
struct FileWork {
    std::uint64_t writes = 0;
    std::uint64_t syncs = 0;
    std::uint64_t truncates = 0;
    std::uint64_t deletes = 0;
    std::uint64_t renames = 0;

    std::uint64_t total() const { return writes + syncs + truncates + deletes + renames; }
};

/// A VFS with a fate for the files of one folder; other files are none of its concern.
///
/// It numbers every write, sync, truncate and delete from 1, and every rename of the process, and can end
/// everything at any of them: that one is not carried out, all later ones fail, and `restart` puts into the
/// folder what had survived. Files that others make there (locks, notes) survive as they are at that
/// moment, and renames as soon as they are made.
/// Nothing is really synced, and nobody who finds a lock taken sleeps: for one thread that works.
class FaultVfs {
public:
    enum class Registered {
        by_name,
        as_default, ///< Also for who names no VFS, as long as this lives.
    };

    /// On `memory` where one is given, which has to outlive this; else on SQLite's default VFS.
    explicit FaultVfs(const std::filesystem::path& folder, Registered registered = Registered::by_name,
                      MemoryVfs* memory = nullptr);
    /// No file may be open any more.
    ~FaultVfs();
    FaultVfs(const FaultVfs&) = delete;
    FaultVfs& operator=(const FaultVfs&) = delete;

    const std::string& name() const;

    FileWork work() const;
    std::uint64_t steps() const { return work().total(); }

    /// Everything ends at the step of that number, or at the first of that kind from it on. 0: never.
    void crash_at(std::uint64_t step, Loss loss, std::uint64_t seed, EndAt at = EndAt::any_step);
    /// Everything ends now.
    void crash(Loss loss, std::uint64_t seed);
    bool crashed() const;
    /// How everything ended at a step: "torn at a write", for one.
    std::string end_in_words() const;
    /// The folder as it is found after the crash. No file may be open. Steps are counted on.
    void restart();

    /// No file can grow.
    void fill(bool is_full);
    /// The same from the step of that number on. 0: never.
    void fill_at(std::uint64_t step);
    /// So many attempts to lock a file for writing find it locked; from the step of that number on.
    void lock_out(std::uint64_t attempts, std::uint64_t from_step = 0);

    /// The first page of a table's rows becomes unreadable, as a failing disk does it: no step. Nobody may
    /// have the database open.
    void spoil(const std::filesystem::path& database, const std::string& table);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace hawser::tests

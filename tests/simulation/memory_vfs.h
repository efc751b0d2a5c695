#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace hawser::tests {

/// SQLite's files of one folder, whose content never leaves memory. In the folder an empty file stands for
/// each: what is renamed, removed or given permissions there is, here too. A file that others wrote is
/// read when it is first opened. Locks and shared memory are those of one process.
///
/// For one thread. Content is gone with the object; no file may be open then any more.
class MemoryVfs {
public:
    explicit MemoryVfs(const std::filesystem::path& folder);
    ~MemoryVfs();
    MemoryVfs(const MemoryVfs&) = delete;
    MemoryVfs& operator=(const MemoryVfs&) = delete;

    const std::string& name() const;
    /// What a file of the folder holds, whoever wrote it; "" when there is no such file.
    std::string read(const std::filesystem::path& file) const;
    /// The file then holds this; it stays the same one where there is one.
    void write(const std::filesystem::path& file, std::string content);

    /// SQLite's files can grow by so many bytes, all together; empty: without a limit.
    void leave_room(std::optional<std::uint64_t> bytes);
    /// How often SQLite was told that there is none, and that a lock is taken.
    std::uint64_t times_full() const;
    std::uint64_t times_locked() const;

    /// A file was renamed: whether an open one is still what its path leads to is looked at again. Removing a file that
    /// is open, but by SQLite, is not noticed.
    static void renamed();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace hawser::tests

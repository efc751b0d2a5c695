#pragma once

#include "tests/simulation/fault_vfs.h"
#include "tests/simulation/memory_vfs.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::tests {

/// One file as it is seen, and as it would be found after the power failed.
class KeptFile {
public:
    /// `safe` is what the file held when it was first looked at.
    KeptFile(std::filesystem::path where, std::string safe, bool entry_is_safe);
    ~KeptFile();
    KeptFile(const KeptFile&) = delete;
    KeptFile& operator=(const KeptFile&) = delete;

    void write(std::uint64_t offset, std::string_view bytes);
    void truncate(std::uint64_t size);
    void sync();
    /// Written and safe at once.
    void spoil(std::uint64_t offset, std::string_view bytes);

    std::string seen() const;
    std::string after(Loss loss, std::uint64_t& seed) const;
    /// Whether the folder knows of the file after a loss of power.
    bool has_safe_entry() const { return entry_is_safe_; }
    const std::filesystem::path& where() const { return where_; }
    void replace(std::string safe);

    int users = 0; ///< Open handles.

private:
    struct Change {
        std::uint64_t offset = 0;
        std::string bytes{};
        bool is_end = false; ///< The file ends at `offset`.
    };
    static void apply(std::string& content, const Change& change);

    std::filesystem::path where_;
    int hold_; ///< Keeps the file's number from being given to another one.
    std::string safe_;
    std::vector<Change> pending_{};
    bool entry_is_safe_;
};

/// The files of one folder that SQLite opened, by what they are and not by their names, which change.
class KeptFiles {
public:
    /// `memory` is what holds the files where that is not the folder itself.
    KeptFiles(std::filesystem::path folder, MemoryVfs* memory) : folder_(std::move(folder)), memory_(memory)
    {
    }

    bool owns(std::string_view path) const;
    /// The file of that name; null when nobody opened it.
    std::shared_ptr<KeptFile> find(const std::filesystem::path& path) const;
    std::shared_ptr<KeptFile> add(const std::filesystem::path& path, std::string content, bool entry_is_safe);
    /// The first time also the folder is synced, as SQLite does it.
    void sync(KeptFile& file);
    /// A deletion that the folder was not synced after can come undone.
    void remove(const std::filesystem::path& path, bool entry_is_safe);

    /// Every file of the folder as it survives.
    std::map<std::filesystem::path, std::string> survivors(Loss loss, std::uint64_t seed) const;
    /// Makes the folder hold these and nothing else. A file that was there keeps its number.
    void replace(const std::map<std::filesystem::path, std::string>& files);

private:
    using Number = std::pair<std::uint64_t, std::uint64_t>;
    static bool number_of(const std::filesystem::path& path, Number& number);
    std::string content_of(const std::filesystem::path& file) const;
    void write(const std::filesystem::path& file, const std::string& content) const;

    std::filesystem::path folder_;
    MemoryVfs* memory_;
    std::map<Number, std::shared_ptr<KeptFile>> files_{};
    std::vector<std::shared_ptr<KeptFile>> deleted_{};
};

} // namespace hawser::tests

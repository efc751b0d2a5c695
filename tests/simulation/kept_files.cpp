#include "tests/simulation/kept_files.h"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace hawser::tests {
namespace {

using std::filesystem::path;

constexpr std::uint64_t sector = 512;

std::uint64_t next(std::uint64_t& seed)
{
    seed += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
}

bool heads(std::uint64_t& seed)
{
    return (next(seed) & 1) != 0;
}

} // namespace

// A descriptor that can neither read nor write takes no locks with it when it is closed.
KeptFile::KeptFile(path where, std::string safe, bool entry_is_safe)
    : where_(std::move(where)),
      hold_(::open(where_.c_str(), O_PATH | O_CLOEXEC)),
      safe_(std::move(safe)),
      entry_is_safe_(entry_is_safe)
{
}

KeptFile::~KeptFile()
{
    if (hold_ >= 0) ::close(hold_);
}

void KeptFile::apply(std::string& content, const Change& change)
{
    if (change.is_end || content.size() < change.offset) content.resize(change.offset);
    content.replace(change.offset, change.bytes.size(), change.bytes);
}

void KeptFile::write(std::uint64_t offset, std::string_view bytes)
{
    pending_.push_back({offset, std::string(bytes), false});
}

void KeptFile::truncate(std::uint64_t size)
{
    pending_.push_back({size, {}, true});
}

void KeptFile::sync()
{
    for (const Change& change : pending_) apply(safe_, change);
    pending_.clear();
    entry_is_safe_ = true;
}

void KeptFile::spoil(std::uint64_t offset, std::string_view bytes)
{
    apply(safe_, {offset, std::string(bytes), false});
    write(offset, bytes);
}

std::string KeptFile::seen() const
{
    std::string content = safe_;
    for (const Change& change : pending_) apply(content, change);
    return content;
}

void KeptFile::replace(std::string safe)
{
    safe_ = std::move(safe);
    pending_.clear();
}

std::string KeptFile::after(Loss loss, std::uint64_t& seed) const
{
    if (loss == Loss::nothing) return seen();
    std::string content = safe_;
    if (loss == Loss::unsynced) return content;
    for (const Change& change : pending_) {
        if (change.is_end) {
            if (heads(seed)) apply(content, change);
            continue;
        }
        for (std::size_t at = 0; at < change.bytes.size();) {
            const std::uint64_t offset = change.offset + at;
            const std::size_t part =
                std::min<std::size_t>(change.bytes.size() - at, sector - offset % sector);
            if (heads(seed)) apply(content, {offset, change.bytes.substr(at, part), false});
            at += part;
        }
    }
    return content;
}

bool KeptFiles::owns(std::string_view path) const
{
    const std::string& folder = folder_.native();
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool KeptFiles::number_of(const path& file, Number& number)
{
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return false;
    number = {found.st_dev, found.st_ino};
    return true;
}

std::string KeptFiles::content_of(const path& file) const
{
    if (memory_ != nullptr) return memory_->read(file);
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// In place: a file stays the same one.
void KeptFiles::write(const path& file, const std::string& content) const
{
    if (memory_ != nullptr) return memory_->write(file, content);
    std::ofstream(file, std::ios::binary) << content;
}

std::shared_ptr<KeptFile> KeptFiles::find(const path& file) const
{
    Number number;
    if (!number_of(file, number)) return nullptr;
    const auto found = files_.find(number);
    return found == files_.end() ? nullptr : found->second;
}

std::shared_ptr<KeptFile> KeptFiles::add(const path& file, std::string content, bool entry_is_safe)
{
    Number number;
    if (!number_of(file, number)) return nullptr;
    auto& kept = files_[number];
    kept = std::make_shared<KeptFile>(file, std::move(content), entry_is_safe);
    return kept;
}

void KeptFiles::sync(KeptFile& file)
{
    if (!file.has_safe_entry()) deleted_.clear();
    file.sync();
}

void KeptFiles::remove(const path& file, bool entry_is_safe)
{
    Number number;
    if (!number_of(file, number)) return;
    const auto found = files_.find(number);
    if (found == files_.end()) return;
    if (!entry_is_safe && found->second->has_safe_entry()) deleted_.push_back(found->second);
    files_.erase(found);
}

std::map<path, std::string> KeptFiles::survivors(Loss loss, std::uint64_t seed) const
{
    std::map<path, std::string> found;
    std::vector<path> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_))
        if (entry.is_regular_file() && !entry.path().native().ends_with("-shm"))
            names.push_back(entry.path());
    std::sort(names.begin(), names.end());
    for (const path& file : names) {
        const auto kept = find(file);
        if (!kept) {
            found.emplace(file, content_of(file));
            continue;
        }
        const bool is_known =
            loss == Loss::nothing || kept->has_safe_entry() || (loss == Loss::torn && heads(seed));
        if (is_known) found.emplace(file, kept->after(loss, seed));
    }
    if (loss == Loss::nothing) return found;
    for (const auto& kept : deleted_)
        if (loss == Loss::unsynced || heads(seed)) found.emplace(kept->where(), kept->after(loss, seed));
    return found;
}

void KeptFiles::replace(const std::map<path, std::string>& files)
{
    files_.clear();
    deleted_.clear();
    std::vector<path> gone;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_))
        if (!entry.is_directory() && !files.contains(entry.path())) gone.push_back(entry.path());
    for (const path& file : gone) std::filesystem::remove(file);
    for (const auto& [file, content] : files) {
        std::filesystem::create_directories(file.parent_path());
        write(file, content);
        std::filesystem::permissions(file, std::filesystem::perms::owner_read |
                                               std::filesystem::perms::owner_write);
    }
}

} // namespace hawser::tests

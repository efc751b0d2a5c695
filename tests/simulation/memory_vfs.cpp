#include "tests/simulation/memory_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hawser::tests {
namespace {

using Number = std::pair<std::uint64_t, std::uint64_t>;

struct Handle;

/// How much the files can grow, and what was refused.
struct Limits {
    std::optional<std::uint64_t> room{};
    std::uint64_t times_full = 0;
    std::uint64_t times_locked = 0;

    int locked()
    {
        ++times_locked;
        return SQLITE_BUSY;
    }
};

/// One file, whatever it is called.
struct Content {
    explicit Content(std::shared_ptr<Limits> common) : limits(std::move(common)) {}

    std::string bytes{};
    std::shared_ptr<Limits> limits; ///< Of its folder.
    Number number{};
    int hold = -1; ///< Keeps the number from being given to another file.
    int readers = 0;
    const Handle* reserving = nullptr;
    const Handle* excluding = nullptr; ///< Waits for the readers to go, or is alone.
    std::vector<std::unique_ptr<char[]>> shared{};
    std::array<int, SQLITE_SHM_NLOCK> shared_locks{}; ///< How many read; -1: one writes.
    int sharing = 0;

    ~Content()
    {
        if (hold >= 0) ::close(hold);
    }
};

/// The files of one folder, by what they are and not by their names, which change.
struct Folder {
    std::string path;
    sqlite3_vfs* beneath = sqlite3_vfs_find(nullptr);
    std::map<Number, std::shared_ptr<Content>> contents{};
    std::shared_ptr<Limits> limits = std::make_shared<Limits>();
};

/// How often a file was renamed or deleted.
std::atomic<std::uint64_t> renames{1};

/// What SQLite holds for an open file.
struct Handle {
    sqlite3_file base;
    std::shared_ptr<Content>* content;
    std::string* path;
    int level;
    unsigned shares;   ///< Locks in shared memory that it holds with others.
    unsigned excludes; ///< … and alone.
    bool maps;
    std::uint64_t renames_seen; ///< When it was last looked at whether the path leads to it.
    bool moved;
};

Handle& handle(sqlite3_file* file)
{
    return *reinterpret_cast<Handle*>(file);
}

Content& content(sqlite3_file* file)
{
    return **handle(file).content;
}

bool number_of(const char* path, Number& number)
{
    struct stat found {};
    if (::stat(path, &found) != 0) return false;
    number = {found.st_dev, found.st_ino};
    return true;
}

std::shared_ptr<Content> find(const Folder& folder, const char* path)
{
    Number number;
    if (!number_of(path, number)) return nullptr;
    const auto found = folder.contents.find(number);
    return found == folder.contents.end() ? nullptr : found->second;
}

std::string content_of(const std::filesystem::path& path)
{
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    std::string content(stream ? static_cast<std::size_t>(stream.tellg()) : 0, '\0');
    stream.seekg(0);
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    return content;
}

/// What others wrote there is taken over.
std::shared_ptr<Content> adopt(Folder& folder, const char* path)
{
    auto made = std::make_shared<Content>(folder.limits);
    if (!number_of(path, made->number)) return nullptr;
    // A descriptor that can neither read nor write takes no locks with it when it is closed.
    made->hold = ::open(path, O_PATH | O_CLOEXEC);
    made->bytes = content_of(path);
    folder.contents[made->number] = made;
    return made;
}

std::shared_ptr<Content> open_content(Folder& folder, const char* path, bool may_make)
{
    if (auto found = find(folder, path)) return found;
    if (may_make) {
        const int made = ::open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        if (made >= 0) ::close(made);
    }
    return adopt(folder, path);
}

int unlock_file(sqlite3_file* given, int level)
{
    Handle& file = handle(given);
    Content& held = content(given);
    if (file.level <= level) return SQLITE_OK;
    if (held.reserving == &file) held.reserving = nullptr;
    if (held.excluding == &file) held.excluding = nullptr;
    if (level == SQLITE_LOCK_NONE) --held.readers;
    file.level = level;
    return SQLITE_OK;
}

int lock_file(sqlite3_file* given, int level)
{
    Handle& file = handle(given);
    Content& held = content(given);
    if (file.level >= level) return SQLITE_OK;
    if (file.level == SQLITE_LOCK_NONE) {
        if (held.excluding != nullptr) return held.limits->locked();
        ++held.readers;
        file.level = SQLITE_LOCK_SHARED;
    }
    if (level == SQLITE_LOCK_SHARED) return SQLITE_OK;
    if (held.reserving != nullptr && held.reserving != &file) return held.limits->locked();
    held.reserving = &file;
    file.level = std::max(file.level, SQLITE_LOCK_RESERVED);
    if (level == SQLITE_LOCK_RESERVED) return SQLITE_OK;
    held.excluding = &file;
    file.level = SQLITE_LOCK_PENDING;
    if (held.readers > 1) return held.limits->locked();
    file.level = SQLITE_LOCK_EXCLUSIVE;
    return SQLITE_OK;
}

int check_reserved(sqlite3_file* given, int* answer)
{
    *answer = content(given).reserving != nullptr ? 1 : 0;
    return SQLITE_OK;
}

int lock_shared(sqlite3_file* given, int offset, int count, int flags)
{
    Handle& file = handle(given);
    Content& held = content(given);
    auto& locks = held.shared_locks;
    const unsigned mask = ((1U << (offset + count)) - 1) & ~((1U << offset) - 1);
    const bool alone = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    unsigned& mine = alone ? file.excludes : file.shares;
    for (int i = offset; i < offset + count; ++i) {
        int& lock = locks[static_cast<std::size_t>(i)];
        const bool has = (mine & (1U << i)) != 0;
        if ((flags & SQLITE_SHM_UNLOCK) != 0)
            lock = !has ? lock : alone ? 0 : lock - 1;
        else if (!has && (alone ? lock != 0 : lock < 0))
            return held.limits->locked();
    }
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        mine &= ~mask;
        return SQLITE_OK;
    }
    for (int i = offset; i < offset + count; ++i) {
        int& lock = locks[static_cast<std::size_t>(i)];
        if ((mine & (1U << i)) == 0) lock = alone ? -1 : lock + 1;
    }
    mine |= mask;
    return SQLITE_OK;
}

int map_shared(sqlite3_file* given, int region, int size, int extend, void volatile** where)
{
    Content& held = content(given);
    if (!std::exchange(handle(given).maps, true)) ++held.sharing;
    const auto at = static_cast<std::size_t>(region);
    *where = nullptr;
    if (extend == 0 && at >= held.shared.size()) return SQLITE_OK;
    while (held.shared.size() <= at)
        held.shared.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
    *where = held.shared[at].get();
    return SQLITE_OK;
}

void shared_barrier(sqlite3_file*)
{
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// The last one leaves nothing behind: the next one reads the log.
int unmap_shared(sqlite3_file* given, int)
{
    Content& held = content(given);
    (void)lock_shared(given, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
    (void)lock_shared(given, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
    if (std::exchange(handle(given).maps, false) && --held.sharing == 0) held.shared.clear();
    return SQLITE_OK;
}

int close_file(sqlite3_file* given)
{
    Handle& file = handle(given);
    (void)unmap_shared(given, 0);
    (void)unlock_file(given, SQLITE_LOCK_NONE);
    delete file.content;
    delete file.path;
    return SQLITE_OK;
}

int read_file(sqlite3_file* given, void* data, int size, sqlite3_int64 offset)
{
    const std::string& bytes = content(given).bytes;
    const auto wanted = static_cast<std::size_t>(size);
    const std::size_t start = std::min(static_cast<std::size_t>(offset), bytes.size());
    const std::size_t there = std::min(wanted, bytes.size() - start);
    std::memcpy(data, bytes.data() + start, there);
    if (there == wanted) return SQLITE_OK;
    std::memset(static_cast<char*>(data) + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* given, const void* data, int size, sqlite3_int64 offset)
{
    constexpr std::size_t least_room = 1 << 20;
    std::string& bytes = content(given).bytes;
    const auto start = static_cast<std::size_t>(offset);
    const std::size_t end = start + static_cast<std::size_t>(size);
    if (Limits& limits = *content(given).limits; limits.room && end > bytes.size()) {
        if (end - bytes.size() > *limits.room) {
            ++limits.times_full;
            return SQLITE_FULL;
        }
        *limits.room -= end - bytes.size();
    }
    if (bytes.capacity() < end) bytes.reserve(std::max(least_room, 2 * end));
    if (bytes.size() < start) bytes.resize(start);
    bytes.replace(start, end - start, static_cast<const char*>(data), static_cast<std::size_t>(size));
    return SQLITE_OK;
}

int truncate_file(sqlite3_file* given, sqlite3_int64 size)
{
    content(given).bytes.resize(static_cast<std::size_t>(size));
    return SQLITE_OK;
}

int sync_file(sqlite3_file*, int)
{
    return SQLITE_OK;
}

int size_of_file(sqlite3_file* given, sqlite3_int64* size)
{
    *size = static_cast<sqlite3_int64>(content(given).bytes.size());
    return SQLITE_OK;
}

int control(sqlite3_file* given, int operation, void* argument)
{
    if (operation != SQLITE_FCNTL_HAS_MOVED) return SQLITE_NOTFOUND;
    Handle& file = handle(given);
    if (file.renames_seen != renames) {
        Number number;
        file.moved = !number_of(file.path->c_str(), number) || number != content(given).number;
        file.renames_seen = renames;
    }
    *static_cast<int*>(argument) = file.moved ? 1 : 0;
    return SQLITE_OK;
}

int sector_size(sqlite3_file*)
{
    return 4096;
}

/// As SQLite takes it of other files: a write does not spoil what is beside it.
int characteristics(sqlite3_file*)
{
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

constexpr sqlite3_io_methods methods = {
    2,           close_file,     read_file,      write_file, truncate_file, sync_file,       size_of_file,
    lock_file,   unlock_file,    check_reserved, control,    sector_size,   characteristics, map_shared,
    lock_shared, shared_barrier, unmap_shared,   nullptr,    nullptr};

Folder& folder_of(sqlite3_vfs* vfs)
{
    return *static_cast<Folder*>(vfs->pAppData);
}

bool owns(const Folder& folder, std::string_view path)
{
    return path.size() > folder.path.size() && path.starts_with(folder.path) &&
           path[folder.path.size()] == '/';
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* given, int flags, int* opened_as)
{
    Folder& folder = folder_of(vfs);
    if (path == nullptr || !owns(folder, path))
        return folder.beneath->xOpen(folder.beneath, path, given, flags, opened_as);
    given->pMethods = nullptr;
    auto opened = open_content(folder, path, (flags & SQLITE_OPEN_CREATE) != 0);
    if (!opened) return SQLITE_CANTOPEN;
    Handle& file = handle(given);
    file = {
        {&methods}, new std::shared_ptr<Content>(std::move(opened)), new std::string(path), 0, 0, 0, false, 0,
        false};
    if (opened_as != nullptr) *opened_as = flags;
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_folder)
{
    Folder& folder = folder_of(vfs);
    if (const auto found = owns(folder, path) ? find(folder, path) : nullptr)
        folder.contents.erase(found->number);
    ++renames;
    return folder.beneath->xDelete(folder.beneath, path, sync_folder);
}

/// An empty file counts as none where existence is asked, as with SQLite's own.
int access_file(sqlite3_vfs* vfs, const char* path, int flags, int* answer)
{
    const Folder& folder = folder_of(vfs);
    const auto found = owns(folder, path) ? find(folder, path) : nullptr;
    if (!found || flags != SQLITE_ACCESS_EXISTS)
        return folder.beneath->xAccess(folder.beneath, path, flags, answer);
    *answer = found->bytes.empty() ? 0 : 1;
    return SQLITE_OK;
}

/// In one thread nobody lets go of a lock meanwhile.
int no_sleep(sqlite3_vfs*, int microseconds)
{
    return microseconds;
}

std::string new_name()
{
    static std::atomic<int> count{0};
    return "hawser-memory-" + std::to_string(++count);
}

} // namespace

struct MemoryVfs::Impl {
    Folder folder{};
    std::string name = new_name();
    sqlite3_vfs own{};
};

MemoryVfs::MemoryVfs(const std::filesystem::path& folder) : impl_(std::make_unique<Impl>())
{
    impl_->folder.path = std::filesystem::canonical(folder).native();
    sqlite3_vfs& own = impl_->own;
    own = *impl_->folder.beneath;
    own.iVersion = 2;
    own.pNext = nullptr;
    own.zName = impl_->name.c_str();
    own.pAppData = &impl_->folder;
    own.szOsFile = std::max(own.szOsFile, static_cast<int>(sizeof(Handle)));
    own.xOpen = open_file;
    own.xDelete = delete_file;
    own.xAccess = access_file;
    own.xSleep = no_sleep;
    if (sqlite3_vfs_register(&own, 0) != SQLITE_OK) throw std::runtime_error("SQLite takes no other VFS");
}

MemoryVfs::~MemoryVfs()
{
    sqlite3_vfs_unregister(&impl_->own);
}

const std::string& MemoryVfs::name() const
{
    return impl_->name;
}

std::string MemoryVfs::read(const std::filesystem::path& file) const
{
    const auto found = find(impl_->folder, file.c_str());
    return found ? found->bytes : content_of(file);
}

void MemoryVfs::renamed()
{
    ++renames;
}

void MemoryVfs::write(const std::filesystem::path& file, std::string bytes)
{
    if (const auto found = find(impl_->folder, file.c_str()))
        found->bytes = std::move(bytes);
    else
        std::ofstream(file, std::ios::binary) << bytes;
}

void MemoryVfs::leave_room(std::optional<std::uint64_t> bytes)
{
    impl_->folder.limits->room = bytes;
}

std::uint64_t MemoryVfs::times_full() const
{
    return impl_->folder.limits->times_full;
}

std::uint64_t MemoryVfs::times_locked() const
{
    return impl_->folder.limits->times_locked;
}

} // namespace hawser::tests

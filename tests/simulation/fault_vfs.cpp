#include "tests/simulation/fault_vfs.h"

#include "tests/simulation/kept_files.h"

#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace hawser::tests {
namespace {

/// What befalls the files of one folder. Guarded by its mutex.
struct Fate {
    Fate(const std::filesystem::path& folder, MemoryVfs* memory)
        : files(std::filesystem::canonical(folder), memory),
          real(sqlite3_vfs_find(memory != nullptr ? memory->name().c_str() : nullptr))
    {
    }

    bool is_last_step(const std::uint64_t& count) const
    {
        const bool is_meant = kind == EndAt::any_step || &count == &work.syncs;
        return !crashed && end_at != 0 && is_meant && has_come_to(end_at);
    }
    /// Counts the step, unless everything ends with it or had ended before.
    bool ends(std::uint64_t& count)
    {
        if (is_last_step(count)) {
            ended_at = name_of(count);
            end();
        }
        if (!crashed) ++count;
        return crashed;
    }
    const char* name_of(const std::uint64_t& count) const
    {
        if (&count == &work.writes) return "write";
        if (&count == &work.syncs) return "sync";
        if (&count == &work.truncates) return "truncate";
        return &count == &work.deletes ? "delete" : "rename";
    }
    void end()
    {
        crashed = true;
        survivors = files.survivors(loss, seed);
    }
    bool has_come_to(std::uint64_t step) const { return work.total() + 1 >= step; }
    bool has_room()
    {
        if (full_from != 0 && has_come_to(full_from)) is_full = true;
        return !is_full;
    }
    bool refuses_lock()
    {
        if (attempts_to_refuse == 0 || !has_come_to(refuse_from)) return false;
        --attempts_to_refuse;
        return true;
    }

    std::mutex mutex{};
    KeptFiles files;
    sqlite3_vfs* real;
    FileWork work{};
    std::uint64_t end_at = 0;
    EndAt kind = EndAt::any_step;
    Loss loss = Loss::nothing;
    std::uint64_t seed = 0;
    const char* ended_at = "";
    bool crashed = false;
    bool is_full = false;
    std::uint64_t full_from = 0;
    std::uint64_t attempts_to_refuse = 0;
    std::uint64_t refuse_from = 0;
    std::map<std::filesystem::path, std::string> survivors{};
};

using Guard = std::lock_guard<std::mutex>;

/// What SQLite holds for an open file; the default VFS's own part stands behind it.
struct Handle {
    sqlite3_file base;
    sqlite3_file* real;
    Fate* fate;
    std::shared_ptr<KeptFile>* kept; ///< Null for other people's files.
};

Handle& handle(sqlite3_file* file)
{
    return *reinterpret_cast<Handle*>(file);
}

const sqlite3_io_methods& real(const Handle& file)
{
    return *file.real->pMethods;
}

bool is_dead(const Handle& file)
{
    const Guard guard(file.fate->mutex);
    return file.kept != nullptr && file.fate->crashed;
}

int close_file(sqlite3_file* given)
{
    Handle& file = handle(given);
    if (file.kept != nullptr) {
        const Guard guard(file.fate->mutex);
        --(*file.kept)->users;
        delete file.kept;
        file.kept = nullptr;
    }
    return real(file).xClose(file.real);
}

int read_file(sqlite3_file* given, void* data, int size, sqlite3_int64 offset)
{
    const Handle& file = handle(given);
    return is_dead(file) ? SQLITE_IOERR_READ : real(file).xRead(file.real, data, size, offset);
}

int write_file(sqlite3_file* given, const void* data, int size, sqlite3_int64 offset)
{
    const Handle& file = handle(given);
    if (file.kept == nullptr) return real(file).xWrite(file.real, data, size, offset);
    const Guard guard(file.fate->mutex);
    Fate& fate = *file.fate;
    const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(size));
    const auto start = static_cast<std::uint64_t>(offset);
    if (!fate.crashed && !fate.has_room()) {
        sqlite3_int64 end = 0;
        real(file).xFileSize(file.real, &end);
        if (offset + size > end) return SQLITE_FULL;
    }
    // The write at which the power fails may have come halfway.
    if (fate.is_last_step(fate.work.writes) && fate.loss == Loss::torn) (*file.kept)->write(start, bytes);
    if (fate.ends(fate.work.writes)) return SQLITE_IOERR_WRITE;
    const int written = real(file).xWrite(file.real, data, size, offset);
    if (written == SQLITE_OK) (*file.kept)->write(start, bytes);
    return written;
}

int truncate_file(sqlite3_file* given, sqlite3_int64 size)
{
    const Handle& file = handle(given);
    if (file.kept == nullptr) return real(file).xTruncate(file.real, size);
    const Guard guard(file.fate->mutex);
    if (file.fate->ends(file.fate->work.truncates)) return SQLITE_IOERR_TRUNCATE;
    (*file.kept)->truncate(static_cast<std::uint64_t>(size));
    return real(file).xTruncate(file.real, size);
}

int sync_file(sqlite3_file* given, int flags)
{
    const Handle& file = handle(given);
    if (file.kept == nullptr) return real(file).xSync(file.real, flags);
    const Guard guard(file.fate->mutex);
    if (file.fate->ends(file.fate->work.syncs)) return SQLITE_IOERR_FSYNC;
    file.fate->files.sync(**file.kept);
    return SQLITE_OK;
}

int size_of_file(sqlite3_file* given, sqlite3_int64* size)
{
    const Handle& file = handle(given);
    return is_dead(file) ? SQLITE_IOERR_FSTAT : real(file).xFileSize(file.real, size);
}

int lock_file(sqlite3_file* given, int level)
{
    const Handle& file = handle(given);
    if (is_dead(file)) return SQLITE_IOERR_LOCK;
    if (file.kept != nullptr && level >= SQLITE_LOCK_RESERVED) {
        const Guard guard(file.fate->mutex);
        if (file.fate->refuses_lock()) return SQLITE_BUSY;
    }
    return real(file).xLock(file.real, level);
}

int unlock_file(sqlite3_file* given, int level)
{
    return real(handle(given)).xUnlock(handle(given).real, level);
}

int check_reserved(sqlite3_file* given, int* answer)
{
    const Handle& file = handle(given);
    return is_dead(file) ? SQLITE_IOERR_CHECKRESERVEDLOCK : real(file).xCheckReservedLock(file.real, answer);
}

int control(sqlite3_file* given, int operation, void* argument)
{
    return real(handle(given)).xFileControl(handle(given).real, operation, argument);
}

int sector_size(sqlite3_file* given)
{
    return real(handle(given)).xSectorSize(handle(given).real);
}

int characteristics(sqlite3_file* given)
{
    return real(handle(given)).xDeviceCharacteristics(handle(given).real);
}

int map_shared(sqlite3_file* given, int region, int size, int extend, void volatile** where)
{
    const Handle& file = handle(given);
    return is_dead(file) ? SQLITE_IOERR_SHMMAP : real(file).xShmMap(file.real, region, size, extend, where);
}

int lock_shared(sqlite3_file* given, int offset, int count, int flags)
{
    const Handle& file = handle(given);
    const bool takes = (flags & SQLITE_SHM_LOCK) != 0;
    if (takes && is_dead(file)) return SQLITE_IOERR_SHMLOCK;
    if (takes && (flags & SQLITE_SHM_EXCLUSIVE) != 0 && file.kept != nullptr) {
        const Guard guard(file.fate->mutex);
        if (file.fate->refuses_lock()) return SQLITE_BUSY;
    }
    return real(file).xShmLock(file.real, offset, count, flags);
}

void shared_barrier(sqlite3_file* given)
{
    real(handle(given)).xShmBarrier(handle(given).real);
}

int unmap_shared(sqlite3_file* given, int remove)
{
    const Handle& file = handle(given);
    return real(file).xShmUnmap(file.real, is_dead(file) ? 0 : remove);
}

constexpr sqlite3_io_methods methods = {
    2,           close_file,     read_file,      write_file, truncate_file, sync_file,       size_of_file,
    lock_file,   unlock_file,    check_reserved, control,    sector_size,   characteristics, map_shared,
    lock_shared, shared_barrier, unmap_shared,   nullptr,    nullptr};

std::string whole(sqlite3_file* file)
{
    sqlite3_int64 size = 0;
    if (file->pMethods->xFileSize(file, &size) != SQLITE_OK || size <= 0) return {};
    std::string content(static_cast<std::size_t>(size), '\0');
    if (file->pMethods->xRead(file, content.data(), static_cast<int>(size), 0) != SQLITE_OK) return {};
    return content;
}

/// A file that SQLite opened is watched from now on. What others wrote to it meanwhile counts as safe.
std::shared_ptr<KeptFile>* watch(Fate& fate, const char* path, sqlite3_file* file, bool is_made_now)
{
    auto kept = fate.files.find(path);
    if (!kept) {
        kept = fate.files.add(path, whole(file), !is_made_now);
    } else if (kept->users == 0) {
        if (std::string content = whole(file); content != kept->seen()) kept->replace(std::move(content));
    }
    if (!kept) return nullptr;
    ++kept->users;
    return new std::shared_ptr<KeptFile>(kept);
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* given, int flags, int* opened_as)
{
    auto& fate = *static_cast<Fate*>(vfs->pAppData);
    Handle& file = handle(given);
    file.base.pMethods = nullptr;
    file.fate = &fate;
    file.kept = nullptr;
    file.real = reinterpret_cast<sqlite3_file*>(&file + 1);
    const bool ours = path != nullptr && fate.files.owns(path);
    const Guard guard(fate.mutex);
    if (ours && fate.crashed) return SQLITE_CANTOPEN;
    std::error_code failed;
    const bool is_made_now = ours && !std::filesystem::exists(path, failed);
    const int result = fate.real->xOpen(fate.real, path, file.real, flags, opened_as);
    if (result != SQLITE_OK) {
        if (file.real->pMethods != nullptr) file.real->pMethods->xClose(file.real);
        return result;
    }
    if (ours) file.kept = watch(fate, path, file.real, is_made_now);
    file.base.pMethods = &methods;
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_folder)
{
    auto& fate = *static_cast<Fate*>(vfs->pAppData);
    if (!fate.files.owns(path)) return fate.real->xDelete(fate.real, path, sync_folder);
    const Guard guard(fate.mutex);
    std::error_code failed;
    if (!std::filesystem::exists(path, failed)) return SQLITE_IOERR_DELETE_NOENT;
    if (fate.ends(fate.work.deletes)) return SQLITE_IOERR_DELETE;
    fate.files.remove(path, sync_folder != 0);
    return fate.real->xDelete(fate.real, path, 0);
}

int access_file(sqlite3_vfs* vfs, const char* path, int flags, int* answer)
{
    const auto& fate = *static_cast<Fate*>(vfs->pAppData);
    return fate.real->xAccess(fate.real, path, flags, answer);
}

int no_sleep(sqlite3_vfs*, int microseconds)
{
    return microseconds;
}

/// Those that live, for renames.
struct Living {
    std::mutex mutex{};
    std::vector<Fate*> fates{};
};

Living& living()
{
    static Living all;
    return all;
}

std::string new_name()
{
    static std::atomic<int> count{0};
    return "hawser-fault-" + std::to_string(++count);
}

bool may_rename(const char* from)
{
    const Guard living_guard(living().mutex);
    for (Fate* fate : living().fates) {
        const Guard guard(fate->mutex);
        if (fate->files.owns(from)) return !fate->ends(fate->work.renames);
    }
    return true;
}

struct Place {
    std::uint64_t offset = 0;
    std::size_t size = 0;
};

/// The log of the database is not looked at: a table's first page never moves.
Place first_page(const std::filesystem::path& database, const std::string& table, const char* vfs)
{
    sqlite3* opened = nullptr;
    sqlite3_stmt* found = nullptr;
    Place place;
    const std::string name = "file:" + database.native() + "?immutable=1";
    constexpr const char* sql =
        "SELECT (rootpage - 1) * page_size, page_size FROM sqlite_schema, pragma_page_size "
        "WHERE type = 'table' AND name = ?1";
    if (sqlite3_open_v2(name.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, vfs) == SQLITE_OK &&
        sqlite3_prepare_v2(opened, sql, -1, &found, nullptr) == SQLITE_OK &&
        sqlite3_bind_text(found, 1, table.c_str(), -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(found) == SQLITE_ROW)
        place = {static_cast<std::uint64_t>(sqlite3_column_int64(found, 0)),
                 static_cast<std::size_t>(sqlite3_column_int64(found, 1))};
    sqlite3_finalize(found);
    sqlite3_close(opened);
    if (place.size == 0) throw std::runtime_error("there is no table " + table);
    return place;
}

} // namespace

struct FaultVfs::Impl : Fate {
    Impl(const std::filesystem::path& folder, MemoryVfs* memory) : Fate(folder, memory)
    {
        const Guard guard(living().mutex);
        living().fates.push_back(this);
    }
    ~Impl()
    {
        const Guard guard(living().mutex);
        std::erase(living().fates, this);
    }

    std::string name = new_name();
    sqlite3_vfs own{};
};

FaultVfs::FaultVfs(const std::filesystem::path& folder, Registered registered, MemoryVfs* memory)
    : impl_(std::make_unique<Impl>(folder, memory))
{
    sqlite3_vfs& own = impl_->own;
    own = *impl_->real;
    own.iVersion = 2;
    own.pNext = nullptr;
    own.zName = impl_->name.c_str();
    own.pAppData = static_cast<Fate*>(impl_.get());
    own.szOsFile = static_cast<int>(sizeof(Handle)) + impl_->real->szOsFile;
    own.xOpen = open_file;
    own.xDelete = delete_file;
    own.xAccess = access_file;
    own.xSleep = no_sleep;
    if (sqlite3_vfs_register(&own, registered == Registered::as_default ? 1 : 0) != SQLITE_OK)
        throw std::runtime_error("SQLite takes no other VFS");
}

FaultVfs::~FaultVfs()
{
    sqlite3_vfs_unregister(&impl_->own);
}

const std::string& FaultVfs::name() const
{
    return impl_->name;
}

FileWork FaultVfs::work() const
{
    const Guard guard(impl_->mutex);
    return impl_->work;
}

void FaultVfs::crash_at(std::uint64_t step, Loss loss, std::uint64_t seed, EndAt at)
{
    const Guard guard(impl_->mutex);
    impl_->end_at = step;
    impl_->kind = at;
    impl_->loss = loss;
    impl_->seed = seed;
}

void FaultVfs::crash(Loss loss, std::uint64_t seed)
{
    const Guard guard(impl_->mutex);
    if (impl_->crashed) return;
    impl_->loss = loss;
    impl_->seed = seed;
    impl_->end();
}

bool FaultVfs::crashed() const
{
    const Guard guard(impl_->mutex);
    return impl_->crashed;
}

std::string FaultVfs::end_in_words() const
{
    const Guard guard(impl_->mutex);
    return std::string(tests::name(impl_->loss)) + " at a " + impl_->ended_at;
}

void FaultVfs::restart()
{
    const Guard guard(impl_->mutex);
    if (!impl_->crashed) return;
    impl_->files.replace(impl_->survivors);
    impl_->survivors.clear();
    impl_->crashed = false;
    impl_->end_at = 0;
}

void FaultVfs::fill(bool is_full)
{
    const Guard guard(impl_->mutex);
    impl_->is_full = is_full;
    impl_->full_from = 0;
}

void FaultVfs::fill_at(std::uint64_t step)
{
    const Guard guard(impl_->mutex);
    impl_->full_from = step;
}

void FaultVfs::lock_out(std::uint64_t attempts, std::uint64_t from_step)
{
    const Guard guard(impl_->mutex);
    impl_->attempts_to_refuse = attempts;
    impl_->refuse_from = from_step;
}

void FaultVfs::spoil(const std::filesystem::path& database, const std::string& table)
{
    const Guard guard(impl_->mutex);
    const Place page = first_page(database, table, impl_->real->zName);
    const std::string nonsense(page.size, '\xa5');
    if (const auto kept = impl_->files.find(database)) kept->spoil(page.offset, nonsense);
    std::fstream file(database, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(page.offset));
    if (!file.write(nonsense.data(), static_cast<std::streamsize>(page.size)))
        throw std::runtime_error("the database cannot be spoiled");
}

} // namespace hawser::tests

/// The C library's, for the whole program: what is moved by std::filesystem is a step, too.
extern "C" __attribute__((visibility("default"))) int rename(const char* from, const char* to) noexcept
{
    if (!hawser::tests::may_rename(from)) {
        errno = EIO;
        return -1;
    }
    const int done = ::renameat(AT_FDCWD, from, AT_FDCWD, to);
    hawser::tests::MemoryVfs::renamed();
    return done;
}

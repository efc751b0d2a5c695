#include "localstore/store_impl.h"

#include "localstore/platform/wake.h"

namespace hawser::localstore {
namespace {

constexpr std::size_t most_named_records = 100;
constexpr std::int64_t short_transaction_rows = 500;
constexpr int short_transactions_after_contest = 20;
constexpr std::int64_t kept_log_bytes = 64LL << 20;

int remember_frames(void* frames, sqlite3*, const char*, int count)
{
    *static_cast<int*>(frames) = count;
    return SQLITE_OK;
}

} // namespace

void TransactionState::touched(const RecordKey& key)
{
    if (notice.records.size() >= most_named_records) {
        notice.many = true;
        return;
    }
    if (notice.records.empty() || notice.records.back() != key) notice.records.push_back(key);
}

Store::Impl::Impl(StoreOptions options, Access reading, platform::FileUse use)
    : options_(std::move(options)), reading_(reading), use_(std::move(use))
{
    if (!options_.fold) options_.fold = plain_fold();
}

DatabaseOptions Store::Impl::reader_options() const
{
    DatabaseOptions reader;
    reader.path = options_.path;
    reader.vfs = options_.vfs;
    reader.access = reading_;
    reader.busy_timeout = options_.busy_timeout;
    reader.cache_kilobytes = options_.cache_kilobytes / 2;
    return reader;
}

Result<void> Store::Impl::start(const std::function<Result<void>(Database&, TableCache&)>& make_ready)
{
    return fenced(options_.path, [&]() -> Result<void> {
        DatabaseOptions writer = reader_options();
        writer.access = Access::read_write;
        writer.cache_kilobytes = options_.cache_kilobytes;
        writer.max_pages = options_.max_pages;
        writer_ = std::make_unique<Database>(writer);
        // Checkpoints are ours to place, and closing a replica writes nothing.
        sqlite3_db_config(writer_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        sqlite3_wal_hook(writer_->handle(), remember_frames, &log_frames_);
        // What is overwritten need not be zeroed: the file is as private as its content.
        writer_->execute("PRAGMA secure_delete = OFF");
        writer_->execute("PRAGMA journal_size_limit = " + std::to_string(kept_log_bytes));
        return make_ready(*writer_, cache_);
    });
}

Store::Impl::Reader::~Reader()
{
    if (!database_) return;
    const std::lock_guard lock(store_.readers_mutex_);
    if (store_.idle_readers_.size() < store_.options_.readers)
        store_.idle_readers_.push_back(std::move(database_));
}

Store::Impl::Reader Store::Impl::borrow() const
{
    {
        const std::lock_guard lock(readers_mutex_);
        if (!idle_readers_.empty()) {
            Reader reader(*this, std::move(idle_readers_.back()));
            idle_readers_.pop_back();
            return reader;
        }
    }
    auto database = std::make_unique<Database>(reader_options());
    sqlite3_db_config(database->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return {*this, std::move(database)};
}

Result<void> Store::Impl::writable() const
{
    if (writer_) return {};
    return refusal(code::read_only, "The replica " + options_.path.string() +
                                        " was opened only to be looked at; nothing was changed. Open it "
                                        "without ReplicaOptions::inspect.");
}

void Store::Impl::begin(Durability durability)
{
    if (synchronous_ != durability) {
        synchronous_.reset();
        writer_->execute(durability == Durability::full ? "PRAGMA synchronous = FULL"
                                                        : "PRAGMA synchronous = NORMAL");
        synchronous_ = durability;
    }
    writer_->prepare("BEGIN IMMEDIATE").run();
    // Inside: whoever replaces the file, as repair does, keeps writers out until it is done.
    check_in_place(*writer_);
    look_for_others();
    rows_before_yield_ = contested_transactions_ > 0 ? short_transaction_rows : 0;
    if (contested_transactions_ > 0) --contested_transactions_;
}

void Store::Impl::check_in_place(const Database& database) const
{
    if (!database.was_replaced()) return;
    throw Failure{Error{ErrorKind::stop, std::string(code::replaced),
                        "The replica " + options_.path.string() +
                            " was replaced by another file while it was open here; nothing was "
                            "changed. Open it again."}};
}

/// The writer's own commits do not move its data version, so a move is somebody else's commit.
void Store::Impl::look_for_others()
{
    Statement version = writer_->prepare("PRAGMA data_version");
    version.step();
    const std::int64_t now = version.integer(0);
    if (file_version_ != 0 && now != file_version_)
        contested_transactions_ = short_transactions_after_contest;
    file_version_ = now;
}

Store::Impl::Rollback::~Rollback()
{
    Database& database = *store_.writer_;
    if (open_ && database.in_transaction())
        sqlite3_exec(database.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Store::Impl::Rollback::commit()
{
    store_.writer_->prepare("COMMIT").run();
    open_ = false;
}

/// The cost of the log is its checkpoint: random pages written once a fold-back instead of once a
/// transaction. Bulk work pays for it at its own threshold, and a user's write does not pay for the
/// bulk work before it.
void Store::Impl::tidy_log(Durability durability, bool cycle_ended)
{
    const bool bulk = durability == Durability::relaxed;
    if (bulk && log_frames_ > options_.log_pages) bulk_in_log_ = true;
    int limit = bulk ? options_.bulk_log_pages : options_.log_pages;
    if (!bulk && bulk_in_log_) limit = 2 * options_.bulk_log_pages;
    if (cycle_ended) limit = options_.log_pages;
    if (log_frames_ > limit) checkpoint_log(false);
}

void Store::Impl::checkpoint_log(bool wait_for_readers)
{
    if (!writer_) return;
    int frames = 0;
    int done = 0;
    const int mode = wait_for_readers ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    std::optional<WriteGate::Pass> pass;
    if (wait_for_readers) pass.emplace(gate_.enter(Turn::engine));
    const int result = sqlite3_wal_checkpoint_v2(writer_->handle(), "main", mode, &frames, &done);
    // Somebody reads an old state or checkpoints too: the next commit tries again.
    if ((result & 0xff) == SQLITE_BUSY || (result & 0xff) == SQLITE_LOCKED) return;
    if (result != SQLITE_OK && wait_for_readers) throw SQLite::Exception(writer_->handle(), result);
    if (done >= frames) {
        log_frames_ = 0;
        bulk_in_log_ = false;
    }
}

void Store::Impl::tell(const CommitNotice& notice)
{
    if (notice.records.empty() && !notice.many && !notice.queue && !notice.conflicts && !notice.cycles)
        return;
    std::vector<std::shared_ptr<Observing>> observers;
    {
        const std::lock_guard lock(observers_mutex_);
        for (const auto& [number, observer] : observers_) observers.push_back(observer);
    }
    for (const auto& observing : observers) {
        const std::shared_lock calling(observing->calling);
        if (!observing->forgotten) observing->observer(notice);
    }
    platform::wake(options_.path);
}

std::uint64_t Store::Impl::observe(Observer observer)
{
    auto observing = std::make_shared<Observing>();
    observing->observer = std::move(observer);
    const std::lock_guard lock(observers_mutex_);
    observers_.emplace(++last_observer_, std::move(observing));
    return last_observer_;
}

void Store::Impl::forget(std::uint64_t observer)
{
    std::shared_ptr<Observing> observing;
    {
        const std::lock_guard lock(observers_mutex_);
        const auto found = observers_.find(observer);
        if (found == observers_.end()) return;
        observing = std::move(found->second);
        observers_.erase(found);
    }
    const std::lock_guard last_call(observing->calling);
    observing->forgotten = true;
}

Result<std::int64_t> Store::Impl::data_version()
{
    return fenced(options_.path, [&]() -> Result<std::int64_t> {
        // Only the writer tells others' commits from ours. A store that inspects makes none.
        const WriteGate::Pass pass = gate_.enter(Turn::engine);
        if (writer_) {
            // Whoever watches looks again, and is told with that.
            if (writer_->was_replaced()) return -1;
            look_for_others();
            return file_version_;
        }
        if (!watch_) {
            watch_ = std::make_unique<Database>(reader_options());
            sqlite3_db_config(watch_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        }
        Statement version = watch_->prepare("PRAGMA data_version");
        version.step();
        return version.integer(0);
    });
}

} // namespace hawser::localstore

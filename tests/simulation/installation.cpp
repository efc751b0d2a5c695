#include "tests/simulation/installation.h"

#include "conflict/policy_file.h"
#include "engine/copied.h"
#include "engine/merge_fold.h"
#include "localstore/transaction.h"
#include "tests/choose_table.h"

#include <sqlite3.h>

#include <stdexcept>
#include <utility>

namespace hawser::simulation {

namespace {

/// Small, so that little is copied and checked for each change.
constexpr int page_bytes = 1024;
/// Few, so that what a log comes to happens often.
constexpr int log_pages = 150;

void must(const Result<void>& done)
{
    if (!done) throw std::runtime_error(done.error().code + ": " + done.error().message);
}

std::shared_ptr<engine::Policies> configured()
{
    const auto rules = conflict::parse_policy_file(policy_text());
    if (!rules) throw std::runtime_error(rules.error().message);
    return std::make_shared<engine::Policies>(*rules);
}

std::vector<std::string> columns_of(const TrackedTable& table)
{
    std::vector<std::string> columns;
    for (const TrackedColumn& column : table.columns) columns.emplace_back(column.name);
    if (table.name == "contact") columns.emplace_back("statuscode");
    if (table.name == "appointment") columns.insert(columns.end(), {"scheduledstart", "scheduledend"});
    return columns;
}

} // namespace

Installation::Installation(Setup setup, std::shared_ptr<tests::VirtualClock> time, engine::Context& context,
                           std::shared_ptr<Network> way)
    : clock(std::make_shared<OwnClock>(std::move(time))),
      network(std::move(way)),
      setup_(std::move(setup)),
      context_(context),
      random_(seeded_random(setup_.seed))
{
    policies_ = configured();
    tokens->token = setup_.token;
    setup_.binding.instance = Guid::make(*random_);
    setup_.binding.nonce = Guid::make(*random_);
    if (setup_.seat.frail)
        disk_ =
            std::make_unique<tests::FaultVfs>(folder_ / "", tests::FaultVfs::Registered::by_name, &memory_);
    if (setup_.moved) edges_ = std::make_unique<Edges>(setup_.moved);
    if (setup_.seat.copy_of) return;
    auto made = localstore::Store::create(store_options(), setup_.binding, now());
    if (!made) throw std::runtime_error(made.error().message);
    store_ = std::move(*made);
    for (const TrackedTable& table : tables_of(setup_.meetings))
        must(tests::choose_table(*store_, std::string(table.name),
                                 table.name == "contact" ? setup_.seat.contact_filter : std::string(),
                                 setup_.seat.some_columns ? columns_of(table) : std::vector<std::string>()));
    take_up();
}

localstore::StoreOptions Installation::store_options() const
{
    localstore::StoreOptions chosen;
    chosen.path = folder_ / "replica.hawser";
    chosen.fold = engine::merge_fold(policies_);
    chosen.busy_timeout = std::chrono::milliseconds{1};
    chosen.page_bytes = page_bytes;
    chosen.log_pages = log_pages;
    chosen.vfs = disk_ ? disk_->name() : memory_.name();
    return chosen;
}

void Installation::kill()
{
    network->forget();
    loop_.reset();
    engine_.reset();
    lock_.reset();
    store_.reset();
    if (!crashed()) return;
    let_go_of_file();
    disk_->restart();
}

void Installation::crash_after(std::uint64_t steps, tests::Loss loss, std::uint64_t seed, tests::EndAt at)
{
    if (disk_) disk_->crash_at(disk_->steps() + steps, loss, seed, at);
}

void Installation::crash_no_more()
{
    if (disk_) disk_->crash_at(0, tests::Loss::nothing, 0);
}

void Installation::start()
{
    if (store_) return;
    policies_ = configured();
    auto opened = localstore::Store::open(store_options());
    if (!opened) {
        if (may_not_begin()) return;
        throw std::runtime_error("the replica cannot be opened: " + opened.error().message);
    }
    store_ = std::move(*opened);
    take_up();
}

void Installation::take_up()
{
    watch();
    if (!take_lock()) return;
    auto made = engine::Engine::make(
        {context_, *store_, *policies_, clock, random_, network, tokens, setup_.options});
    if (!made && may_not_begin()) return;
    if (!made) throw std::runtime_error(made.error().message);
    engine_ = std::move(*made);
    loop_ = std::make_unique<engine::Loop>(context_, clock);
    if (setup_.seat.in_background) engine_->run_in_background();
}

void Installation::watch()
{
    seen_.clear();
    changed_.clear();
    store_->observe([this](const localstore::CommitNotice& notice) {
        if (notice.many) seen_.clear();
        changed_.insert(notice.records.begin(), notice.records.end());
        if (edges_ && (notice.queue || notice.conflicts)) edges_->look(*store_);
    });
    if (edges_) edges_->begin_anew(*store_);
}

/// As the Synchronizer does.
Result<void> Installation::take_lock()
{
    auto taken = localstore::EngineLock::acquire(*store_, "simulation", *random_);
    if (!taken) return taken.error();
    if ((*taken)->provenance() != localstore::Provenance::same) {
        const Result<void> met = engine::begin_as_copy(*store_, Guid::make(*random_), now());
        if (!met) return met;
    }
    lock_ = std::move(*taken);
    return {};
}

void Installation::limit_disk(std::optional<std::uint64_t> bytes)
{
    memory_.leave_room(bytes);
    is_disk_limited_ = bytes.has_value();
}

void Installation::begin_where_possible()
{
    if (may_not_begin() || has_engine()) return;
    kill();
    start();
}

bool Installation::hold_file()
{
    const localstore::StoreOptions options = store_options();
    sqlite3* opened = nullptr;
    const int result =
        sqlite3_open_v2(options.path.c_str(), &opened, SQLITE_OPEN_READWRITE, options.vfs.c_str());
    std::shared_ptr<sqlite3> other(opened, sqlite3_close_v2);
    // Closing is not this program's occasion to fold the log back.
    sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    const bool begun = result == SQLITE_OK &&
                       sqlite3_exec(opened, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK;
    if (!begun) return false;
    other_program_ = std::move(other);
    locked_before_ = memory_.times_locked();
    return true;
}

void Installation::let_go_of_file()
{
    if (!other_program_) return;
    times_busy_ += memory_.times_locked() - locked_before_;
    other_program_.reset();
}

void Installation::begin(std::function<engine::Task<void>(engine::Engine&)> operation)
{
    loop_->start([this, operation = std::move(operation)] { return operation(*engine_); });
}

void Installation::begin_as_copy_of(const Installation& other)
{
    for (const std::string name : {"replica.hawser", "replica.hawser-wal"})
        memory_.write(folder_ / name, other.memory_.read(other.folder_ / name));
    start();
}

Result<void> Installation::keep_copy()
{
    std::filesystem::remove(folder_ / "copy.hawser");
    const Result<void> done = store_->backup(folder_ / "copy.hawser");
    has_copy_ = done.has_value();
    return done;
}

bool Installation::bring_back_copy()
{
    if (!has_copy_) return false;
    kill();
    let_go_of_file();
    // Putting a copy in place is nothing that the process does.
    crash_no_more();
    for (const char* const part : {"", "-wal", "-shm"})
        std::filesystem::remove(folder_ / (std::string("replica.hawser") + part));
    std::filesystem::rename(folder_ / "copy.hawser", folder_ / "replica.hawser");
    has_copy_ = false;
    return true;
}

Row Installation::see(const RecordKey& key) const
{
    const auto found = store_->get(key);
    if (!found) throw std::runtime_error(found.error().message);
    if (!*found) return std::nullopt;
    return texts_of(*tracked(key.table), (*found)->fields);
}

const std::map<Guid, Texts>& Installation::see_all(const TrackedTable& table) const
{
    const auto found = seen_.find(table.name);
    if (found == seen_.end()) return seen_[table.name] = read_all(table);
    for (auto key = changed_.begin(); key != changed_.end();) {
        if (key->table != table.name) {
            ++key;
            continue;
        }
        const auto record = store_->get(*key);
        if (!record) throw std::runtime_error(record.error().message);
        // What became another record is seen as that one.
        if (*record && (*record)->key == *key)
            found->second[key->id] = texts_of(table, (*record)->fields);
        else
            found->second.erase(key->id);
        key = changed_.erase(key);
    }
    return found->second;
}

std::map<Guid, Texts> Installation::read_all(const TrackedTable& table) const
{
    localstore::Query query;
    query.table = std::string(table.name);
    query.limit = 10'000;
    for (const TrackedColumn& column : table.columns) query.columns.emplace_back(column.name);
    const auto page = store_->query(query);
    if (!page) throw std::runtime_error(page.error().message);
    std::map<Guid, Texts> all;
    for (const localstore::RecordView& record : page->records)
        all.emplace(record.key.id, texts_of(table, record.fields));
    return all;
}

localstore::WriteContext Installation::context_of_a_person() const
{
    localstore::WriteContext context;
    context.now = now();
    context.actor = setup_.seat.user;
    return context;
}

Result<std::vector<localstore::Sequence>> Installation::write(const std::vector<localstore::Edit>& edits,
                                                              localstore::Grouping grouping)
{
    localstore::WriteContext context = context_of_a_person();
    context.grouping = grouping;
    return store_->write(edits, context);
}

} // namespace hawser::simulation

#include "localstore/salvage.h"

#include "localstore/change_row.h"
#include "localstore/error_codes.h"
#include "localstore/fence.h"
#include "localstore/fields_json.h"
#include "localstore/file_check.h"
#include "localstore/mend.h"
#include "localstore/record_row.h"
#include "localstore/views.h"
#include "schema_text.h"

namespace hawser::localstore {
namespace {

constexpr int page_size = 8192;
constexpr std::int64_t most_single_reads = 5'000'000;

DatabaseOptions reading(const std::filesystem::path& path)
{
    DatabaseOptions options;
    options.path = path;
    options.access = Access::read_only;
    return options;
}

DatabaseOptions writing(const std::filesystem::path& path)
{
    DatabaseOptions options;
    options.path = path;
    return options;
}

/// Records that something of the user's hangs on, and those that it refers to.
constexpr std::string_view wanted_records = "flags & 263 OR EXISTS (SELECT 1 FROM wanted w WHERE "
                                            "w.table_number = hawser_record.table_number AND w.id = "
                                            "hawser_record.id)";
static_assert((flag::busy | flag::staged) == 263);

} // namespace

Salvage::Salvage(const std::filesystem::path& damaged, const std::filesystem::path& target)
    : damaged_(reading(damaged)), target_(writing(target))
{
}

void Salvage::unreadable(const std::string& what)
{
    constexpr std::size_t most = 10'000;
    if (report_.unreadable.size() < most) report_.unreadable.push_back(what);
}

void Salvage::make_target()
{
    target_.execute("PRAGMA page_size = " + std::to_string(page_size));
    target_.execute("PRAGMA synchronous = FULL");
    target_.execute("BEGIN IMMEDIATE");
    target_.execute("PRAGMA application_id = " + std::to_string(application_id));
    target_.execute("PRAGMA user_version = " + std::to_string(schema_version));
    target_.execute(schema_text);
}

/// Copies the row that `from` stands on, column by column, as it is.
bool Salvage::copy_row(const Kind& kind, Statement& from)
{
    const int columns = sqlite3_column_count(from.handle());
    std::string sql = "INSERT OR IGNORE INTO " + std::string(kind.table) + " VALUES (";
    for (int i = 1; i < columns; ++i) sql += i == 1 ? "?" : ", ?";
    Statement insert = target_.prepare_once(sql + ")");
    for (int i = 1; i < columns; ++i)
        if (const int result = sqlite3_bind_value(insert.handle(), i, sqlite3_column_value(from.handle(), i));
            result != SQLITE_OK)
            throw SQLite::Exception(target_.handle(), result);
    try {
        insert.run();
    } catch (const SQLite::Exception& failure) {
        if (failure.getErrorCode() != SQLITE_CONSTRAINT) throw;
        return false;
    }
    return target_.changes() > 0;
}

std::int64_t Salvage::last_number(std::string_view table)
{
    try {
        Statement last = damaged_.prepare_once("SELECT rowid FROM " + std::string(table) +
                                               " NOT INDEXED ORDER BY rowid DESC LIMIT 1");
        return last.step() ? last.integer(0) : 0;
    } catch (const SQLite::Exception&) {
        end_known_ = false;
        return last_copied_ + 10'000; // the end is damaged too: look somewhat beyond
    }
}

void Salvage::copy_in_order(const Kind& kind, const std::string& order)
{
    const std::string number = kind.has_rowid ? "rowid" : "0";
    Statement rows = damaged_.prepare_once("SELECT " + number + ", * FROM " + std::string(kind.table) +
                                           (kind.has_rowid ? " NOT INDEXED" : "") + " WHERE " +
                                           std::string(kind.wanted) + order);
    while (rows.step()) {
        last_copied_ = rows.integer(0);
        if (copy_row(kind, rows)) ++report_.copied[std::string(kind.name)];
    }
}

/// Beyond the damaged page: each number is looked up for itself.
void Salvage::copy_one_by_one(const Kind& kind, std::int64_t from, std::int64_t to)
{
    std::int64_t first_lost = 0;
    const auto name_lost = [&](std::int64_t last) {
        if (first_lost == 0) return;
        unreadable(std::string(kind.name) + " " + std::to_string(first_lost) +
                   (last > first_lost ? " to " + std::to_string(last) : ""));
        first_lost = 0;
    };
    const auto name_rest = [&] {
        if (!end_known_ && first_lost != 0)
            unreadable(std::string(kind.name) + "s from " + std::to_string(first_lost) + " on");
        else
            name_lost(to);
    };
    Statement row =
        damaged_.prepare_once("SELECT rowid, * FROM " + std::string(kind.table) +
                              " NOT INDEXED WHERE rowid = ?1 AND (" + std::string(kind.wanted) + ")");
    for (std::int64_t number = from; number <= to && number - from < most_single_reads; ++number) {
        try {
            row.bind(1, number);
            if (row.step() && copy_row(kind, row)) ++report_.copied[std::string(kind.name)];
            row.reset();
            name_lost(number - 1);
        } catch (const SQLite::Exception&) {
            row.reset();
            if (first_lost == 0) first_lost = number;
        }
    }
    name_rest();
}

void Salvage::copy(const Kind& kind)
{
    last_copied_ = 0;
    end_known_ = true;
    try {
        copy_in_order(kind, "");
        return;
    } catch (const SQLite::Exception& failure) {
        incomplete_.emplace(kind.table);
        if (!kind.has_rowid)
            unreadable("a part of the " + std::string(kind.name) + " (" + failure.what() + ")");
    }
    if (kind.has_rowid) {
        const std::int64_t last = last_number(kind.table);
        copy_one_by_one(kind, last_copied_ + 1, last);
        if (kind.numbered) never_give_again(target_, *kind.numbered, last);
        return;
    }
    try {
        copy_in_order(kind, " ORDER BY 2 DESC");
    } catch (const SQLite::Exception&) {
        // Both ends were read as far as they go; the loss is named already.
    }
}

void Salvage::note_wanted_records()
{
    // In the damaged connection's own memory: nothing is written to the damaged file.
    damaged_.execute("PRAGMA query_only = OFF");
    damaged_.execute(
        "CREATE TEMP TABLE wanted (table_number INTEGER, id BLOB, PRIMARY KEY (table_number, id))");
    const auto tables = load_tables(target_);
    Statement add = damaged_.prepare_once("INSERT OR IGNORE INTO temp.wanted VALUES (?1, ?2)");
    Statement changes = target_.prepare_once(
        "SELECT table_number, id, before, after FROM hawser_change WHERE live = 1 ORDER BY sequence");
    while (changes.step()) {
        add.with(changes.integer(0), changes.guid(1)).run();
        Change change;
        auto before = decode_fields(changes.text(2));
        auto after = decode_fields(changes.text(3));
        if (before) change.before = std::move(*before);
        if (after) change.after = std::move(*after);
        for (const Reference& reference : references(change))
            if (const KnownTable* table = tables->find(reference.target))
                add.with(table->number, reference.id).run();
    }
}

void Salvage::finish_target()
{
    make_views(target_, *load_tables(target_));
    Statement views = target_.prepare_once("UPDATE hawser_meta SET view_version = ?1");
    views.with(view_version).run();
    target_.execute("COMMIT");
    target_.execute("PRAGMA journal_mode = WAL");
}

/// For the sentence of a repair that fails: the changes that nobody but their author can make again.
void Salvage::note_waiting()
{
    Statement rows = target_.prepare("SELECT sequence, kind, (SELECT name FROM hawser_table t WHERE t.number "
                                     "= c.table_number), hex(id) FROM hawser_change c WHERE live = 1 ORDER "
                                     "BY sequence");
    while (rows.step())
        waiting_.push_back(rows.string(0) + " (" + rows.string(1) + " of " + rows.string(2) + " " +
                           rows.string(3) + ")");
}

Result<RepairReport> Salvage::run(Instant now)
{
    make_target();
    // First the settings: what a former repair noted there of lost numbers is added to.
    for (const Kind& kind : {Kind{"hawser_setting", "setting", "1", false},
                             Kind{"hawser_meta", "binding"},
                             Kind{"hawser_table", "table"},
                             Kind{"hawser_layout", "layout", "1", false},
                             Kind{"hawser_change", "change", "1", true, Numbered::change},
                             Kind{"hawser_intent", "intent"},
                             Kind{"hawser_intent_change", "intent", "1", false},
                             Kind{"hawser_intent_step", "intent step", "1", false},
                             Kind{"hawser_intent_attempt", "attempt", "1", false},
                             Kind{"hawser_receipt", "receipt"},
                             Kind{"hawser_conflict", "conflict", "1", true, Numbered::conflict},
                             Kind{"hawser_conflict_column", "conflict column", "1", false},
                             Kind{"hawser_alias", "alias", "1", false},
                             Kind{"hawser_scope", "scope"},
                             Kind{"hawser_checkpoint", "checkpoint", "1", false},
                             Kind{"hawser_connection", "connection state"},
                             Kind{"hawser_decision", "decision"},
                             Kind{"hawser_cycle", "cycle"},
                             Kind{"hawser_shadow", "shadow"},
                             Kind{"hawser_staged", "staged version"}})
        copy(kind);
    if (report_.copied.empty())
        return Error{ErrorKind::stop, std::string(code::not_a_replica),
                     "No part of a replica was found in " + damaged_.path().string() + "."};
    note_waiting();
    Mend mend(
        target_, incomplete_, [this](const std::string& what) { unreadable(what); }, now);
    mend.mend_frame();
    mend.drop_unreadable();
    note_wanted_records();
    copy(Kind{"hawser_record", "record", wanted_records});
    mend.mend_queue();
    finish_target();
    return report_;
}

} // namespace hawser::localstore

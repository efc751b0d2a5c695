#include "localstore/salvage.h"

#include "localstore/change_row.h"
#include "localstore/fence.h"
#include "localstore/fields_json.h"
#include "localstore/file_check.h"
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
    report_.damaged = damaged;
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
    name_lost(to);
}

void Salvage::copy(const Kind& kind)
{
    last_copied_ = 0;
    try {
        copy_in_order(kind, "");
        return;
    } catch (const SQLite::Exception& failure) {
        if (!kind.has_rowid)
            unreadable("a part of the " + std::string(kind.name) + " (" + failure.what() + ")");
    }
    if (kind.has_rowid) {
        copy_one_by_one(kind, last_copied_ + 1, last_number(kind.table));
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

/// A change whose record's row was lost still has its record's id; the row is made again, and its
/// base is to be read again from the server before anything is sent.
void Salvage::keep_changes_without_records()
{
    // First, so that no row made here is taken for the one that a left-over shadow belonged to.
    target_.execute("DELETE FROM hawser_shadow WHERE record NOT IN (SELECT record FROM hawser_record)");
    target_.execute("DELETE FROM hawser_staged WHERE record NOT IN (SELECT record FROM hawser_record)");
    Statement lost = target_.prepare_once(
        "SELECT DISTINCT table_number, id FROM hawser_change c WHERE live = 1 AND NOT EXISTS (SELECT 1 FROM "
        "hawser_record r WHERE r.table_number = c.table_number AND r.id = c.id)");
    std::vector<std::pair<std::int64_t, Guid>> keys;
    while (lost.step()) keys.emplace_back(lost.integer(0), lost.guid(1));
    for (const auto& [table, id] : keys) {
        RecordRow row;
        row.table = table;
        row.id = id;
        row.flags = flag::dirty;
        save_row(target_, row);
        unreadable("the record " + id.text() + "; its changes are kept");
    }
}

void Salvage::settle_lost_shadows()
{
    Statement lost = target_.prepare_once("SELECT r.record, r.id, EXISTS (SELECT 1 FROM hawser_change c "
                                          "WHERE c.table_number = r.table_number AND "
                                          "c.id = r.id AND c.live = 1 AND c.kind = 'create') FROM "
                                          "hawser_record r WHERE r.flags & 1 AND NOT EXISTS "
                                          "(SELECT 1 FROM hawser_shadow s WHERE s.record = r.record)");
    static_assert(flag::dirty == 1);
    while (lost.step()) {
        // 0 = never on the server, 1 = there: without an etag the engine reads it before it sends.
        target_
            .prepare(
                "INSERT INTO hawser_shadow (record, remote, etag, body, sum) VALUES (?1, ?2, '', '[]', ?3)")
            .with(lost.integer(0), lost.integer(2) != 0 ? 0 : 1, shadow_sum(lost.integer(0), "", "[]"))
            .run();
        target_.prepare("UPDATE hawser_record SET etag = '' WHERE record = ?1").with(lost.integer(0)).run();
        unreadable("the base of the record " + lost.guid(1).text());
    }
    target_.execute(
        "UPDATE hawser_record SET flags = flags | 1 WHERE record IN (SELECT record FROM hawser_shadow)");
}

void Salvage::free_changes_of_lost_intents()
{
    target_.execute(
        "DELETE FROM hawser_intent_change WHERE intent NOT IN (SELECT number FROM hawser_intent) OR "
        "sequence NOT IN (SELECT sequence FROM hawser_change WHERE state = 'in flight')");
    target_.execute(
        "DELETE FROM hawser_intent WHERE number NOT IN (SELECT intent FROM hawser_intent_change)");
    target_.execute("DELETE FROM hawser_intent_step WHERE intent NOT IN (SELECT number FROM hawser_intent)");
    Statement lost = target_.prepare_once("SELECT sequence FROM hawser_change WHERE state = 'in flight' AND "
                                          "sequence NOT IN (SELECT sequence FROM "
                                          "hawser_intent_change) ORDER BY sequence");
    while (lost.step()) {
        const std::int64_t sequence = lost.integer(0);
        unreadable("the intent of change " + std::to_string(sequence) + "; the change is held");
        target_
            .prepare(
                "UPDATE hawser_change SET state = 'held', intent = 0, waits_for = 'it may have been sent "
                "before the damage; compare with the server, then release it' WHERE sequence = ?1")
            .with(sequence)
            .run();
    }
    target_.execute("UPDATE hawser_record SET flags = flags & ~2 WHERE flags & 2 AND NOT EXISTS (SELECT 1 "
                    "FROM hawser_change "
                    "c WHERE c.id = hawser_record.id AND c.table_number = hawser_record.table_number AND "
                    "c.intent > 0 AND "
                    "c.live = 1)");
    static_assert(flag::in_flight == 2);
}

void Salvage::check_sums()
{
    for (const std::int64_t sequence : changes_with_wrong_sums(target_)) {
        unreadable("change " + std::to_string(sequence) + " does not agree with its checksum; it is held");
        target_
            .prepare(
                "UPDATE hawser_change SET state = CASE WHEN live = 1 AND state <> 'in flight' THEN 'held' "
                "ELSE state END, waits_for = 'its content may be damaged; check it, then release or discard "
                "it' WHERE sequence = ?1")
            .with(sequence)
            .run();
    }
    for (const std::int64_t record : shadows_with_wrong_sums(target_))
        target_.prepare("DELETE FROM hawser_shadow WHERE record = ?1").with(record).run();
}

void Salvage::reset_checkpoints()
{
    target_.execute(
        "UPDATE hawser_checkpoint SET token = '', previous_token = '', watermark = '', resume_link = '', "
        "under_way = 0, fresh = 0");
    target_.execute("UPDATE hawser_record SET generation = 0");
}

void Salvage::finish_target()
{
    make_views(target_, *load_tables(target_));
    Statement views = target_.prepare_once("UPDATE hawser_meta SET view_version = ?1");
    views.with(view_version).run();
    if (layout_version(target_) < 0)
        throw Failure{Error{ErrorKind::stop, std::string(code::corrupt),
                            "What the replica " + damaged_.path().string() +
                                " is bound to cannot be read. Make a new one with `hawser init`; the damaged "
                                "file is kept."}};
    target_.execute("COMMIT");
    target_.execute("PRAGMA journal_mode = WAL");
}

Result<RepairReport> Salvage::run()
{
    if (auto fine = check_header(damaged_); !fine) return fine.error();
    make_target();
    for (const Kind& kind : {Kind{"hawser_meta", "binding"},
                             Kind{"hawser_table", "table"},
                             Kind{"hawser_layout", "layout", "1", false},
                             Kind{"hawser_change", "change"},
                             Kind{"hawser_reference", "reference", "1", false},
                             Kind{"hawser_intent", "intent"},
                             Kind{"hawser_intent_change", "intent", "1", false},
                             Kind{"hawser_intent_step", "intent step", "1", false},
                             Kind{"hawser_intent_attempt", "attempt", "1", false},
                             Kind{"hawser_receipt", "receipt"},
                             Kind{"hawser_conflict", "conflict"},
                             Kind{"hawser_conflict_column", "conflict column", "1", false},
                             Kind{"hawser_alias", "alias", "1", false},
                             Kind{"hawser_scope", "scope"},
                             Kind{"hawser_checkpoint", "checkpoint", "1", false},
                             Kind{"hawser_setting", "setting", "1", false},
                             Kind{"hawser_connection", "connection state"},
                             Kind{"hawser_decision", "decision"},
                             Kind{"hawser_cycle", "cycle"},
                             Kind{"hawser_shadow", "shadow"},
                             Kind{"hawser_staged", "staged version"}})
        copy(kind);
    note_wanted_records();
    copy(Kind{"hawser_record", "record", wanted_records});
    check_sums();
    keep_changes_without_records();
    settle_lost_shadows();
    free_changes_of_lost_intents();
    reset_checkpoints();
    finish_target();
    return report_;
}

} // namespace hawser::localstore

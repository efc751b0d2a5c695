#include "localstore/mend.h"

#include "base/body.h"
#include "localstore/copies.h"
#include "localstore/fence.h"
#include "localstore/fields_json.h"
#include "localstore/file_check.h"
#include "localstore/record_row.h"
#include "localstore/table_json.h"
#include "localstore/verbs.h"

#include <algorithm>
#include <map>

namespace hawser::localstore {
namespace {

Failure beyond(const std::string& why)
{
    return Failure{Error{ErrorKind::stop, std::string(code::beyond_repair), why}};
}

std::vector<std::int64_t> numbers(Database& database, const std::string& query)
{
    std::vector<std::int64_t> found;
    Statement rows = database.prepare_once(query);
    while (rows.step()) found.push_back(rows.integer(0));
    return found;
}

std::vector<std::string> stored_layout(Database& database, std::int64_t table, bool& gapless)
{
    std::vector<std::string> names;
    Statement rows = database.prepare(
        "SELECT position, name FROM hawser_layout WHERE table_number = ?1 ORDER BY position");
    rows.with(table);
    gapless = true;
    while (rows.step()) {
        gapless = gapless && rows.integer(0) == static_cast<std::int64_t>(names.size());
        names.push_back(rows.string(1));
    }
    return names;
}

bool holds_all(const std::vector<std::string>& names, const Table& table)
{
    return std::ranges::all_of(table.columns, [&](const Column& column) {
        return std::ranges::find(names, column.name) != names.end();
    });
}

} // namespace

void Mend::mend_frame()
{
    for (const std::string& line : put_back_binding(database_)) tell_(line);
    if (layout_version(database_) < 0) throw beyond("What it is bound to cannot be read");
    mend_tables();
    forget_unknown_tables();
    mend_scopes();
    Statement connection = database_.prepare(
        "INSERT OR IGNORE INTO hawser_connection (one, state, since, reason) VALUES (1, 'online', ?1, '')");
    connection.with(now_).run();
    // So that the next sync reads the metadata anew.
    database_.execute("DELETE FROM hawser_setting WHERE name = 'metadata_at'");
}

void Mend::mend_tables()
{
    const auto copies = table_copies(database_);
    std::map<std::int64_t, std::string> names;
    for (const auto& [number, copy] : copies) names[number] = copy.name;
    std::map<std::int64_t, Table> whole;
    {
        Statement rows = database_.prepare("SELECT number, name, metadata FROM hawser_table");
        while (rows.step()) {
            if (auto table = decode_table(rows.text(2)); table && table->name == rows.text(1))
                whole[rows.integer(0)] = std::move(*table);
            if (is_public_name(rows.text(1))) names[rows.integer(0)] = rows.string(1);
        }
    }
    for (const auto& [number, name] : names) {
        const auto copy = copies.find(number);
        Table& table = whole[number];
        if (table.name.empty()) {
            table.name = name;
            table.primary_id = copy == copies.end() ? name + "id" : copy->second.primary_id;
            database_
                .prepare("INSERT OR REPLACE INTO hawser_table (number, name, metadata) VALUES (?1, ?2, ?3)")
                .with(number, name, encode_table(table))
                .run();
            tell_("the metadata of " + name + "; the next sync reads it anew");
        }
        mend_layout(number, table, copy == copies.end() ? nullptr : &copy->second.layout);
    }
    const std::string known = "(SELECT number FROM hawser_table)";
    database_.execute("DELETE FROM hawser_layout WHERE table_number NOT IN " + known);
}

/// Bodies are told apart by position only, so an order that is not surely whole is none.
void Mend::mend_layout(std::int64_t number, const Table& table, const std::vector<std::string>* copy)
{
    bool gapless = true;
    const std::vector<std::string> stored = stored_layout(database_, number, gapless);
    const bool confirmed = copy == nullptr ? !incomplete_.contains("hawser_layout") : *copy == stored;
    if (gapless && confirmed && holds_all(stored, table)) return;
    std::vector<std::string> names;
    if (copy != nullptr && holds_all(*copy, table)) {
        names = *copy;
    } else {
        for (const Column& column : table.columns) names.push_back(column.name);
        unreadable_bodies_.insert(number);
        tell_("the order of the columns of " + table.name + "; its records are read anew");
    }
    database_.prepare("DELETE FROM hawser_layout WHERE table_number = ?1").with(number).run();
    Statement add =
        database_.prepare("INSERT INTO hawser_layout (table_number, position, name) VALUES (?1, ?2, ?3)");
    std::int64_t position = 0;
    for (const std::string& name : names) add.with(number, position++, name).run();
}

void Mend::forget_unknown_tables()
{
    const std::string unknown = " WHERE table_number NOT IN (SELECT number FROM hawser_table)";
    if (!numbers(database_, "SELECT sequence FROM hawser_change" + unknown + " AND live = 1").empty())
        throw beyond("The name of a table that changes wait for cannot be read");
    for (const char* table : {"hawser_change", "hawser_receipt", "hawser_conflict", "hawser_alias"}) {
        database_.execute("DELETE FROM " + std::string(table) + unknown);
        if (database_.changes() > 0)
            tell_(std::to_string(database_.changes()) + " rows of " + table + " of a table without a name");
    }
}

void Mend::mend_scopes()
{
    for (const std::string& line : put_back_scopes(database_)) tell_(line);
    database_.execute(
        "DELETE FROM hawser_scope WHERE bit NOT BETWEEN 0 AND 61 OR table_number NOT IN (SELECT "
        "number FROM hawser_table)");
    if (incomplete_.contains("hawser_scope")) {
        database_.execute(
            "INSERT INTO hawser_scope (table_number, name, bit, filter, columns, mode, reason, aboard) "
            "SELECT "
            "number, 'all', 0, '', '', '', '', 1 FROM hawser_table WHERE number NOT IN (SELECT table_number "
            "FROM hawser_scope)");
        if (database_.changes() > 0)
            tell_("what was chosen of " + std::to_string(database_.changes()) +
                  " tables; the next sync pulls all of them");
    }
    database_.execute("DELETE FROM hawser_checkpoint WHERE lane NOT IN (0, 1) OR scope NOT IN (SELECT number "
                      "FROM hawser_scope)");
    for (const std::int64_t scope : numbers(database_, "SELECT number FROM hawser_scope"))
        add_lanes(database_, ScopeNumber{scope});
    database_.execute(
        "UPDATE hawser_checkpoint SET token = '', previous_token = '', watermark = '', resume_link = '', "
        "under_way = 0, fresh = 0, finished_at = NULL, full_finished_at = NULL, rows = 0");
}

void Mend::drop_unreadable()
{
    const auto tables = load_tables(database_);
    for (const std::int64_t sequence : numbers(database_, "SELECT sequence FROM hawser_change")) {
        try {
            if (find_change(database_, *tables, Sequence{sequence})) continue;
        } catch (const Failure&) {
            // Named and dropped below.
        }
        hold("state <> 'in flight' AND group_number > 0 AND group_number = (SELECT group_number FROM "
             "hawser_change WHERE sequence = " +
                 std::to_string(sequence) + ")",
             "a change of its group is lost; compare with the server, then release or discard it");
        database_.prepare("DELETE FROM hawser_change WHERE sequence = ?1").with(sequence).run();
        tell_("change " + std::to_string(sequence));
    }
    for (const std::int64_t number : numbers(database_, "SELECT number FROM hawser_conflict")) {
        try {
            if (find_conflict(database_, *tables, ConflictNumber{number})) continue;
        } catch (const Failure&) {
            // Named and dropped below.
        }
        database_.prepare("DELETE FROM hawser_conflict WHERE number = ?1").with(number).run();
        tell_("conflict " + std::to_string(number) + "; its changes are held");
    }
    if (incomplete_.contains("hawser_conflict_column"))
        database_.execute("DELETE FROM hawser_conflict WHERE closed_at IS NULL");
    database_.execute(
        "DELETE FROM hawser_conflict_column WHERE conflict NOT IN (SELECT number FROM hawser_conflict)");
    if (incomplete_.contains("hawser_change"))
        hold("state <> 'in flight' AND group_number > 0",
             "a change of its group may be lost; compare with the server, then release or discard it");
}

void Mend::mend_queue()
{
    check_sums();
    drop_bodies();
    drop_lost_records();
    keep_changes_without_records();
    mend_conflicts();
    settle_lost_shadows();
    drop_intents();
    free_changes_of_lost_intents();
    mend_flags();
    renew_references();
    database_.execute("UPDATE hawser_record SET generation = 0");
    const auto tables = load_tables(database_);
    for (const auto& [number, known] : tables->by_number)
        keep_table_copy(database_, number, known->table.primary_id);
    keep_scope_copies(database_);
    keep_binding_copy(database_);
}

void Mend::hold(const std::string& which, std::string_view why)
{
    Statement held = database_.prepare_once(
        "UPDATE hawser_change SET state = 'held', intent = 0, waits_for = ?1 WHERE live = 1 AND (" + which +
        ")");
    held.with(why).run();
}

void Mend::check_sums()
{
    for (const std::int64_t sequence : changes_with_wrong_sums(database_)) {
        const std::string number = std::to_string(sequence);
        tell_("change " + number + " does not agree with its checksum; it is held");
        // What was sent of it cannot be judged by what it holds now.
        database_
            .prepare("DELETE FROM hawser_intent WHERE number = (SELECT intent FROM hawser_change WHERE "
                     "sequence = ?1)")
            .with(sequence)
            .run();
        hold("state <> 'in flight' AND (sequence = " + number +
                 " OR group_number > 0 AND group_number = (SELECT group_number FROM hawser_change WHERE "
                 "sequence = " +
                 number + "))",
             damaged_change);
        sum_anew(database_, Sequence{sequence});
    }
    for (const std::int64_t record : shadows_with_wrong_sums(database_))
        database_.prepare("DELETE FROM hawser_shadow WHERE record = ?1").with(record).run();
}

/// Bodies that no column can be told from; what they held is read again from the server.
void Mend::drop_bodies()
{
    const auto tables = load_tables(database_);
    const auto lost = [&](const std::string& query) {
        std::vector<std::int64_t> records;
        Statement rows = database_.prepare_once(query);
        while (rows.step()) {
            const KnownTable* known = tables->find(rows.integer(1));
            const bool readable = known != nullptr && !unreadable_bodies_.contains(known->number) &&
                                  decode_body(known->layout, known->table, rows.text(2));
            if (!readable) records.push_back(rows.integer(0));
        }
        return records;
    };
    const std::string of_record = " b JOIN hawser_record r ON r.record = b.record WHERE b.body IS NOT NULL";
    for (const std::int64_t record :
         lost("SELECT r.record, r.table_number, b.body FROM hawser_shadow" + of_record))
        database_.prepare("DELETE FROM hawser_shadow WHERE record = ?1").with(record).run();
    for (const std::int64_t record :
         lost("SELECT r.record, r.table_number, b.body FROM hawser_staged" + of_record))
        database_.prepare("DELETE FROM hawser_staged WHERE record = ?1").with(record).run();
    for (const std::int64_t record : lost("SELECT record, table_number, body FROM hawser_record"))
        database_.prepare("UPDATE hawser_record SET body = '[]', etag = '' WHERE record = ?1")
            .with(record)
            .run();
    database_.execute(
        "DELETE FROM hawser_record WHERE table_number NOT IN (SELECT number FROM hawser_table)");
}

/// A record that changes were made to, none of which could be read, is pulled again.
void Mend::drop_lost_records()
{
    const auto tables = load_tables(database_);
    std::vector<std::int64_t> lost;
    {
        Statement rows = database_.prepare(
            "SELECT record, table_number, id FROM hawser_record r WHERE (flags & 1 OR record IN (SELECT "
            "record "
            "FROM hawser_shadow)) AND NOT EXISTS (SELECT 1 FROM hawser_change c WHERE c.id = r.id AND "
            "c.table_number = r.table_number AND live = 1) AND NOT EXISTS (SELECT 1 FROM hawser_conflict k "
            "WHERE k.id = r.id AND k.table_number = r.table_number AND closed_at IS NULL)");
        while (rows.step()) {
            lost.push_back(rows.integer(0));
            tell_("what was changed here of " + tables->numbered(rows.integer(1)).table.name + " " +
                  rows.guid(2).text());
        }
    }
    static_assert(flag::dirty == 1);
    for (const std::int64_t record : lost) erase_row(database_, record);
}

/// A change whose record's row was lost still has its record's id; the row is made again, and its
/// base is to be read again from the server before anything is sent.
void Mend::keep_changes_without_records()
{
    // First, so that no row made here is taken for the one that a left-over shadow belonged to.
    database_.execute("DELETE FROM hawser_shadow WHERE record NOT IN (SELECT record FROM hawser_record)");
    database_.execute("DELETE FROM hawser_staged WHERE record NOT IN (SELECT record FROM hawser_record)");
    std::vector<std::pair<std::int64_t, Guid>> keys;
    {
        Statement lost = database_.prepare(
            "SELECT DISTINCT table_number, id FROM hawser_change c WHERE live = 1 AND NOT EXISTS (SELECT 1 "
            "FROM hawser_record r WHERE r.table_number = c.table_number AND r.id = c.id)");
        while (lost.step()) keys.emplace_back(lost.integer(0), lost.guid(1));
    }
    for (const auto& [table, id] : keys) {
        RecordRow row;
        row.table = table;
        row.id = id;
        row.flags = flag::dirty;
        save_row(database_, row);
        tell_("the record " + id.text() + "; its changes are kept");
    }
}

/// Without their conflict nobody would be asked about the columns that it masked.
void Mend::mend_conflicts()
{
    const std::string open = "EXISTS (SELECT 1 FROM hawser_conflict k WHERE k.id = c.id AND k.table_number = "
                             "c.table_number AND k.closed_at IS NULL)";
    for (const std::int64_t sequence :
         numbers(database_, "SELECT sequence FROM hawser_change c WHERE live = 1 AND state IN ('queued', "
                            "'contested') AND NOT " +
                                open +
                                " AND (state = 'contested' OR EXISTS (SELECT 1 FROM hawser_record r WHERE "
                                "r.id = c.id AND r.table_number = c.table_number AND r.flags & 4)) ORDER BY "
                                "sequence")) {
        tell_("the conflict of change " + std::to_string(sequence) + "; the change is held");
        hold("sequence = " + std::to_string(sequence),
             "its conflict is lost; compare with the server, then release or discard it");
    }
    static_assert(flag::conflict == 4);
    const std::string homeless =
        "closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM hawser_record r WHERE r.id = "
        "hawser_conflict.id AND r.table_number = hawser_conflict.table_number)";
    for (const std::int64_t number :
         numbers(database_, "SELECT number FROM hawser_conflict WHERE " + homeless))
        tell_("the record of conflict " + std::to_string(number));
    database_.execute("DELETE FROM hawser_conflict WHERE " + homeless);
    database_.execute(
        "DELETE FROM hawser_conflict_column WHERE conflict NOT IN (SELECT number FROM hawser_conflict)");
    database_.execute(
        "UPDATE hawser_record SET flags = CASE WHEN EXISTS (SELECT 1 FROM hawser_conflict k WHERE k.id = "
        "hawser_record.id AND k.table_number = hawser_record.table_number AND closed_at IS NULL) THEN flags "
        "| "
        "5 ELSE flags & ~4 END");
    static_assert((flag::conflict | flag::dirty) == 5);
}

void Mend::settle_lost_shadows()
{
    Statement lost = database_.prepare("SELECT r.record, r.id, EXISTS (SELECT 1 FROM hawser_change c "
                                       "WHERE c.table_number = r.table_number AND "
                                       "c.id = r.id AND c.live = 1 AND c.kind = 'create') FROM "
                                       "hawser_record r WHERE r.flags & 1 AND NOT EXISTS "
                                       "(SELECT 1 FROM hawser_shadow s WHERE s.record = r.record)");
    static_assert(flag::dirty == 1);
    while (lost.step()) {
        // 0 = never on the server, 1 = there: without an etag the engine reads it before it sends.
        database_
            .prepare(
                "INSERT INTO hawser_shadow (record, remote, etag, body, sum) VALUES (?1, ?2, '', '[]', ?3)")
            .with(lost.integer(0), lost.integer(2) != 0 ? 0 : 1, shadow_sum(lost.integer(0), "", "[]"))
            .run();
        database_.prepare("UPDATE hawser_record SET etag = '' WHERE record = ?1").with(lost.integer(0)).run();
        tell_("the base of the record " + lost.guid(1).text());
    }
    database_.execute(
        "UPDATE hawser_record SET flags = flags | 1 WHERE record IN (SELECT record FROM hawser_shadow)");
    hold("state = 'queued' AND kind <> 'create' AND EXISTS (SELECT 1 FROM hawser_record r JOIN hawser_shadow "
         "s "
         "ON s.record = r.record WHERE r.id = hawser_change.id AND r.table_number = "
         "hawser_change.table_number "
         "AND s.remote = 0) AND NOT EXISTS (SELECT 1 FROM hawser_change k WHERE k.id = hawser_change.id AND "
         "k.table_number = hawser_change.table_number AND k.live = 1 AND k.kind = 'create')",
         "the change that makes its record is lost; discard it and make the record again");
}

/// An intent with a step or a change too few is worse than none: what it sent would be misjudged.
void Mend::drop_intents()
{
    if (incomplete_.contains("hawser_intent_change") || incomplete_.contains("hawser_intent_step"))
        database_.execute("DELETE FROM hawser_intent");
    for (const std::int64_t number : intents_with_wrong_sums(database_))
        database_.prepare("DELETE FROM hawser_intent WHERE number = ?1").with(number).run();
}

void Mend::free_changes_of_lost_intents()
{
    database_.execute(
        "DELETE FROM hawser_intent_change WHERE intent NOT IN (SELECT number FROM hawser_intent) OR "
        "sequence NOT IN (SELECT sequence FROM hawser_change WHERE state = 'in flight')");
    database_.execute("DELETE FROM hawser_intent WHERE number NOT IN (SELECT intent FROM "
                      "hawser_intent_change) OR number NOT IN (SELECT intent FROM hawser_intent_step)");
    for (const char* table : {"hawser_intent_change", "hawser_intent_step", "hawser_intent_attempt"})
        database_.execute("DELETE FROM " + std::string(table) +
                          " WHERE intent NOT IN (SELECT number FROM hawser_intent)");
    for (const std::int64_t sequence : numbers(
             database_, "SELECT sequence FROM hawser_change WHERE state = 'in flight' AND sequence NOT IN "
                        "(SELECT sequence FROM hawser_intent_change) ORDER BY sequence")) {
        tell_("the intent of change " + std::to_string(sequence) + "; the change is held");
        hold("sequence = " + std::to_string(sequence),
             "it may have been sent before the damage; compare with the server, then release it");
    }
    database_.execute("UPDATE hawser_record SET flags = flags & ~2 WHERE flags & 2 AND NOT EXISTS (SELECT 1 "
                      "FROM hawser_change c WHERE c.id = hawser_record.id AND c.table_number = "
                      "hawser_record.table_number AND c.intent > 0 AND c.live = 1)");
    static_assert(flag::in_flight == 2);
}

void Mend::mend_flags()
{
    database_.execute(
        "UPDATE hawser_record SET flags = CASE WHEN record IN (SELECT record FROM hawser_staged) "
        "THEN flags | 256 ELSE flags & ~256 END");
    database_.execute(
        "UPDATE hawser_record SET flags = CASE WHEN EXISTS (SELECT 1 FROM hawser_change c WHERE c.id = "
        "hawser_record.id AND c.table_number = hawser_record.table_number AND live = 1 AND state IN "
        "('parked', 'contested')) THEN flags | 128 ELSE flags & ~128 END");
    static_assert(flag::staged == 256 && flag::needs_you == 128);
}

void Mend::renew_references()
{
    database_.execute("DELETE FROM hawser_reference");
    const auto tables = load_tables(database_);
    for (const std::int64_t sequence :
         numbers(database_, "SELECT sequence FROM hawser_change WHERE live = 1"))
        if (const auto change = find_change(database_, *tables, Sequence{sequence}))
            write_references(database_, *change);
}

} // namespace hawser::localstore

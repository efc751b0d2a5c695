#include "localstore/file_check.h"

#include "base/hash.h"
#include "localstore/change_row.h"
#include "localstore/fence.h"
#include "localstore/fields_json.h"
#include "localstore/views.h"
#include "schema_text.h"

#include <array>
#include <set>

namespace hawser::localstore {
namespace {

std::int64_t pragma(Database& database, const std::string& name)
{
    Statement value = database.prepare_once("PRAGMA " + name);
    return value.step() ? value.integer(0) : 0;
}

struct Part {
    std::string type;
    std::string name;
    std::string sql;
};

std::vector<Part> parts(Database& database)
{
    std::vector<Part> found;
    Statement rows = database.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name");
    while (rows.step()) found.push_back({rows.string(0), rows.string(1), rows.string(2)});
    return found;
}

std::set<std::string> read_own_parts()
{
    SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    fresh.exec(schema_text);
    std::set<std::string> names;
    SQLite::Statement rows(fresh, "SELECT type || ' ' || name FROM sqlite_schema");
    while (rows.executeStep()) names.insert(rows.getColumn(0).getString());
    return names;
}

const std::set<std::string>& own_parts()
{
    static const std::set<std::string> own = read_own_parts();
    return own;
}

#define HAWSER_SUMMED_COLUMNS                                                                                \
    "sequence, id, kind, group_number, origin, actor, on_behalf_of, made_at, before, after"

std::int64_t sum_of(const Statement& row)
{
    Change change;
    change.sequence.value = row.integer(0);
    change.key.id = row.guid(1);
    change.kind = parse_change_kind(row.text(2)).value_or(ChangeKind::update);
    change.group.value = row.integer(3);
    change.origin = parse_origin(row.text(4)).value_or(Origin::user);
    change.actor = row.string(5);
    change.on_behalf_of = row.string(6);
    change.made_at = row.instant(7);
    return change_sum(change, row.text(8), row.text(9));
}

struct Rule {
    Literal sql;
    std::string_view sentence;
};

/// Counts over the queue; 0 is whole.
const std::array<Rule, 5> queue_rules{{
    {"SELECT count(*) FROM hawser_change c WHERE live = 1 AND NOT EXISTS (SELECT 1 FROM hawser_record r "
     "WHERE "
     "r.table_number = c.table_number AND r.id = c.id AND r.flags & 1)",
     "live changes belong to no dirty record"},
    {"SELECT count(*) FROM hawser_record r WHERE r.record IN (SELECT record FROM hawser_shadow) AND NOT "
     "r.flags & 1",
     "records have a shadow and are called clean"},
    {"SELECT count(*) FROM hawser_shadow s WHERE NOT EXISTS (SELECT 1 FROM hawser_record r WHERE r.record = "
     "s.record)",
     "shadows belong to no record"},
    {"SELECT count(*) FROM hawser_change WHERE live = 1 AND state = 'in flight' AND intent NOT IN (SELECT "
     "number FROM hawser_intent)",
     "changes are called in flight and are in no open intent"},
    {"SELECT count(*) FROM hawser_intent_change i LEFT JOIN hawser_change c ON c.sequence = i.sequence WHERE "
     "c.state IS NOT 'in flight'",
     "open intents hold changes that are not in flight"},
}};

} // namespace

std::span<const Migration> migrations()
{
    return {};
}

void migrate(Database& database, std::span<const Migration> steps)
{
    for (const Migration& step : steps) {
        if (pragma(database, "user_version") >= step.to) continue;
        database.execute("BEGIN IMMEDIATE");
        try {
            // Another process may have come first while this one waited for the lock.
            if (pragma(database, "user_version") < step.to) {
                database.execute(step.sql);
                database.execute("PRAGMA user_version = " + std::to_string(step.to));
            }
            database.execute("COMMIT");
        } catch (const SQLite::Exception&) {
            if (database.in_transaction())
                sqlite3_exec(database.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
            throw;
        }
    }
}

Result<void> check_header(Database& database)
{
    const std::string path = database.path().string();
    if (pragma(database, "application_id") != application_id)
        return Error{ErrorKind::stop, std::string(code::not_a_replica),
                     path + " is an SQLite database, but no replica. Name the replica's own file."};
    const std::int64_t version = pragma(database, "user_version");
    if (version > schema_version)
        return Error{ErrorKind::stop, std::string(code::newer),
                     "The replica " + path + " was written by a newer Hawser (its schema is " +
                         std::to_string(version) + ", this one knows " + std::to_string(schema_version) +
                         "). Update Hawser; nothing was changed."};
    return {};
}

std::vector<std::string> foreign_parts(Database& database, const TableSet& tables)
{
    const std::set<std::string>& own = own_parts();
    const auto views = view_statements(tables);
    Statement version = database.prepare("SELECT view_version FROM hawser_meta WHERE one = 1");
    const bool views_are_ours = version.step() && version.integer(0) == view_version;
    std::vector<std::string> foreign;
    for (const Part& part : parts(database)) {
        if (part.name.starts_with("sqlite_") || own.contains(part.type + ' ' + part.name)) continue;
        if (part.type == "index" && part.name.starts_with("hawser_by_")) continue;
        if (part.type == "view") {
            const auto found = views.find(part.name);
            if (found != views.end() && (!views_are_ours || found->second == part.sql)) continue;
        }
        foreign.push_back("the " + part.type + " " + part.name);
    }
    return foreign;
}

std::vector<std::string> broken_queue_rules(Database& database)
{
    std::vector<std::string> findings;
    for (const Rule& rule : queue_rules) {
        Statement count = database.prepare(rule.sql);
        count.step();
        if (count.integer(0) > 0)
            findings.push_back(std::to_string(count.integer(0)) + " " + std::string(rule.sentence) + ".");
    }
    return findings;
}

std::int64_t shadow_sum(std::int64_t record, std::string_view etag, std::string_view body)
{
    std::string text = std::to_string(record) + '\n' + std::string(etag) + '\n';
    text += body;
    return static_cast<std::int64_t>(checksum(text));
}

std::vector<std::int64_t> changes_with_wrong_sums(Database& database)
{
    std::vector<std::int64_t> wrong;
    Statement rows =
        database.prepare("SELECT " HAWSER_SUMMED_COLUMNS ", sum FROM hawser_change ORDER BY sequence");
    while (rows.step())
        if (sum_of(rows) != rows.integer(10)) wrong.push_back(rows.integer(0));
    return wrong;
}

bool agrees_with_sum(Database& database, Sequence sequence)
{
    Statement row =
        database.prepare("SELECT " HAWSER_SUMMED_COLUMNS ", sum FROM hawser_change WHERE sequence = ?1");
    return !row.with(sequence.value).step() || sum_of(row) == row.integer(10);
}

void sum_anew(Database& database, Sequence sequence)
{
    Statement row =
        database.prepare("SELECT " HAWSER_SUMMED_COLUMNS " FROM hawser_change WHERE sequence = ?1");
    if (!row.with(sequence.value).step()) return;
    const std::int64_t sum = sum_of(row);
    row.reset();
    database.prepare("UPDATE hawser_change SET sum = ?2 WHERE sequence = ?1").with(sequence.value, sum).run();
}

#undef HAWSER_SUMMED_COLUMNS

std::vector<std::int64_t> shadows_with_wrong_sums(Database& database)
{
    std::vector<std::int64_t> wrong;
    Statement rows = database.prepare("SELECT record, etag, body, sum FROM hawser_shadow ORDER BY record");
    while (rows.step())
        if (shadow_sum(rows.integer(0), rows.text(1), rows.text(2)) != rows.integer(3))
            wrong.push_back(rows.integer(0));
    return wrong;
}

std::vector<std::int64_t> intents_with_wrong_sums(Database& database)
{
    std::vector<std::int64_t> wrong;
    Statement rows = database.prepare("SELECT intent, method, path, condition, body, sent, sum, length(id) "
                                      "FROM hawser_intent_step ORDER BY intent");
    while (rows.step()) {
        const bool fine =
            step_sum(rows.text(1), rows.text(2), rows.text(3), rows.text(4)) == rows.integer(6) &&
            decode_fields(rows.text(5)) && rows.integer(7) == 16;
        if (!fine && (wrong.empty() || wrong.back() != rows.integer(0))) wrong.push_back(rows.integer(0));
    }
    return wrong;
}

std::int64_t step_sum(std::string_view method, std::string_view path, std::string_view condition,
                      std::string_view body)
{
    std::string text;
    for (const std::string_view part : {method, path, condition}) text += std::string(part) + '\n';
    text += body;
    return static_cast<std::int64_t>(checksum(text));
}

std::vector<std::string> broken_rows(Database& database)
{
    std::vector<std::string> findings;
    // What cannot even be read is a finding like any other.
    const auto look = [&](const auto& what) {
        try {
            what();
        } catch (const SQLite::Exception& failure) {
            findings.push_back(std::string("A part of the file cannot be read: ") + failure.what() + ".");
        } catch (const Failure& failure) {
            findings.push_back(failure.error.message);
        }
    };
    look([&] {
        Statement check = database.prepare_once("PRAGMA integrity_check(100)");
        while (check.step())
            if (check.text(0) != "ok") findings.push_back(check.string(0));
    });
    look([&] {
        for (const std::int64_t sequence : changes_with_wrong_sums(database))
            findings.push_back("The change " + std::to_string(sequence) +
                               " does not agree with its checksum.");
    });
    look([&] {
        for (const std::int64_t record : shadows_with_wrong_sums(database))
            findings.push_back("The shadow of record " + std::to_string(record) +
                               " does not agree with its checksum.");
    });
    look([&] {
        for (std::string& rule : broken_queue_rules(database)) findings.push_back(std::move(rule));
    });
    return findings;
}

} // namespace hawser::localstore

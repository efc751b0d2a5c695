#include "localstore/change_row.h"

#include "base/hash.h"
#include "localstore/fence.h"
#include "localstore/fields_json.h"
#include "localstore/numbers.h"

#include <algorithm>

namespace hawser::localstore {
namespace {

#define HAWSER_CHANGE_COLUMNS                                                                                \
    "sequence, table_number, id, kind, state, before, after, settled, group_number, origin, actor, "         \
    "on_behalf_of, made_at, attempts, last_error, waits_for, next_attempt, settled_at, reason"

template <class T>
T known_word(const std::optional<T>& word)
{
    if (!word)
        throw Failure{Error{ErrorKind::stop, std::string(code::inconsistent),
                            "The queue holds a word that this version does not know. Run `hawser repair`."}};
    return *word;
}

Change read(const Statement& row, const TableSet& tables)
{
    Change change;
    change.sequence.value = row.integer(0);
    change.key = {tables.numbered(row.integer(1)).table.name, row.guid(2)};
    change.kind = known_word(parse_change_kind(row.text(3)));
    change.state = known_word(parse_change_state(row.text(4)));
    change.before = need(decode_fields(row.text(5)));
    change.after = need(decode_fields(row.text(6)));
    change.settled = split_names(row.text(7));
    change.group.value = row.integer(8);
    change.origin = known_word(parse_origin(row.text(9)));
    change.actor = row.string(10);
    change.on_behalf_of = row.string(11);
    change.made_at = row.instant(12);
    change.attempts = static_cast<int>(row.integer(13));
    change.last_error = row.string(14);
    change.waits_for = row.string(15);
    change.next_attempt = row.optional_instant(16);
    change.settled_at = row.optional_instant(17);
    change.reason = row.string(18);
    return change;
}

void gather(const Value& value, int role, std::set<Reference>& found)
{
    if (const auto* lookup = std::get_if<Lookup>(&value)) found.insert({lookup->table, lookup->id, role});
    const auto* collection = std::get_if<Collection>(&value);
    if (collection == nullptr) return;
    for (const Element& element : collection->elements) {
        const std::size_t colon = element.key.find(':');
        if (colon == std::string::npos || element.key.starts_with("address:")) continue;
        if (const auto id = Guid::parse(std::string_view(element.key).substr(colon + 1)))
            found.insert({element.key.substr(0, colon), *id, role});
    }
}

void erase_references(Database& database, const Change& change)
{
    const auto found = references(change);
    if (found.empty()) return;
    Statement erase = database.prepare(
        "DELETE FROM hawser_reference WHERE id = ?1 AND target = ?2 AND sequence = ?3 AND role = ?4");
    for (const Reference& reference : found)
        erase.with(reference.id, reference.target, change.sequence.value, reference.role).run();
}

std::string state_condition(const std::vector<ChangeState>& states)
{
    if (states.empty()) return "live = 1";
    std::string condition = "state IN (";
    for (const ChangeState state : states)
        condition += (condition.back() == '(' ? "'" : ", '") + std::string(to_text(state)) + "'";
    condition += ')';
    if (std::all_of(states.begin(), states.end(), is_live)) condition += " AND live = 1";
    return condition;
}

} // namespace

void write_references(Database& database, const Change& change)
{
    if (!is_live(change.state)) return;
    const auto found = references(change);
    if (found.empty()) return;
    Statement add = database.prepare(
        "INSERT OR IGNORE INTO hawser_reference (id, target, sequence, role) VALUES (?1, ?2, ?3, ?4)");
    for (const Reference& reference : found)
        add.with(reference.id, reference.target, change.sequence.value, reference.role).run();
}

std::optional<Change> find_change(Database& database, const TableSet& tables, Sequence sequence)
{
    Statement row =
        database.prepare("SELECT " HAWSER_CHANGE_COLUMNS " FROM hawser_change WHERE sequence = ?1");
    if (!row.with(sequence.value).step()) return std::nullopt;
    return read(row, tables);
}

std::vector<Change> live_changes(Database& database, const KnownTable& table, const Guid& id)
{
    TableSet one;
    one.by_number[table.number] = std::shared_ptr<const KnownTable>(std::shared_ptr<void>(), &table);
    Statement rows = database.prepare("SELECT " HAWSER_CHANGE_COLUMNS
                                      " FROM hawser_change INDEXED BY hawser_change_record "
                                      "WHERE id = ?1 AND table_number = ?2 AND live = 1 ORDER BY sequence");
    rows.with(id, table.number);
    std::vector<Change> changes;
    while (rows.step()) changes.push_back(read(rows, one));
    return changes;
}

std::vector<Change> list_changes(Database& database, const TableSet& tables, const ChangeFilter& filter)
{
    std::string sql = "SELECT " HAWSER_CHANGE_COLUMNS " FROM hawser_change WHERE sequence > ?1 AND " +
                      state_condition(filter.states);
    std::int64_t table = 0;
    if (!filter.table.empty()) {
        table = need(tables.named(filter.table))->number;
        sql += " AND table_number = ?2";
    }
    if (filter.id) sql += " AND id = ?3";
    // Said twice, as it is what the index is of.
    if (filter.group.value != 0) sql += " AND group_number = ?4 AND group_number > 0";
    if (filter.made_from) sql += " AND made_at >= ?6";
    if (filter.made_before) sql += " AND made_at < ?7";
    sql += " ORDER BY sequence LIMIT ?5";
    Statement rows = database.prepare_built(sql);
    rows.bind(1, filter.after.value);
    if (table != 0) rows.bind(2, table);
    if (filter.id) rows.bind(3, *filter.id);
    if (filter.group.value != 0) rows.bind(4, filter.group.value);
    rows.bind(5, static_cast<std::int64_t>(filter.limit));
    if (filter.made_from) rows.bind(6, *filter.made_from);
    if (filter.made_before) rows.bind(7, *filter.made_before);
    std::vector<Change> changes;
    while (rows.step()) changes.push_back(read(rows, tables));
    return changes;
}

Sequence next_sequence(Database& database)
{
    return Sequence{next_number(database, Numbered::change)};
}

std::int64_t change_sum(const Change& change, std::string_view before, std::string_view after)
{
    std::string text = std::to_string(change.sequence.value) + '\n' + change.key.id.text() + '\n' +
                       std::string(to_text(change.kind)) + '\n' + std::to_string(change.group.value) + '\n' +
                       std::string(to_text(change.origin)) + '\n' + change.actor + '\n' +
                       change.on_behalf_of + '\n' +
                       std::to_string(change.made_at.time_since_epoch().count()) + '\n';
    text += before;
    text += '\n';
    text += after;
    return static_cast<std::int64_t>(checksum(text));
}

void add_change(Database& database, const KnownTable& table, Change& change)
{
    if (change.sequence.value == 0) change.sequence = next_sequence(database);
    const std::string before = encode_fields(change.before);
    const std::string after = encode_fields(change.after);
    database
        .prepare("INSERT INTO hawser_change (sequence, table_number, id, kind, state, live, before, after, "
                 "settled, group_number, intent, origin, actor, on_behalf_of, made_at, attempts, last_error, "
                 "waits_for, next_attempt, settled_at, reason, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                 "?9, ?10, 0, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)")
        .with(change.sequence.value, table.number, change.key.id, to_text(change.kind), to_text(change.state),
              is_live(change.state), before, after, join_names(change.settled), change.group.value,
              to_text(change.origin), change.actor, change.on_behalf_of, change.made_at, change.attempts,
              change.last_error, change.waits_for, change.next_attempt, change.settled_at, change.reason,
              change_sum(change, before, after))
        .run();
    write_references(database, change);
}

void update_change(Database& database, const Change& change)
{
    const std::string before = encode_fields(change.before);
    const std::string after = encode_fields(change.after);
    if (is_live(change.state)) {
        // The columns may have been rebased, and what was referred to before with them.
        database.prepare("DELETE FROM hawser_reference WHERE sequence = ?1")
            .with(change.sequence.value)
            .run();
        write_references(database, change);
    }
    database.prepare("UPDATE hawser_change SET before = ?2, after = ?3, sum = ?4 WHERE sequence = ?1")
        .with(change.sequence.value, before, after, change_sum(change, before, after))
        .run();
    update_change_state(database, change);
}

void update_change_state(Database& database, const Change& change)
{
    database
        .prepare("UPDATE hawser_change SET state = ?2, live = ?3, settled = ?4, attempts = ?5, last_error = "
                 "?6, waits_for = ?7, next_attempt = ?8, settled_at = ?9, reason = ?10 WHERE sequence = ?1")
        .with(change.sequence.value, to_text(change.state), is_live(change.state), join_names(change.settled),
              change.attempts, change.last_error, change.waits_for, change.next_attempt, change.settled_at,
              change.reason)
        .run();
    if (is_live(change.state)) return;
    set_intent(database, change.sequence, 0);
    erase_references(database, change);
}

void set_intent(Database& database, Sequence sequence, std::int64_t intent)
{
    database.prepare("UPDATE hawser_change SET intent = ?2 WHERE sequence = ?1 AND intent <> ?2")
        .with(sequence.value, intent)
        .run();
}

std::set<Reference> references(const Change& change)
{
    std::set<Reference> found;
    for (const auto& [name, value] : change.after) gather(value, 1, found);
    std::set<Reference> released;
    for (const auto& [name, value] : change.before) gather(value, 2, released);
    for (const Reference& reference : released)
        if (!found.contains({reference.target, reference.id, 1})) found.insert(reference);
    return found;
}

std::vector<std::string> open_columns(const Change& change)
{
    std::vector<std::string> names;
    for (const auto& [name, value] : change.after)
        if (!change.is_settled(name)) names.push_back(name);
    return names;
}

void leave_queue(Change& change, ChangeState state, std::string_view reason, Instant now)
{
    change.state = state;
    change.reason = std::string(reason);
    change.settled_at = now;
    change.waits_for.clear();
    change.next_attempt.reset();
}

#undef HAWSER_CHANGE_COLUMNS

} // namespace hawser::localstore

#include "base/fields.h"
#include "localstore/file_check.h"
#include "localstore/net_effect.h"
#include "localstore/receipt_row.h"
#include "localstore/verbs.h"

#include <algorithm>
#include <map>
#include <set>

namespace hawser::localstore {
namespace {

Result<Change> live_change(TransactionState& state, Sequence sequence)
{
    auto change = find_change(state.database, *state.tables, sequence);
    if (!change) return no_change(sequence);
    if (!is_live(change->state)) return already_settled(*change);
    return std::move(*change);
}

/// The live members of the change's group, itself among them, by record and in the order of the queue.
std::map<RecordKey, std::vector<Sequence>> with_group(TransactionState& state, const Change& change)
{
    if (change.group.value == 0) return {{change.key, {change.sequence}}};
    std::map<RecordKey, std::vector<Sequence>> members;
    Statement rows = state.database.prepare(
        "SELECT sequence, table_number, id FROM hawser_change WHERE group_number = ?1 AND group_number > 0 "
        "AND live = 1 ORDER BY sequence");
    rows.with(change.group.value);
    while (rows.step()) {
        const KnownTable& table = state.tables->numbered(rows.integer(1));
        members[{table.table.name, rows.guid(2)}].push_back(Sequence{rows.integer(0)});
    }
    return members;
}

void place(Change& change, ChangeState wanted, std::string_view words)
{
    change.state = wanted;
    if (wanted == ChangeState::parked) change.last_error = std::string(words);
    change.waits_for = wanted == ChangeState::queued ? "" : std::string(words);
    // The words of a former refusal say nothing of a change that goes out again.
    if (wanted == ChangeState::queued) change.last_error.clear();
    change.next_attempt.reset();
}

void gather(Statement& rows, Sequence self, DependencyReason reason, bool self_waits,
            std::vector<Dependency>& found)
{
    while (rows.step()) {
        const Sequence other{rows.integer(0)};
        found.push_back(self_waits ? Dependency{self, other, reason} : Dependency{other, self, reason});
    }
    rows.reset();
}

bool is_of_itself(const KnownTable& table, const Change& change, const Reference& reference)
{
    return table.table.name == change.key.table && reference.id == change.key.id;
}

/// The live changes that make a record: its creation, or the first edit after its deletion there that may go.
/// Later ones wait for that one themselves, perhaps within a group that waits here.
std::vector<Sequence> makers(Database& database, const KnownTable& table, const Guid& id)
{
    Statement rows = database.prepare("SELECT sequence, kind, state FROM hawser_change WHERE id = ?1 AND "
                                      "table_number = ?2 AND live = 1 ORDER BY sequence");
    rows.with(id, table.number);
    std::vector<Sequence> created;
    std::vector<Sequence> edited;
    bool may_go = false;
    bool removed = false;
    while (rows.step()) {
        const ChangeKind kind = *parse_change_kind(rows.string(1));
        if (kind == ChangeKind::remove) removed = true;
        if (kind == ChangeKind::create) created.push_back(Sequence{rows.integer(0)});
        const bool contested = rows.text(2) == to_text(ChangeState::contested);
        if (kind != ChangeKind::update || may_go || (!edited.empty() && contested)) continue;
        edited = {Sequence{rows.integer(0)}};
        may_go = !contested;
    }
    if (removed || !created.empty() || edited.empty()) return created;
    Statement shadow = database.prepare(
        "SELECT s.remote FROM hawser_record r JOIN hawser_shadow s ON s.record = r.record WHERE r.id = ?1 "
        "AND r.table_number = ?2");
    const bool gone =
        shadow.with(id, table.number).step() && shadow.integer(0) == static_cast<int>(Remote::deleted);
    return gone ? edited : created;
}

/// The live changes of other records that refer to this one (role 1), or stop referring to it (role 2).
Statement users_of(Database& database, const KnownTable& table, const Guid& id, int role)
{
    Statement users = database.prepare(
        "SELECT DISTINCT r.sequence FROM hawser_reference r JOIN hawser_change c ON c.sequence = r.sequence "
        "WHERE r.id = ?1 AND r.target = ?2 AND r.role = ?3 AND c.live = 1 AND NOT (c.id = ?1 AND "
        "c.table_number = ?4) ORDER BY r.sequence");
    users.with(id, table.table.name, role, table.number);
    return users;
}

/// What a change waits for in other records.
void add_waits_elsewhere(Database& database, const TableSet& tables, const Change& change,
                         std::vector<Dependency>& found)
{
    for (const Reference& reference : references(change)) {
        const KnownTable* target = tables.find(reference.target);
        if (reference.role != 1 || target == nullptr || is_of_itself(*target, change, reference)) continue;
        for (const Sequence maker : makers(database, *target, reference.id))
            found.push_back({change.sequence, maker, DependencyReason::refers_to_created});
    }
    if (change.kind != ChangeKind::remove) return;
    Statement users = users_of(database, *need(tables.named(change.key.table)), change.key.id, 2);
    gather(users, change.sequence, DependencyReason::removes_reference, true, found);
}

/// The record as its first changes that go together make it again: its last version there with what they say.
Fields made_again(Database& database, const KnownTable& table, const Guid& id, Fields body)
{
    const std::vector<Change> live = live_changes(database, table, id);
    const std::vector<Run> found = runs(live, {});
    for (const Change& change : live) {
        if (!found.empty() && change.sequence > found.front().changes.back()) break;
        for (const auto& [column, value] : change.after)
            if (!change.is_settled(column)) body.insert_or_assign(column, value);
    }
    return body;
}

/// What is made again goes whole: it waits for what else its body refers to and is made, or made again.
void add_waits_of_body(Database& database, const TableSet& tables, const RecordKey& key, Sequence change,
                       const Fields& body, std::vector<Dependency>& found)
{
    for (const auto& [column, value] : body) {
        const auto* lookup = std::get_if<Lookup>(&value);
        const KnownTable* target = lookup == nullptr ? nullptr : tables.find(lookup->table);
        if (target == nullptr || key == RecordKey{lookup->table, lookup->id}) continue;
        for (const Sequence maker : makers(database, *target, lookup->id))
            found.push_back({change, maker, DependencyReason::refers_to_created});
    }
}

/// The same for a change that makes a record again, whose last version there was `body`.
void add_waits_of_revival(Database& database, const TableSet& tables, const RecordKey& key, Sequence change,
                          std::string_view body, std::vector<Dependency>& found)
{
    const KnownTable& table = *need(tables.named(key.table));
    const Fields whole =
        made_again(database, table, key.id, need(decode_body(table.layout, table.table, body)));
    add_waits_of_body(database, tables, key, change, whole, found);
}

/// The same, if the change makes its record again.
void add_waits_of_own_revival(Database& database, const TableSet& tables, const Change& change,
                              std::vector<Dependency>& found)
{
    const KnownTable& table = *need(tables.named(change.key.table));
    Statement gone =
        database.prepare("SELECT s.body FROM hawser_record r JOIN hawser_shadow s ON s.record = r.record "
                         "WHERE r.id = ?1 AND r.table_number = ?2 AND s.remote = ?3");
    if (!gone.with(change.key.id, table.number, static_cast<int>(Remote::deleted)).step()) return;
    const auto made_by = makers(database, table, change.key.id);
    if (!made_by.empty() && made_by.front() == change.sequence)
        add_waits_of_revival(database, tables, change.key, change.sequence, gone.text(0), found);
}

/// The same for all of the changes that make records again: for very many changes at once.
void add_waits_of_revivals(Database& database, const TableSet& tables, std::span<const Change> changes,
                           std::vector<Dependency>& found)
{
    Statement gone = database.prepare("SELECT r.table_number, r.id, s.body FROM hawser_shadow s JOIN "
                                      "hawser_record r ON r.record = s.record WHERE s.remote = ?1");
    gone.with(static_cast<int>(Remote::deleted));
    std::set<Sequence> asked;
    while (gone.step()) {
        if (asked.empty())
            for (const Change& change : changes) asked.insert(change.sequence);
        const KnownTable& table = tables.numbered(gone.integer(0));
        const Guid id = gone.guid(1);
        const auto made_by = makers(database, table, id);
        if (made_by.empty() || !asked.contains(made_by.front())) continue;
        add_waits_of_revival(database, tables, {table.table.name, id}, made_by.front(), gone.text(2), found);
    }
}

/// What waits in other records for a change.
void add_waiting_elsewhere(Database& database, const TableSet& tables, const Change& change,
                           std::vector<Dependency>& found)
{
    for (const Reference& reference : references(change)) {
        const KnownTable* target = tables.find(reference.target);
        if (reference.role == 1 || target == nullptr || is_of_itself(*target, change, reference)) continue;
        Statement removals =
            database.prepare("SELECT sequence FROM hawser_change WHERE id = ?1 AND table_number "
                             "= ?2 AND live = 1 AND kind = ?3 ORDER BY sequence");
        removals.with(reference.id, target->number, to_text(ChangeKind::remove));
        gather(removals, change.sequence, DependencyReason::removes_reference, false, found);
    }
    if (!makes_record(database, tables, change)) return;
    Statement users = users_of(database, *need(tables.named(change.key.table)), change.key.id, 1);
    gather(users, change.sequence, DependencyReason::refers_to_created, false, found);
}

Receipt receipt_of(const Subject& subject, Sequence change, const Ending& ending)
{
    Receipt receipt{{}, subject.key(), {change}, IntentOutcome::shown};
    receipt.etag = ending.shown_by;
    receipt.words = ending.reason;
    receipt.cycle = ending.cycle;
    receipt.at = ending.now;
    return receipt;
}

} // namespace

Error no_change(Sequence sequence)
{
    return refusal(code::no_change,
                   "There is no change " + std::to_string(sequence.value) + " in the queue.");
}

Error already_settled(const Change& change)
{
    return refusal(code::change_settled, "The change " + std::to_string(change.sequence.value) + " of " +
                                             describe(change.key) + " is no longer waiting: it is " +
                                             std::string(to_text(change.state)) + ".");
}

bool settle_columns(Subject& subject, Sequence sequence, std::span<const std::string> columns,
                    ChangeState outcome, std::string_view reason, Instant now)
{
    Change* change = subject.find(sequence);
    if (change == nullptr) return false;
    if (columns.empty()) {
        leave_queue(*change, outcome, reason, now);
        subject.store_state(sequence);
        return true;
    }
    for (const std::string& column : columns)
        if (claims(*change, column)) change->settled.push_back(column);
    const bool left = change->kind != ChangeKind::remove && open_columns(*change).empty();
    if (left) leave_queue(*change, outcome, reason, now);
    subject.store_state(sequence);
    return left;
}

Result<void> move_state(TransactionState& state, Sequence sequence, ChangeState wanted,
                        std::string_view words)
{
    auto change = live_change(state, sequence);
    if (!change) return change.error();
    // A group moves as one, so a member that stands there already took the others along.
    // Asking again for each member of a group of a thousand must not move a million.
    using Members = std::map<RecordKey, std::vector<Sequence>>;
    const bool stands_there = change->state == wanted && change->waits_for == words;
    const Members members = stands_there ? Members{{change->key, {sequence}}} : with_group(state, *change);
    for (const auto& [key, sequences] : members) {
        auto subject = load_subject(state, key);
        if (!subject) return subject.error();
        for (const Sequence member : sequences) {
            Change* kept = subject->find(member);
            if (kept == nullptr) continue;
            if (kept->state == ChangeState::in_flight)
                return refusal(code::change_sent, "The change " + std::to_string(member.value) + " of " +
                                                      describe(kept->key) +
                                                      " is being sent. Wait for the answer.");
            place(*kept, wanted, words);
            subject->store_state(member);
        }
        subject->finish({});
    }
    return {};
}

bool makes_record(Database& database, const TableSet& tables, const Change& change)
{
    const auto made_by = makers(database, *need(tables.named(change.key.table)), change.key.id);
    return std::find(made_by.begin(), made_by.end(), change.sequence) != made_by.end();
}

Dependencies find_dependencies(Database& database, const TableSet& tables, Sequence sequence)
{
    Dependencies found;
    const auto change = find_change(database, tables, sequence);
    if (!change || !is_live(change->state)) return found;
    const KnownTable& table = *need(tables.named(change->key.table));

    Statement earlier =
        database.prepare("SELECT sequence FROM hawser_change WHERE id = ?1 AND table_number = "
                         "?2 AND live = 1 AND sequence < ?3 ORDER BY sequence");
    earlier.with(change->key.id, table.number, sequence.value);
    gather(earlier, sequence, DependencyReason::same_record, true, found.waits_for);
    Statement later =
        database.prepare("SELECT sequence FROM hawser_change WHERE id = ?1 AND table_number = ?2 "
                         "AND live = 1 AND sequence > ?3 ORDER BY sequence");
    later.with(change->key.id, table.number, sequence.value);
    gather(later, sequence, DependencyReason::same_record, false, found.waited_for_by);
    add_waits_elsewhere(database, tables, *change, found.waits_for);
    add_waits_of_own_revival(database, tables, *change, found.waits_for);
    add_waiting_elsewhere(database, tables, *change, found.waited_for_by);
    return found;
}

Result<std::vector<Change>> QueueVerbs::list(const ChangeFilter& filter) const
{
    return verb(state_, [&]() -> Result<std::vector<Change>> {
        return list_changes(state_.database, *state_.tables, filter);
    });
}

Result<Dependencies> QueueVerbs::dependencies_of(Sequence change) const
{
    return verb(state_, [&]() -> Result<Dependencies> {
        return find_dependencies(state_.database, *state_.tables, change);
    });
}

Result<bool> QueueVerbs::reaches_beyond(GroupNumber group, const RecordKey& record) const
{
    return verb(state_, [&]() -> Result<bool> {
        if (group.value == 0) return false;
        const auto table = state_.tables->named(record.table);
        if (!table) return table.error();
        Statement other = state_.database.prepare("SELECT 1 FROM hawser_change WHERE group_number = ?1 AND "
                                                  "group_number > 0 AND live = 1 AND (id <> ?2 "
                                                  "OR table_number <> ?3) LIMIT 1");
        return other.with(group.value, record.id, (*table)->number).step();
    });
}

Result<std::vector<Dependency>> QueueVerbs::waits_among(std::span<const Change> changes) const
{
    return verb(state_, [&]() -> Result<std::vector<Dependency>> {
        std::vector<Dependency> edges;
        for (const Change& change : changes)
            add_waits_elsewhere(state_.database, *state_.tables, change, edges);
        add_waits_of_revivals(state_.database, *state_.tables, changes, edges);
        return edges;
    });
}

Result<void> QueueVerbs::settle(Sequence change, std::span<const std::string> columns, const Ending& ending)
{
    return verb(state_, [&]() -> Result<void> {
        const auto& [outcome, reason, now, shown_by, cycle] = ending;
        auto found = live_change(state_, change);
        if (!found) return found.error();
        if (outcome != ChangeState::applied && outcome != ChangeState::superseded)
            return refusal(code::bad_intent, "A change is settled as applied or superseded, nothing else.");
        if (found->state == ChangeState::in_flight)
            return refusal(code::change_sent, "The change " + std::to_string(change.value) +
                                                  " is in an open intent; settle that.");
        if (outcome == ChangeState::applied && found->state != ChangeState::queued)
            return refusal(code::bad_intent, "The change " + std::to_string(change.value) + " is " +
                                                 std::string(to_text(found->state)) +
                                                 "; only a queued one can turn out to be applied.");
        auto subject = load_subject(state_, found->key);
        if (!subject) return subject.error();
        const ColumnSet masked = subject->masked();
        bool any = true;
        if (outcome == ChangeState::superseded || !is_masked(*found, masked)) {
            settle_columns(*subject, change, columns, outcome, reason, now);
        } else {
            // What is asked about stays asked: only the rest can be the same on both sides.
            std::vector<std::string> rest = free_columns(*found, masked);
            if (!columns.empty())
                std::erase_if(rest, [&](const std::string& name) {
                    return std::ranges::find(columns, name) == columns.end();
                });
            any = !rest.empty();
            if (any) settle_columns(*subject, change, rest, outcome, reason, now);
        }
        if (any && !shown_by.empty())
            add_receipt(state_.database, subject->table(), receipt_of(*subject, change, ending));
        subject->finish(now);
        return {};
    });
}

Result<void> QueueVerbs::park(Sequence change, std::string_view words, Instant)
{
    return verb(state_, [&] { return move_state(state_, change, ChangeState::parked, words); });
}

Result<std::vector<Sequence>> QueueVerbs::unproven(const RecordKey& record) const
{
    return verb(state_, [&]() -> Result<std::vector<Sequence>> {
        const auto table = state_.tables->named(record.table);
        if (!table) return table.error();
        // A receipt lists its changes between commas; the newest one of a change has the last word.
        Statement rows = state_.database.prepare(
            "SELECT c.sequence FROM hawser_change c WHERE c.id = ?1 AND "
            "c.table_number = ?2 AND c.live = 1 AND "
            "c.state = ?3 AND ?4 = (SELECT t.outcome FROM "
            "hawser_receipt t WHERE t.id = ?1 AND t.table_number = "
            "?2 AND t.outcome NOT IN (?5, ?6, ?7) AND instr(',' || t.changes || ',', ',' || c.sequence || "
            "',') > 0 ORDER BY t.number DESC LIMIT 1) "
            "ORDER BY c.sequence");
        rows.with(record.id, (*table)->number, to_text(ChangeState::parked),
                  to_text(IntentOutcome::indeterminate), to_text(IntentOutcome::shown),
                  to_text(IntentOutcome::lost), to_text(IntentOutcome::covered));
        std::vector<Sequence> found;
        while (rows.step()) found.push_back(Sequence{rows.integer(0)});
        return found;
    });
}

Result<std::vector<Receipt>> QueueVerbs::arrivals(const RecordKey& key) const
{
    return verb(state_, [&]() -> Result<std::vector<Receipt>> {
        const RecordKey record = follow_alias(state_.database, *state_.tables, key);
        auto table = state_.tables->named(record.table);
        if (!table) return table.error();
        return arrivals_of(state_.database, **table, record.id);
    });
}

Result<void> QueueVerbs::hold(Sequence change, std::string_view why)
{
    return verb(state_, [&] { return move_state(state_, change, ChangeState::held, why); });
}

Result<bool> QueueVerbs::hold_damaged(std::span<const Sequence> changes)
{
    return verb(state_, [&]() -> Result<bool> {
        bool any = false;
        for (const Sequence change : changes) {
            if (agrees_with_sum(state_.database, change)) continue;
            if (auto held = move_state(state_, change, ChangeState::held, damaged_change); !held)
                return held.error();
            sum_anew(state_.database, change);
            any = true;
        }
        return any;
    });
}

Result<void> QueueVerbs::wait(Sequence change, std::string_view waits_for,
                              std::optional<Instant> next_attempt)
{
    return verb(state_, [&]() -> Result<void> {
        state_.database
            .prepare(
                "UPDATE hawser_change SET waits_for = ?2, next_attempt = ?3 WHERE sequence = ?1 AND live = "
                "1 AND (waits_for IS NOT ?2 OR next_attempt IS NOT ?3)")
            .with(change.value, waits_for, next_attempt)
            .run();
        if (state_.database.changes() > 0) state_.notice.queue = true;
        return {};
    });
}

} // namespace hawser::localstore

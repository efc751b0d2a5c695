#include "localstore/verbs.h"

#include <algorithm>

namespace hawser::localstore {
namespace {

Error intent_is_open(const RecordKey& key)
{
    return refusal(code::intent_open, describe(key) + " is in an open intent. Stage the version until it is "
                                                      "settled.");
}

void overlay(Fields& fields, const Fields& given, Coverage coverage)
{
    if (coverage == Coverage::whole_record) fields.clear();
    for (const auto& [name, value] : given) {
        if (is_null(value))
            fields.erase(name);
        else
            fields.insert_or_assign(name, value);
    }
}

void become(Subject& subject, std::string_view etag, const Fields& fields, CycleNumber cycle, Quality quality)
{
    RecordRow& row = subject.row;
    row.etag = std::string(etag);
    row.body = encode_body(subject.table().layout, fields);
    row.cycle = cycle.value;
    row.set(flag::tombstone, false);
    row.set(flag::partial, quality == Quality::partial);
}

std::optional<Staged> find_staged(Database& database, const KnownTable& table, std::int64_t record)
{
    Statement row = database.prepare("SELECT etag, body, cycle FROM hawser_staged WHERE record = ?1");
    if (!row.with(record).step()) return std::nullopt;
    Staged staged;
    staged.etag = row.string(0);
    if (!row.is_null(1)) staged.copy = need(decode_body(table.layout, table.table, row.text(1)));
    staged.cycle.value = row.integer(2);
    return staged;
}

std::vector<ScopeNumber> scopes_of(Database& database, const RecordRow& row)
{
    std::vector<ScopeNumber> scopes;
    Statement rows =
        database.prepare("SELECT number, bit FROM hawser_scope WHERE table_number = ?1 ORDER BY number");
    rows.with(row.table);
    while (rows.step())
        if ((row.scopes >> rows.integer(1) & 1) != 0) scopes.push_back(ScopeNumber{rows.integer(0)});
    return scopes;
}

/// Out of its last scope a clean record goes, a busy one once it is settled.
void leave_without_scope(TransactionState& state, Subject& subject)
{
    state.touched(subject.key());
    if (subject.row.scopes == 0 && !subject.shadow && !subject.row.has(flag::staged)) {
        erase_row(state.database, subject.row.record);
        return;
    }
    subject.row.set(flag::unlinked, subject.row.scopes == 0);
    save_row(state.database, subject.row);
}

} // namespace

RecordState record_state(Database& database, const Fold& port, const TableSet& tables, const RecordKey& key)
{
    RecordState state;
    state.key = follow_alias(database, tables, key);
    const KnownTable& table = *need(tables.named(state.key.table));
    const auto row = find_row(database, table.number, state.key.id);
    if (!row) return state;
    state.known = true;
    state.etag = row->etag;
    if (!row->has(flag::hidden)) state.local = need(decode_body(table.layout, table.table, row->body));
    state.tombstone = row->has(flag::tombstone);
    state.partial = row->has(flag::partial);
    state.unlinked = row->has(flag::unlinked);
    state.scopes = scopes_of(database, *row);
    state.cycle.value = row->cycle;
    state.generation.value = row->generation;
    if (row->has(flag::dirty)) {
        state.shadow = find_shadow(database, table, row->record);
        state.live = live_changes(database, table, row->id);
        if (row->has(flag::conflict)) state.conflict = open_conflict(database, table, row->id);
        state.masked = masked_columns(port, table.table, state.conflict);
        if (row->has(flag::in_flight)) state.open_intent = open_intent_of(database, table, row->id);
    }
    if (row->has(flag::staged)) state.staged = find_staged(database, table, row->record);
    return state;
}

Result<RecordState> RecordVerbs::state(const RecordKey& key) const
{
    return verb(state_, [&]() -> Result<RecordState> {
        if (auto table = state_.tables->named(key.table); !table) return table.error();
        return record_state(state_.database, state_.fold, *state_.tables, key);
    });
}

Result<std::string> RecordVerbs::etag(const RecordKey& key) const
{
    return verb(state_, [&]() -> Result<std::string> {
        const auto table = state_.tables->named(key.table);
        if (!table) return table.error();
        Statement row =
            state_.database.prepare("SELECT etag FROM hawser_record WHERE table_number = ?1 AND id = ?2");
        return row.with((*table)->number, key.id).step() ? row.string(0) : std::string();
    });
}

Result<Copy> RecordVerbs::folded(const RecordState& record, Sequence upto) const
{
    return verb(state_, [&]() -> Result<Copy> {
        if (!record.shadow) return record.local;
        const auto table = state_.tables->named(record.key.table);
        if (!table) return table.error();
        const Shadow& shadow = *record.shadow;
        const auto end = std::find_if(record.live.begin(), record.live.end(),
                                      [&](const Change& change) { return change.sequence > upto; });
        Copy base;
        if (shadow.remote != Remote::never && !record.tombstone &&
            (shadow.remote == Remote::present || !shadow.fields.empty()))
            base = shadow.fields;
        return fold(state_.fold, (*table)->table, std::move(base), std::span(record.live.begin(), end));
    });
}

Result<void> RecordVerbs::replace(const RecordKey& key, std::string_view etag, const Fields& fields,
                                  CycleNumber cycle, Quality quality)
{
    return verb(state_, [&]() -> Result<void> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        if (subject->shadow)
            return refusal(code::record_dirty,
                           describe(key) + " has live changes; its shadow moves instead.");
        become(*subject, etag, fields, cycle, quality);
        subject->finish({});
        return {};
    });
}

Result<void> RecordVerbs::stage(const RecordKey& key, std::string_view etag, const Copy& copy,
                                CycleNumber cycle)
{
    return verb(state_, [&]() -> Result<void> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        if (!subject->known()) return refusal(code::no_record, describe(key) + " is not in this replica.");
        std::optional<std::string> body;
        if (copy) body = encode_body(subject->table().layout, *copy);
        Database& database = state_.database;
        database
            .prepare("INSERT INTO hawser_staged (record, etag, body, cycle) VALUES (?1, ?2, ?3, ?4) ON "
                     "CONFLICT DO UPDATE SET etag = excluded.etag, body = excluded.body, cycle = "
                     "excluded.cycle")
            .with(subject->row.record, etag, body, cycle.value)
            .run();
        subject->row.set(flag::staged, true);
        save_row(database, subject->row);
        return {};
    });
}

Result<void> RecordVerbs::drop_staged(const RecordKey& key)
{
    return verb(state_, [&]() -> Result<void> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        if (!subject->row.has(flag::staged)) return {};
        state_.database.prepare("DELETE FROM hawser_staged WHERE record = ?1")
            .with(subject->row.record)
            .run();
        subject->row.set(flag::staged, false);
        save_row(state_.database, subject->row);
        return {};
    });
}

Result<std::vector<RecordKey>> RecordVerbs::staged_ready(std::size_t limit) const
{
    return verb(state_, [&]() -> Result<std::vector<RecordKey>> {
        Statement rows = state_.database.prepare(
            "SELECT r.table_number, r.id FROM hawser_staged s JOIN hawser_record r ON r.record = s.record "
            "WHERE r.flags & ?1 = 0 ORDER BY s.record LIMIT ?2");
        rows.with(flag::in_flight, static_cast<std::int64_t>(limit));
        std::vector<RecordKey> keys;
        while (rows.step())
            keys.push_back({state_.tables->numbered(rows.integer(0)).table.name, rows.guid(1)});
        return keys;
    });
}

Result<Copy> RecordVerbs::advance_shadow(const RecordKey& key, std::string_view etag, const Fields& remote,
                                         Coverage coverage, CycleNumber cycle)
{
    return verb(state_, [&]() -> Result<Copy> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        if (subject->row.has(flag::in_flight)) return intent_is_open(key);
        if (!subject->shadow) {
            Fields fields = subject->local().value_or(Fields{});
            overlay(fields, remote, coverage);
            const bool partial = coverage == Coverage::given_columns && subject->row.has(flag::partial);
            become(*subject, etag, fields, cycle, partial ? Quality::partial : Quality::whole);
            subject->finish({});
            return subject->local();
        }
        Shadow next = *subject->shadow;
        next.remote = Remote::present;
        next.etag = std::string(etag);
        overlay(next.fields, remote, coverage);
        subject->set_shadow(std::move(next));
        subject->row.cycle = cycle.value;
        subject->finish({});
        return subject->local();
    });
}

Result<void> RecordVerbs::mark_deleted(const RecordKey& key, CycleNumber cycle, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        if (!subject->known()) return {};
        if (subject->row.has(flag::in_flight)) return intent_is_open(key);
        subject->row.cycle = cycle.value;
        if (!subject->shadow) {
            subject->row.body = "[]";
            subject->row.set(flag::tombstone, true);
            subject->finish(now);
            return {};
        }
        Shadow gone = *subject->shadow;
        if (gone.remote == Remote::never) return {};
        gone.remote = Remote::deleted;
        subject->set_shadow(std::move(gone));
        const auto removal =
            std::find_if(subject->live.begin(), subject->live.end(),
                         [](const Change& change) { return change.kind == ChangeKind::remove; });
        if (removal != subject->live.end()) {
            const Sequence last = removal->sequence;
            std::vector<Sequence> done;
            for (const Change& change : subject->live)
                if (change.sequence <= last) done.push_back(change.sequence);
            for (const Sequence sequence : done) {
                const bool removes = sequence == last;
                settle_columns(
                    *subject, sequence, {}, removes ? ChangeState::applied : ChangeState::superseded,
                    removes ? "the record is deleted on the server too" : "deleted here later", now);
            }
        }
        subject->finish(now);
        return {};
    });
}

Result<void> RecordVerbs::unlink(const RecordKey& key, ScopeNumber scope)
{
    return verb(state_, [&]() -> Result<void> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        if (!subject->known()) return {};
        Database& database = state_.database;
        Statement bit =
            database.prepare("SELECT bit FROM hawser_scope WHERE number = ?1 AND table_number = ?2");
        if (!bit.with(scope.value, subject->row.table).step())
            return refusal(code::no_scope,
                           "There is no scope " + std::to_string(scope.value) + " of " + key.table + ".");
        subject->row.scopes &= ~(std::int64_t{1} << bit.integer(0));
        leave_without_scope(state_, *subject);
        return {};
    });
}

Result<void> RecordVerbs::unlink_homeless(const RecordKey& key)
{
    return verb(state_, [&]() -> Result<void> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        if (!subject->known() || subject->row.scopes != 0) return {};
        Statement scope = state_.database.prepare("SELECT 1 FROM hawser_scope WHERE table_number = ?1");
        if (scope.with(subject->row.table).step()) return {};
        scope.reset();
        leave_without_scope(state_, *subject);
        return {};
    });
}

Result<void> RecordVerbs::alias(const RecordKey& former, const RecordKey& present, std::string_view why,
                                Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto subject = load_subject(state_, former);
        if (!subject) return subject.error();
        if (follow_alias(state_.database, *state_.tables, present) == subject->key())
            return refusal(code::record_exists, describe(former) + " cannot lead to itself.");
        if (subject->shadow)
            return refusal(code::record_dirty, describe(former) + " has live changes; settle them first.");
        Database& database = state_.database;
        if (subject->known()) erase_row(database, subject->row.record);
        database
            .prepare(
                "INSERT INTO hawser_alias (table_number, former, present_table, present, why, at) VALUES "
                "(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET present_table = "
                "excluded.present_table, present = excluded.present, why = excluded.why, at = excluded.at")
            .with(subject->table().number, subject->row.id, present.table, present.id, why, now)
            .run();
        state_.touched(former);
        state_.touched(present);
        return {};
    });
}

} // namespace hawser::localstore

#include "localstore/subject.h"

#include "localstore/change_row.h"
#include "localstore/conflict_row.h"
#include "localstore/file_check.h"
#include "localstore/net_effect.h"

#include <algorithm>
#include <iterator>

namespace hawser::localstore {

std::optional<Shadow> find_shadow(Database& database, const KnownTable& table, std::int64_t record)
{
    Statement row = database.prepare("SELECT remote, etag, body FROM hawser_shadow WHERE record = ?1");
    if (!row.with(record).step()) return std::nullopt;
    Shadow shadow;
    shadow.remote = static_cast<Remote>(row.integer(0));
    shadow.etag = row.string(1);
    shadow.fields = need(decode_body(table.layout, table.table, row.text(2)));
    return shadow;
}

RecordKey follow_alias(Database& database, const TableSet& tables, const RecordKey& key)
{
    constexpr int longest_chain = 16;
    RecordKey present = key;
    for (int step = 0; step < longest_chain; ++step) {
        const KnownTable* table = tables.find(present.table);
        if (table == nullptr) break;
        Statement alias = database.prepare(
            "SELECT present_table, present FROM hawser_alias WHERE table_number = ?1 AND former = ?2");
        if (!alias.with(table->number, present.id).step()) break;
        present = {alias.string(0), alias.guid(1)};
    }
    return present;
}

namespace {

/// Whether a copy of the record came while an intent of it was open.
bool is_brought(Database& database, std::int64_t record)
{
    Statement staged = database.prepare("SELECT 1 FROM hawser_staged WHERE record = ?1 AND body IS NOT NULL");
    return staged.with(record).step();
}

} // namespace

Subject Subject::load(TransactionState& state, std::shared_ptr<const KnownTable> table, const Guid& id)
{
    Subject subject(state, std::move(table));
    const KnownTable& known = subject.table();
    auto row = find_row(state.database, known.number, id);
    if (!row) {
        subject.row.table = known.number;
        subject.row.id = id;
        return subject;
    }
    subject.row = std::move(*row);
    if (subject.row.has(flag::dirty)) {
        subject.shadow = find_shadow(state.database, known, subject.row.record);
        subject.live = live_changes(state.database, known, id);
        if (subject.row.has(flag::conflict)) subject.conflict = open_conflict(state.database, known, id);
    }
    return subject;
}

Fields Subject::decode(std::string_view body) const
{
    return need(decode_body(table_->layout, table_->table, body));
}

Copy Subject::local() const
{
    if (!known() || row.has(flag::hidden)) return std::nullopt;
    return decode(row.body);
}

void Subject::make_dirty()
{
    if (shadow) return;
    Shadow base;
    if (!known()) {
        base.remote = Remote::never;
        row.set(flag::absent, true);
    } else if (row.has(flag::tombstone)) {
        base.remote = Remote::deleted;
    } else {
        base.fields = decode(row.body);
    }
    base.etag = row.etag;
    row.set(flag::tombstone, false);
    row.set(flag::dirty, true);
    set_shadow(std::move(base));
    // Changes need the row's number to hang on.
    if (!known()) save_row(state_->database, row);
}

void Subject::set_shadow(Shadow base)
{
    shadow = std::move(base);
    shadow_changed_ = true;
}

void Subject::add(Change change)
{
    add_change(state_->database, *table_, change);
    state_->notice.queue = true;
    if (is_live(change.state)) live.push_back(std::move(change));
}

Change* Subject::find(Sequence sequence)
{
    const auto found =
        std::find_if(live.begin(), live.end(), [&](const Change& c) { return c.sequence == sequence; });
    return found == live.end() ? nullptr : &*found;
}

void Subject::store_state(Sequence sequence)
{
    const Change* change = find(sequence);
    if (change == nullptr) return;
    update_change_state(state_->database, *change);
    state_->notice.queue = true;
    if (!is_live(change->state)) std::erase_if(live, [&](const Change& c) { return c.sequence == sequence; });
}

ColumnSet Subject::masked() const
{
    return masked_columns(state_->fold, table_->table, conflict);
}

void Subject::withdraw_conflict_without_claims(Instant now)
{
    if (!conflict) return;
    const auto claimed = [this](const std::string& column) {
        return std::any_of(live.begin(), live.end(),
                           [&](const Change& change) { return claims(change, column); });
    };
    if (std::ranges::any_of(masked(), claimed)) return;
    conflict->closed_at = now;
    if (conflict->resolution.empty()) conflict->resolution = "withdrawn";
    close_conflict(state_->database, *conflict);
    conflict.reset();
    state_->notice.conflicts = true;
}

/// A record that was made and deleted here while the server never heard of it: nothing is left to do.
void Subject::cancel_never_sent(Instant now)
{
    if (!shadow || shadow->remote != Remote::never || row.has(flag::in_flight) || live.empty()) return;
    if (live.back().kind != ChangeKind::remove) return;
    // Another copy of this replica may have made it: what a pull brought meanwhile is still to be met.
    if (row.has(flag::staged) && is_brought(state_->database, row.record)) return;
    while (!live.empty()) {
        Change& change = live.back();
        leave_queue(change, ChangeState::superseded,
                    "created and deleted here, and never seen in the organization", now);
        store_state(Sequence{change.sequence});
    }
}

/// A deletion that was undone while it was on its way, and came back without having arrived: neither it
/// nor the creation that was to take it back has anything left to do.
void Subject::cancel_taken_back(Instant now)
{
    if (row.has(flag::in_flight)) return;
    const auto returned = std::ranges::adjacent_find(live, [](const Change& removal, const Change& creation) {
        return removal.kind == ChangeKind::remove && creation.kind == ChangeKind::create;
    });
    if (returned == live.end()) return;
    const Sequence both[] = {returned->sequence, std::next(returned)->sequence};
    for (const Sequence sequence : both) {
        leave_queue(*find(sequence), ChangeState::undone, "the deletion was undone before it arrived", now);
        store_state(sequence);
    }
}

void Subject::mask(Copy& local)
{
    if (!conflict || !local) return;
    for (ConflictColumn& column : conflict->columns) {
        const auto last = std::find_if(live.rbegin(), live.rend(),
                                       [&](const Change& change) { return claims(change, column.column); });
        // A column of an atomic group may be contested without being part of a change: mine is kept.
        const Value& mine = last == live.rend() ? column.mine : last->after.find(column.column)->second;
        if (is_null(mine))
            local->erase(column.column);
        else
            local->insert_or_assign(column.column, mine);
    }
}

void Subject::follow_sides(const Copy& local)
{
    if (!conflict) return;
    const auto value_of = [](const Fields& fields, const std::string& name) {
        const auto found = fields.find(name);
        return found == fields.end() ? Value{} : found->second;
    };
    bool moved = false;
    for (ConflictColumn& column : conflict->columns) {
        const ConflictColumn former = column;
        column.theirs = shadow->remote == Remote::present ? value_of(shadow->fields, column.column) : Value{};
        if (local) column.mine = value_of(*local, column.column);
        if (column == former) continue;
        moved = moved || !(column.theirs == former.theirs);
        save_column(state_->database, conflict->number, column);
        state_->notice.conflicts = true;
    }
    if (moved) revise_conflict(state_->database, *conflict);
}

void Subject::give_states()
{
    const ColumnSet hidden = masked();
    for (Change& change : live) {
        if (change.state != ChangeState::queued && change.state != ChangeState::contested) continue;
        const bool contested = change.kind != ChangeKind::remove && !open_columns(change).empty() &&
                               free_columns(change, hidden).empty();
        const ChangeState wanted = contested ? ChangeState::contested : ChangeState::queued;
        if (change.state == wanted) continue;
        change.state = wanted;
        update_change_state(state_->database, change);
        state_->notice.queue = true;
    }
}

void Subject::store_dirty(const Copy& local)
{
    row.etag = shadow->etag;
    row.set(flag::dirty, true);
    row.set(flag::absent, !local);
    row.set(flag::conflict, conflict.has_value());
    row.set(flag::needs_you, std::any_of(live.begin(), live.end(), [](const Change& change) {
                return change.state == ChangeState::parked || change.state == ChangeState::contested;
            }));
    row.body = local ? encode_body(table_->layout, *local) : "[]";
    save_row(state_->database, row);
    if (!shadow_changed_) return;
    const std::string body = encode_body(table_->layout, shadow->fields);
    state_->database
        .prepare("INSERT INTO hawser_shadow (record, remote, etag, body, sum) VALUES (?1, ?2, ?3, ?4, ?5) ON "
                 "CONFLICT DO UPDATE SET remote = excluded.remote, etag = excluded.etag, body = "
                 "excluded.body, sum = excluded.sum")
        .with(row.record, static_cast<int>(shadow->remote), shadow->etag, body,
              shadow_sum(row.record, shadow->etag, body))
        .run();
    shadow_changed_ = false;
}

void Subject::become_clean()
{
    Database& database = state_->database;
    if (shadow->remote == Remote::never || row.has(flag::unlinked)) {
        erase_row(database, row.record);
        row.record = 0;
        shadow.reset();
        return;
    }
    database.prepare("DELETE FROM hawser_shadow WHERE record = ?1").with(row.record).run();
    row.etag = shadow->etag;
    row.set(flag::busy | flag::needs_you | flag::absent, false);
    row.set(flag::tombstone, shadow->remote == Remote::deleted);
    row.body = shadow->remote == Remote::deleted ? "[]" : encode_body(table_->layout, shadow->fields);
    save_row(database, row);
    shadow.reset();
}

void Subject::finish(Instant now)
{
    state_->touched(key());
    if (!shadow) {
        save_row(state_->database, row);
        return;
    }
    cancel_never_sent(now);
    cancel_taken_back(now);
    withdraw_conflict_without_claims(now);
    if (live.empty() && !conflict && !row.has(flag::in_flight)) {
        become_clean();
        return;
    }
    Copy base;
    if (shadow->remote == Remote::present || (shadow->remote == Remote::deleted && !shadow->fields.empty()))
        base = shadow->fields;
    Copy local = need(fold(state_->fold, table_->table, std::move(base), live));
    mask(local);
    follow_sides(local);
    give_states();
    store_dirty(local);
}

} // namespace hawser::localstore

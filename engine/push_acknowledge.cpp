#include "base/fields.h"
#include "engine/copied.h"
#include "engine/emptied.h"
#include "engine/etag.h"
#include "engine/idle_edits.h"
#include "engine/intent_records.h"
#include "engine/pull.h"
#include "engine/push.h"
#include "engine/reconcile.h"
#include "engine/restored.h"
#include "localstore/transaction.h"

#include <algorithm>
#include <iterator>

namespace hawser::engine {

namespace {

using localstore::Acknowledged;
using localstore::StepKind;

/// What was sent of the record, over all steps of the intent.
Fields sent_of(const localstore::Intent& intent, const RecordKey& key)
{
    Fields sent;
    for (const localstore::IntentStep& step : intent.steps)
        if (step.key == key) sent.insert(step.sent.begin(), step.sent.end());
    return sent;
}

/// A record of which a later version was told than the one that was read.
struct Older {
    RecordKey key;
    std::string answered;
    std::string found;
};

/// The latest version that the answers to the intent tell of the record; "" where they tell none.
std::string answered_etag(const localstore::Intent& intent, const RecordKey& key)
{
    std::string latest;
    for (const localstore::IntentStep& step : intent.steps)
        if (step.key == key && !step.etag.empty() && step.status < 300) latest = step.etag;
    return latest;
}

/// Nobody touched the record since it was made as we sent it: the rest is the organization's own. It may have
/// been deleted since and made again, by somebody else and otherwise: text that we did not send is theirs.
bool is_as_created(const Table& table, const Fields& sent, const Fields& read)
{
    const Value& created = value_in(read, "createdon");
    const bool as_sent = std::ranges::all_of(
        sent, [&](const auto& entry) { return equal_as_stored(entry.second, value_in(read, entry.first)); });
    const bool more = std::ranges::any_of(table.columns, [&](const Column& column) {
        const bool typed = column.type == ColumnType::text || column.type == ColumnType::memo;
        const bool written = typed && (column.creatable || column.updatable);
        return written && !sent.contains(column.name) && !is_null(value_in(read, column.name));
    });
    return as_sent && !more && !is_null(created) && created == value_in(read, "modifiedon");
}

/// The version that our write made, as far as it is proven: the former one with what was sent over
/// it, in the spelling in which the organization holds it, and what the organization computes, which nobody
/// writes.
Fields believed(const Table& table, const localstore::Shadow& former, const Fields& sent, const Fields& read)
{
    Fields fields;
    if (former.remote == localstore::Remote::present) fields = former.fields;
    if (former.remote != localstore::Remote::present && is_as_created(table, sent, read)) fields = read;
    for (const Column& column : table.columns) {
        if (column.creatable || column.updatable || !read.contains(column.name)) continue;
        fields.insert_or_assign(column.name, value_in(read, column.name));
    }
    for (const auto& [column, value] : sent) {
        const Value& there = value_in(read, column);
        fields.insert_or_assign(column, equal_as_stored(value, there) ? there : value);
    }
    return fields;
}

/// Another copy of this replica may have created it, with what was edited there since: of what was edited here since,
/// our write made nothing.
void forget_edited(const localstore::RecordState& state, const localstore::Intent& intent, const Fields& sent,
                   Fields& made)
{
    for (const localstore::Change& change : state.live) {
        if (covers(intent, change.sequence)) continue;
        for (const auto& member : change.after)
            if (!sent.contains(member.first)) made.erase(member.first);
    }
}

/// The columns that no scope of the table brings.
Result<void> add_never_read(Surroundings& around, const Draft::Part& part, const Fields& read, Fields& made)
{
    const auto scopes = around.store.scopes();
    if (!scopes) return scopes.error();
    for (const auto& [column, value] : read) {
        const bool comes = std::ranges::any_of(*scopes, [&](const localstore::Scope& scope) {
            const auto left = left_out(scope, *part.table);
            return scope.table == part.key.table && std::ranges::find(left, column) == left.end();
        });
        if (!comes) made.try_emplace(column, value);
    }
    return {};
}

} // namespace

bool all_answered(const std::vector<std::pair<RecordKey, Found>>& read)
{
    return std::ranges::none_of(
        read, [](const auto& one) { return one.second.presence == Found::Presence::no_answer; });
}

Result<void> Pusher::acknowledge(localstore::Transaction& transaction, const Draft& draft,
                                 const std::vector<Acknowledged>& copies)
{
    cycle_.figures.pushed += draft.unit.changes.size();
    for (const Draft::Part& part : draft.parts) {
        attempts_.erase(part.key);
        if (part.kind == StepKind::remove) deleted_from_.insert(part.key.table);
    }
    if (draft.receipt) {
        const auto intent = transaction.intents.get(draft.intent);
        if (!intent) return intent.error();
        // The other installation still asks for the receipt of what it opened.
        if (!is_from_another(around_.store, *intent)) receipts_done_.push_back(draft.intent);
    }
    std::vector<localstore::RecordState> asked;
    for (const Draft::Part& part : draft.parts) {
        if (!part.contested) continue;
        auto state = transaction.records.state(part.key);
        if (!state) return state.error();
        asked.push_back(std::move(*state));
    }
    Result<void> done = transaction.intents.applied(draft.intent, copies, {}, cycle_.number, around_.now());
    for (std::size_t i = 0; done && i < asked.size(); ++i) done = tell_moved(transaction, asked[i]);
    for (const Draft::Part& part : draft.parts)
        if (done && part.kind == StepKind::create) done = transaction.records.unlink_homeless(part.key);
    return done;
}

/// What the answer to our own write brings of contested columns is their side now, as after a pull.
Result<void> Pusher::tell_moved(localstore::Transaction& transaction, const localstore::RecordState& before)
{
    const auto state = transaction.records.state(before.key);
    if (!state) return state.error();
    if (!before.conflict || !state->conflict) return {};
    QuestionMove move;
    for (const localstore::ConflictColumn& column : state->conflict->columns) {
        const auto& former = before.conflict->columns;
        const auto asked = std::ranges::find(former, column.column, &localstore::ConflictColumn::column);
        if (asked != former.end() && !(asked->theirs == column.theirs))
            move.moved += (move.moved.empty() ? "" : ", ") + column.column;
    }
    if (move.moved.empty()) return {};
    const auto table = around_.table(before.key.table);
    if (!table) return table.error();
    const std::string name = name_of((*table)->table(), before.key, state->local ? &*state->local : nullptr);
    return tell_moved_question(cycle_, transaction, before.key, name, move, around_.now());
}

// A read may hold what others changed after our write. It becomes the shadow by being reconciled
// with what our write is believed to have made, never directly: an edit made here meanwhile would
// otherwise be sent over theirs with the newest etag (I3).
Result<void> Pusher::acknowledge_read(localstore::Transaction& transaction, const Draft& draft,
                                      const Read& read)
{
    const auto intent = transaction.intents.get(draft.intent);
    if (!intent) return intent.error();
    std::vector<Acknowledged> copies;
    std::vector<Older> older;
    for (std::size_t i = 0; i < draft.parts.size() && i < read.size(); ++i) {
        const Draft::Part& part = draft.parts[i];
        const Found& found = read[i].second;
        if (part.kind == StepKind::remove) {
            copies.push_back({part.key, {}, std::nullopt});
            continue;
        }
        // While what was sent still says that it came later than what is lost.
        const Result<void> looked =
            look_for_restored(cycle_, transaction, part.key, found.etag, around_.now());
        if (!looked) return looked;
        const auto state = transaction.records.state(part.key);
        if (!state) return state.error();
        if (!state->shadow) continue;
        const auto sent = with_emptied(state_in(transaction), sent_of(*intent, part.key), found.fields);
        if (!sent) return sent.error();
        Fields made = believed(part.table->table(), *state->shadow, *sent, found.fields);
        const bool is_new = state->shadow->remote != localstore::Remote::present;
        if (is_new && is_shared(around_.store, *intent)) forget_edited(*state, *intent, *sent, made);
        // What the replica never read is as our write left it where nobody else wrote after it.
        const Value by_us = Lookup{"systemuser", around_.store.binding().user};
        if (state->partial && value_in(found.fields, "modifiedby") == by_us) {
            const Result<void> added = add_never_read(around_, part, found.fields, made);
            if (!added) return added;
        }
        Acknowledged copy{part.key, {}, std::move(made)};
        // What an organization that was restored meanwhile holds is not what our write made.
        const std::string answered = answered_etag(*intent, part.key);
        const bool is_older = is_older_than(found.etag, answered);
        copy.receipt_etag = is_older ? answered : found.etag;
        if (is_older) older.push_back({part.key, answered, found.etag});
        copy.is_there = found.presence == Found::Presence::present;
        // A version that was not read is not known: whoever edits the one before it is refused.
        if (!copy.is_there) copy.etag = state->shadow->etag;
        copies.push_back(std::move(copy));
    }
    Result<void> done = acknowledge(transaction, draft, copies);
    for (const Older& one : older)
        if (done)
            done = look_for_restored(cycle_, transaction, one.key, one.answered, one.found, around_.now());
    for (std::size_t i = 0; done && i < draft.parts.size() && i < read.size(); ++i)
        done = take_read(transaction, draft.parts[i], read[i].second);
    return done;
}

Result<void> Pusher::settle_part_shown(localstore::Transaction& transaction, const localstore::Intent& intent,
                                       const Draft::Part& part, const Found& found)
{
    if (found.presence != Found::Presence::present || part.kind == StepKind::remove) return {};
    const auto state = transaction.records.state(part.key);
    if (!state) return state.error();
    std::vector<localstore::Change> changes;
    std::ranges::copy_if(state->live, std::back_inserter(changes),
                         [&](const localstore::Change& change) { return covers(intent, change.sequence); });
    const auto shown =
        settle_shown(transaction, *state, changes, sent_of(intent, part.key),
                     {found.etag, found.fields, cycle_.number}, part.table->rules->policy, around_.now());
    if (!shown) return shown.error();
    return {};
}

/// What was made here and may not be read belongs to no scope.
Result<void> Pusher::lose_sight_of(localstore::Transaction& transaction, const Draft::Part& part)
{
    const auto scopes = around_.store.scopes();
    if (!scopes) return scopes.error();
    for (const localstore::Scope& scope : *scopes) {
        if (scope.table != part.key.table) continue;
        const RemoteWord unseen{conflict::Presence::out_of_reach, {}, {}, scope.number};
        const Result<void> left =
            reconcile_record(cycle_, transaction, *part.table, part.key, unseen, around_.now());
        if (!left) return left;
    }
    return {};
}

Result<void> Pusher::take_read(localstore::Transaction& transaction, const Draft::Part& part,
                               const Found& found)
{
    const auto state = transaction.records.state(part.key);
    if (!state) return state.error();
    // It left with its acknowledgement: what was made outside every scope, or of a table given up.
    if (!state->known) return {};
    if (found.presence == Found::Presence::present && !state->dirty())
        return transaction.records.replace(part.key, found.etag, found.fields, cycle_.number);
    if (found.presence == Found::Presence::present)
        return reconcile_record(cycle_, transaction, *part.table, part.key,
                                {conflict::Presence::present, found.etag, found.fields, {}}, around_.now());
    // Of what never had a version here nobody would ask again.
    if (found.presence == Found::Presence::no_access && state->etag.empty())
        return lose_sight_of(transaction, part);
    if (const Result<void> dropped = drop_overtaken(transaction, *state, found); !dropped) return dropped;
    if (found.presence != Found::Presence::absent || part.kind == StepKind::remove) return {};
    // What a restored organization lacks nobody deleted.
    if (cycle_.restored && !state->tombstone && !state->dirty()) {
        const auto again = requeue_lost(cycle_, transaction, part.key, std::nullopt, around_.now());
        if (!again) return again.error();
        if (*again) return transaction.records.mark_deleted(part.key, cycle_.number, around_.now());
    }
    RemoteWord gone;
    gone.presence = conflict::Presence::deleted;
    return reconcile_record(cycle_, transaction, *part.table, part.key, gone, around_.now());
}

} // namespace hawser::engine

#include "engine/reconcile.h"

#include "base/fields.h"
#include "engine/emptied.h"
#include "engine/etag.h"
#include "engine/idle_edits.h"
#include "engine/restored.h"
#include "engine/set_aside.h"
#include "localstore/error_codes.h"

#include <algorithm>

namespace hawser::engine {

namespace {

using conflict::Outcome;
using localstore::RecordState;

localstore::ConflictReason reason_of(const conflict::Contested& contested)
{
    if (contested.reason == conflict::both_changed) return localstore::ConflictReason::both_changed;
    if (contested.reason == conflict::may_be_applied) return localstore::ConflictReason::indeterminate;
    return localstore::ConflictReason::invalid_merge;
}

/// One open question a record; columns that are open already with the same sides are no news.
Result<void> open_questions(CycleWork& cycle, localstore::Transaction& transaction, const RecordState& state,
                            const conflict::Plan& plan, const std::string& name, Instant now)
{
    localstore::NewConflict question;
    question.key = state.key;
    question.cycle = cycle.number;
    question.now = now;
    for (const conflict::Contested& contested : plan.contested) {
        const bool open_already =
            state.conflict && std::ranges::any_of(state.conflict->columns, [&](const auto& column) {
                return column.column == contested.column;
            });
        if (open_already) continue;
        if (question.columns.empty()) {
            question.reason = reason_of(contested);
            const bool plain = contested.reason.empty() || contested.reason == conflict::both_changed;
            question.sentence = name + ": " +
                                (plain ? "both sides changed " + contested.column
                                       : contested.column + " " + contested.reason);
        }
        question.columns.push_back({contested.column, contested.base, contested.mine, contested.theirs});
    }
    if (question.columns.empty()) return {};
    if (!state.conflict) ++cycle.figures.conflicts;
    const auto opened = transaction.conflicts.open(question);
    if (!opened) return opened.error();
    return {};
}

/// Whoever saw the open question before did not see this.
Result<void> tell_moved(CycleWork& cycle, localstore::Transaction& transaction, const RecordState& state,
                        const conflict::Plan& plan, const std::string& name, Instant now)
{
    if (!state.conflict) return {};
    std::string moved;
    std::string joined;
    for (const conflict::Contested& contested : plan.contested) {
        const auto& open = state.conflict->columns;
        const auto asked = std::ranges::find(open, contested.column, &localstore::ConflictColumn::column);
        if (asked == open.end())
            joined += (joined.empty() ? "" : ", ") + contested.column;
        else if (!(asked->theirs == contested.theirs))
            moved += (moved.empty() ? "" : ", ") + contested.column;
    }
    if (moved.empty() && joined.empty()) return {};
    return tell_moved_question(cycle, transaction, state.key, name, {moved, joined}, now);
}

Result<void> close_agreed(localstore::Transaction& transaction, const RecordState& state,
                          const conflict::Plan& plan, Instant now)
{
    if (!state.conflict || plan.agreed.empty()) return {};
    return transaction.conflicts.close(state.conflict->number, plan.agreed, "both sides agree", now);
}

Result<void> settle_all(localstore::Transaction& transaction, const RecordState& state,
                        const localstore::Ending& ending)
{
    for (const localstore::Change& change : state.live)
        if (const Result<void> settled = settle_whole(transaction, change, ending); !settled) return settled;
    return {};
}

Result<void> decide(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                    const conflict::Plan& plan, Instant now)
{
    for (const conflict::Decision& decision : plan.decisions) {
        const Result<void> written =
            transaction.journal.decide(cycle.number, key, decision.rule, decision.sentence, now);
        if (!written) return written;
    }
    return {};
}

/// The very version that the shadow is, one from before this cycle's own push, or a deletion or a departure
/// that is known.
bool says_nothing_new(const RecordState& state, const RemoteWord& word, localstore::CycleNumber cycle)
{
    if (is_overtaken(state, word.etag, cycle)) return word.presence == conflict::Presence::present;
    if (word.presence == conflict::Presence::out_of_reach) return state.unlinked;
    const auto known = state.shadow ? state.shadow->remote : localstore::Remote::present;
    if (word.presence == conflict::Presence::present)
        return state.shadow && known == localstore::Remote::present && state.shadow->etag == word.etag;
    return word.presence == conflict::Presence::deleted &&
           (state.tombstone || known == localstore::Remote::deleted);
}

/// The organization deleted the record. Edits stay live: the next push creates it again, except for
/// a series, which may live on under another id and has to be looked up first.
Result<void> act_on_deleted(CycleWork& cycle, localstore::Transaction& transaction, const RecordState& state,
                            const conflict::Plan& plan, Instant now)
{
    // What is created again is not removed: both sides are in what comes of it.
    ++(plan.outcome == Outcome::revived ? cycle.figures.merged : cycle.figures.removed);
    Result<void> done{};
    if (plan.outcome == Outcome::deleted_remotely)
        done = settle_all(transaction, state,
                          {localstore::ChangeState::superseded, "the organization deleted the record", now});
    if (plan.outcome == Outcome::unlinked)
        done = set_aside_queued(cycle, transaction, state,
                                "the series may live on under another id; look it up first");
    // Their side is gone: there is nothing left to choose from, and mine is what is created again.
    if (done && state.conflict && plan.outcome == Outcome::revived)
        done = transaction.conflicts.close(state.conflict->number, {}, "the organization deleted the record",
                                           now);
    if (done) done = transaction.records.mark_deleted(state.key, cycle.number, now);
    if (!done || !cycle.restored || plan.outcome != Outcome::revived) return done;
    // Nobody may have deleted it: what it is made again with comes back when the edit that makes it again is given up.
    const auto covered = requeue_lost(cycle, transaction, state.key, std::nullopt, now);
    return covered ? done : covered.error();
}

/// A deletion here that met a change there gives way, and with it the edits that it had taken back. An
/// edit that belongs to other records as well stays, and meets theirs.
Result<void> give_way(CycleWork& cycle, localstore::Transaction& transaction, const RecordState& state,
                      Instant now)
{
    ++cycle.figures.kept;
    for (const localstore::Change& change : state.live) {
        const bool removes = change.kind == localstore::ChangeKind::remove;
        const bool alone = change.group.value == 0 || change.group == state.live.back().group;
        if (!removes && !alone) continue;
        const Result<void> settled = transaction.queue.settle(
            change.sequence, {},
            {localstore::ChangeState::superseded,
             removes ? "the organization changed the record meanwhile"
                     : "you deleted the record later, and the organization's copy of it stayed",
             now});
        if (!settled) return settled;
    }
    return {};
}

/// A deletion here that met a change there, of a group that would be torn if it gave way.
Result<void> wait_with_group(CycleWork& cycle, localstore::Transaction& transaction, const RecordState& state,
                             const RemoteWord& word, const std::string& name, Instant now)
{
    const auto seen = transaction.records.advance_shadow(state.key, word.etag, word.fields,
                                                         localstore::Coverage::whole_record, cycle.number);
    if (!seen) return seen.error();
    const Result<void> kept = keep_group_back(cycle, transaction, state.live.back(), name, now);
    if (!kept) return kept;
    // Edits that the deletion took back are not told apart from theirs while it waits.
    const auto left = transaction.records.state(state.key);
    if (!left) return left.error();
    return set_aside_queued(cycle, transaction, *left,
                            "the organization changed " + name +
                                ", which you deleted here later: release the change to go on all the same, "
                                "or discard it");
}

/// The organization holds the record.
Result<void> act_on_present(CycleWork& cycle, localstore::Transaction& transaction, const RecordState& state,
                            const conflict::Policy& policy, const conflict::Plan& decided,
                            const RemoteWord& word, const std::string& name, Instant now)
{
    const auto local = transaction.records.advance_shadow(state.key, word.etag, word.fields,
                                                          localstore::Coverage::whole_record, cycle.number);
    if (!local) return local.error();
    // What an edit was to make again with the record is there only as far as theirs says it.
    const bool is_back =
        state.shadow && state.shadow->remote == localstore::Remote::deleted && !state.live.empty();
    conflict::Plan plan = decided;
    if (is_back)
        if (const Result<void> asked =
                say_again(cycle, transaction, state.key, word.fields, policy, plan, now);
            !asked)
            return asked;
    const Result<void> told = tell_moved(cycle, transaction, state, plan, name, now);
    if (!told) return told;
    // First, so that what both sides agree on is no longer masked from what follows.
    const Result<void> closed = close_agreed(transaction, state, plan, now);
    if (!closed) return closed;
    switch (plan.outcome) {
    case Outcome::echo:
        return settle_all(transaction, state,
                          {localstore::ChangeState::applied, "the organization says the same already", now,
                           word.etag, cycle.number});
    case Outcome::take_remote:
        return settle_all(transaction, state,
                          {localstore::ChangeState::superseded, "the organization's copy was taken", now});
    case Outcome::merged:
        ++cycle.figures.merged;
        break;
    case Outcome::contested:
    case Outcome::keep_local:
    case Outcome::revived:
    case Outcome::deleted_remotely:
    case Outcome::unlinked:
        break;
    }
    return open_questions(cycle, transaction, state, plan, name, now);
}

Result<void> act(CycleWork& cycle, localstore::Transaction& transaction, const RecordState& state,
                 const conflict::Policy& policy, const conflict::Plan& plan, const RemoteWord& word,
                 const std::string& name, Instant now)
{
    switch (word.presence) {
    case conflict::Presence::present:
        return act_on_present(cycle, transaction, state, policy, plan, word, name, now);
    case conflict::Presence::deleted:
        return act_on_deleted(cycle, transaction, state, plan, now);
    case conflict::Presence::out_of_reach:
        ++cycle.figures.removed;
        if (const Result<void> held = set_aside_queued(cycle, transaction, state,
                                                       "the record left this replica's scope, or may no "
                                                       "longer be read; release it to send it all the same");
            !held)
            return held;
        return transaction.records.unlink(state.key, word.scope);
    }
    return {};
}

/// A repair that found no base leaves an empty one without a version.
bool lost_its_base(const RecordState& state)
{
    return state.shadow && state.shadow->remote == localstore::Remote::present &&
           state.shadow->etag.empty() && state.shadow->fields.empty() && !state.live.empty() &&
           !state.deletes();
}

/// The organization deleted a record that, as far as is known here, was never sent: another copy of this
/// replica sent it (a backup was restored), or its first request arrived late. Somebody deleted what they
/// saw, so that it is not made again without being asked.
Result<void> keep_back_deleted(CycleWork& cycle, localstore::Transaction& transaction,
                               const RecordState& state, const std::string& name, Instant now)
{
    constexpr std::string_view why = "the organization had this record already and it was deleted there; "
                                     "release it to create it again, or "
                                     "discard it";
    if (state.live.empty()) return {};
    // Later edits wait behind it, so that one word releases or discards all of the record.
    const localstore::Change& creation = state.live.front();
    const bool waits =
        creation.state == localstore::ChangeState::queued || creation.state == localstore::ChangeState::held;
    // What held its group a moment ago, for another record of it, stays the reason.
    const bool held_now =
        creation.state == localstore::ChangeState::held && cycle.kept_back.contains(creation.group);
    if (!waits || (creation.waits_for == why && !held_now)) return {};
    if (!held_now) {
        const Result<void> held = set_aside(cycle, transaction, creation, why);
        if (!held) return held;
        if (creation.group.value != 0) cycle.kept_back.insert(creation.group);
    }
    return transaction.journal.decide(cycle.number, state.key, "reconcile.deleted_before",
                                      "The organization had " + name +
                                          " already, which waits here to be created, and it was deleted "
                                          "there: it is created again only when you release it.",
                                      now);
}

/// What the changes themselves say was there before them, and what they make of it.
void rebuild_sides(conflict::Situation& situation, const RecordState& state, const conflict::Policy& policy)
{
    const Fields base = stood_on(state, policy);
    Fields local = base;
    for (const localstore::Change& change : state.live)
        for (const auto& [column, after] : change.after)
            if (!change.is_settled(column))
                local[column] = stands_on_last(state, change, column, policy)
                                    ? value_in(state.local.value_or(Fields{}), column)
                                    : after;
    situation.base = conflict::Copy{conflict::without_nulls(base), {}};
    situation.local = conflict::without_nulls(local);
}

/// A record that was deleted is there again, and so are the questions about it that its deletion closed.
bool came_back(const RecordState& state, const RemoteWord& word)
{
    return word.presence == conflict::Presence::present && state.shadow && state.local &&
           !state.live.empty() && state.shadow->remote == localstore::Remote::deleted && !state.deletes();
}

/// The organization holds what waits to be created here just as it was made: an earlier request brought it
/// there, whatever was answered.
bool is_there_as_made(const RecordState& state, const RemoteWord& word)
{
    if (word.presence != conflict::Presence::present || state.live.empty()) return false;
    const localstore::Change& creation = state.live.front();
    const bool unheard = state.shadow && state.shadow->remote == localstore::Remote::never;
    if (!unheard || creation.kind != localstore::ChangeKind::create) return false;
    return std::ranges::all_of(creation.after, [&](const auto& entry) {
        return creation.is_settled(entry.first) ||
               equal_as_stored(entry.second, value_in(word.fields, entry.first));
    });
}

/// What was edited since stands on what was created.
Result<void> take_as_made(CycleWork& cycle, localstore::Transaction& transaction, const RecordState& state,
                          const RemoteWord& word, const std::string& name, Instant now)
{
    const localstore::Change& creation = state.live.front();
    const Result<void> told = transaction.journal.decide(
        cycle.number, state.key, "reconcile.echo",
        "The organization holds " + name + " already, as it was made here; it is not created again.", now);
    if (!told) return told;
    // First, so that the record stays the one that the round has seen.
    const auto stood =
        transaction.records.advance_shadow(state.key, {}, conflict::without_nulls(creation.after),
                                           localstore::Coverage::whole_record, cycle.number);
    if (!stood) return stood.error();
    return settle_whole(transaction, creation,
                        {localstore::ChangeState::applied, "the organization says the same already", now,
                         word.etag, cycle.number});
}

/// A record that left while changes of it are on their way: these cannot be kept back any more.
Result<void> leave_when_settled(CycleWork& cycle, localstore::Transaction& transaction,
                                const TableWork& table, const RecordState& state, const RemoteWord& word,
                                Instant now)
{
    ++cycle.figures.removed;
    const conflict::Situation situation = situation_of(table, state, word);
    const conflict::Plan plan = conflict::reconcile(situation, table.rules->policy, table.rules->validator);
    const Result<void> written = decide(cycle, transaction, state.key, plan, now);
    return written ? transaction.records.unlink(state.key, word.scope) : written;
}

/// The columns under this rule of a creation that the organization holds, and holds without them: it may have been
/// applied and somebody cleared them, or is still to bring them.
conflict::Names cleared_since(const RecordState& state, const RemoteWord& word,
                              const conflict::Policy& policy, conflict::Rule rule)
{
    conflict::Names cleared;
    const bool known = state.shadow && state.shadow->remote == localstore::Remote::present;
    if (known || state.live.empty() || word.presence != conflict::Presence::present) return cleared;
    const localstore::Change& creation = state.live.front();
    if (creation.kind != localstore::ChangeKind::create) return cleared;
    for (const auto& [column, value] : creation.after) {
        if (policy.rule_of(column) != rule || is_null(value) || creation.is_settled(column)) continue;
        if (is_null(value_in(word.fields, column))) cleared.insert(column);
    }
    return cleared;
}

/// What was typed here before the deletion, and is there since (sent by another copy of the replica, or typed at
/// another machine alike), was seen by who deleted it, and so was what the organization makes of it by itself.
void take_for_seen(const Table& table, const RecordState& state, conflict::Situation& situation)
{
    Fields& base = situation.base->fields;
    const Fields& there = situation.remote->fields;
    bool is_own = false;
    for (const localstore::Change& change : state.live)
        for (const auto& [column, after] : change.after) {
            const Value& value = value_in(there, column);
            const bool is_here = !change.is_settled(column) && equal_as_stored(after, value);
            if (!is_here || value == value_in(base, column)) continue;
            base.insert_or_assign(column, value);
            is_own = true;
        }
    for (const Column& column : table.columns)
        if (is_own && !column.creatable && !column.updatable)
            base.insert_or_assign(column.name, value_in(there, column.name));
}

/// Settles what the organization's copy decides about the edits by itself. Returns whether there was any.
Result<bool> settle_beforehand(CycleWork& cycle, localstore::Transaction& transaction, const TableWork& table,
                               const RecordState& state, const RemoteWord& word, Instant now)
{
    if (word.presence != conflict::Presence::present) return false;
    const auto shown =
        settle_unproven(transaction, state, {word.etag, word.fields, cycle.number}, table.rules->policy, now);
    if (!shown || *shown) return shown;
    Result<void> settled{};
    if (is_there_as_made(state, word)) {
        const Fields* local = state.local ? &*state.local : &word.fields;
        settled =
            take_as_made(cycle, transaction, state, word, name_of(table.table(), state.key, local), now);
    } else {
        const conflict::Names given = cleared_since(state, word, table.rules->policy, conflict::Rule::theirs);
        if (given.empty()) return false;
        settled =
            settle_columns(transaction, state.live, given,
                           {localstore::ChangeState::superseded, "the organization's value was taken", now});
    }
    if (!settled) return settled.error();
    return true;
}

/// What was staged of a record that is being created can only be a tombstone.
RemoteWord word_of(const localstore::Staged& staged)
{
    RemoteWord word;
    word.etag = staged.etag;
    if (staged.copy) {
        word.fields = *staged.copy;
    } else {
        word.presence = conflict::Presence::deleted;
        word.tombstone = true;
    }
    return word;
}

/// What was created without its reference to another new record, in a circle of them, is still to bring it.
Result<void> expect_references(localstore::Transaction& transaction, conflict::Situation& situation)
{
    conflict::Names expected;
    for (const std::string& column : situation.indeterminate) {
        const auto* lookup =
            situation.local ? std::get_if<Lookup>(&value_in(*situation.local, column)) : nullptr;
        if (!lookup) continue;
        const auto target = transaction.records.state({lookup->table, lookup->id});
        if (!target && target.error().code == localstore::code::unknown_table) continue;
        if (!target) return target.error();
        if (target->shadow && target->shadow->remote == localstore::Remote::never) expected.insert(column);
    }
    std::erase_if(situation.indeterminate,
                  [&](const std::string& column) { return expected.contains(column); });
    return {};
}

/// The same word once more, after some of the changes ended. Out of every scope the record left with its last one.
Result<void> go_on(CycleWork& cycle, localstore::Transaction& transaction, const TableWork& table,
                   const RecordKey& key, const RemoteWord& word, Instant now)
{
    const auto left = transaction.records.state(key);
    if (!left) return left.error();
    return left->known ? reconcile_record(cycle, transaction, table, key, word, now) : Result<void>{};
}

} // namespace

Result<void> tell_moved_question(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                                 const std::string& name, const QuestionMove& move, Instant now)
{
    ++cycle.figures.conflicts_moved;
    std::string sentence;
    if (!move.moved.empty())
        sentence =
            "The organization's side of the open question about " + name + " changed: " + move.moved + ".";
    if (!move.joined.empty())
        sentence += (sentence.empty() ? "The open question about " : " The one about ") + name +
                    " is also about " + move.joined + " now.";
    return transaction.journal.decide(cycle.number, key, "conflict.moved", sentence, now);
}

bool is_overtaken(const RecordState& state, std::string_view etag, localstore::CycleNumber cycle)
{
    const auto held = version_of(state.shadow ? state.shadow->etag : state.etag);
    const auto said = version_of(etag);
    return state.cycle == cycle && held && said && *said < *held;
}

conflict::Situation situation_of(const TableWork& table, const RecordState& state, const RemoteWord& word)
{
    conflict::Situation situation;
    const Fields* shown = state.local ? &*state.local : nullptr;
    if (!shown && state.shadow) shown = &state.shadow->fields;
    if (!shown && word.presence == conflict::Presence::present) shown = &word.fields;
    situation.name = name_of(table.table(), state.key, shown);
    if (state.shadow && state.shadow->remote != localstore::Remote::never)
        situation.base = conflict::Copy{state.shadow->fields, state.shadow->etag};
    else if (!state.shadow && state.known && state.local)
        situation.base = conflict::Copy{*state.local, state.etag};
    situation.local = state.local;
    if (lost_its_base(state) || came_back(state, word)) rebuild_sides(situation, state, table.rules->policy);
    situation.indeterminate = cleared_since(state, word, table.rules->policy, conflict::Rule::ask);
    situation.presence = word.presence;
    if (word.presence == conflict::Presence::present)
        situation.remote = conflict::Copy{conflict::without_nulls(word.fields), word.etag};
    if (table.table().name == "recurringappointmentmaster")
        situation.revival = conflict::Revival::look_up_first;
    if (!situation.local && state.known) situation.local_absence = conflict::LocalAbsence::deleted_here;
    if (state.conflict)
        for (const localstore::ConflictColumn& column : state.conflict->columns)
            situation.open_conflicts.push_back({column.column,
                                                column.base,
                                                column.mine,
                                                column.theirs,
                                                std::string(localstore::to_text(state.conflict->reason)),
                                                {}});
    return situation;
}

Result<void> reconcile_record(CycleWork& cycle, localstore::Transaction& transaction, const TableWork& table,
                              const RecordKey& key, const RemoteWord& word, Instant now)
{
    const auto state = transaction.records.state(key);
    if (!state) return state.error();
    if (state->open_intent) {
        if (word.presence == conflict::Presence::out_of_reach)
            return leave_when_settled(cycle, transaction, table, *state, word, now);
        // Of a record that is being created only a tombstone tells more than that it is not there yet.
        const bool unheard = state->shadow && state->shadow->remote == localstore::Remote::never;
        if (unheard && word.presence == conflict::Presence::deleted && !word.tombstone) return {};
        localstore::Copy copy;
        if (word.presence == conflict::Presence::present) copy = word.fields;
        return transaction.records.stage(key, word.etag, copy, cycle.number);
    }
    if (!state->dirty() && word.presence == conflict::Presence::present) {
        ++cycle.figures.pulled;
        return transaction.records.replace(key, word.etag, word.fields, cycle.number);
    }
    if (!state->known || says_nothing_new(*state, word, cycle.number)) return {};
    const auto settled = settle_beforehand(cycle, transaction, table, *state, word, now);
    if (!settled) return settled.error();
    if (*settled) return go_on(cycle, transaction, table, key, word, now);
    conflict::Situation situation = situation_of(table, *state, word);
    if (word.tombstone && state->shadow && state->shadow->remote == localstore::Remote::never)
        return keep_back_deleted(cycle, transaction, *state, situation.name, now);
    if (const Result<void> spared = expect_references(transaction, situation); !spared) return spared;
    if (state->deletes() && situation.base && situation.remote) {
        const Result<void> known =
            forget_emptied(state_in(transaction), situation.base->fields, situation.remote->fields);
        if (!known) return known;
        take_for_seen(table.table(), *state, situation);
    }
    if (!state->deletes()) situation.at_odds = at_odds(*state, situation, table.rules->policy);
    const conflict::Plan plan = conflict::reconcile(situation, table.rules->policy, table.rules->validator);
    const bool gives_way =
        plan.outcome == Outcome::revived && word.presence == conflict::Presence::present && state->deletes();
    if (gives_way) {
        const auto bound = transaction.queue.reaches_beyond(state->live.back().group, key);
        if (!bound) return bound.error();
        if (*bound) return wait_with_group(cycle, transaction, *state, word, situation.name, now);
    }
    Result<void> written = decide(cycle, transaction, key, plan, now);
    if (!written) return written;
    if (gives_way) {
        written = give_way(cycle, transaction, *state, now);
        return written ? go_on(cycle, transaction, table, key, word, now) : written;
    }
    written = act(cycle, transaction, *state, table.rules->policy, plan, word, situation.name, now);
    if (!written || word.presence != conflict::Presence::present) return written;
    const conflict::Names agreed(plan.agreed.begin(), plan.agreed.end());
    return drop_idle(transaction, table.rules->policy, *state, situation, agreed,
                     {word.etag, word.fields, cycle.number}, now);
}

Result<void> reconcile_staged(Surroundings& around, CycleWork& cycle)
{
    constexpr std::size_t at_a_time = 200;
    for (bool more = true; more;) {
        const Result<void> done = around.store.transact(
            localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
                const auto ready = transaction.records.staged_ready(at_a_time);
                if (!ready) return ready.error();
                more = ready->size() == at_a_time;
                for (const RecordKey& key : *ready) {
                    const auto table = around.table(key.table);
                    if (!table) return table.error();
                    const auto state = transaction.records.state(key);
                    if (!state) return state.error();
                    Result<void> step = transaction.records.drop_staged(key);
                    if (!step) return step;
                    // An older word than the one the intent brought back says nothing any more.
                    if (!state->staged) continue;
                    if (state->staged->copy && !is_newer(state->staged->etag, state->etag)) continue;
                    // So does a deletion from before a process ended, of what this cycle found there.
                    const bool is_left_over = state->staged->cycle < cycle.number;
                    if (!state->staged->copy && is_left_over && state->cycle == cycle.number) continue;
                    const RemoteWord word = word_of(*state->staged);
                    step = reconcile_record(cycle, transaction, **table, key, word, around.now());
                    if (!step) return step;
                }
                return {};
            });
        if (!done) return done;
    }
    return {};
}

} // namespace hawser::engine

#include "engine/idle_edits.h"

#include "base/fields.h"
#include "conflict/merge.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace hawser::engine {

namespace {

/// The columns that the edits of the record together left as they were, having changed them in between, or set
/// back after edits that are gone. What was queued again because a restored organization lacks it changes
/// nothing here either, and is meant. What is added says nothing of the sum, though the sums may be equal by
/// chance.
conflict::Names set_back(const localstore::RecordState& before, const Fields& base,
                         const conflict::Policy& policy)
{
    std::map<std::string, Value, std::less<>> last;
    conflict::Names moved;
    for (const localstore::Change& change : before.live)
        for (const auto& [column, value] : change.after) {
            if (change.is_settled(column) || policy.rule_of(column) == conflict::Rule::add) continue;
            last.insert_or_assign(column, value);
            const bool was_moved = value_in(change.before, column) != value_in(base, column);
            if (was_moved || value != value_in(base, column)) moved.insert(column);
        }
    const auto stays_moved = [&](std::string_view column) {
        const auto found = last.find(column);
        return before.masked.contains(column) ||
               (found != last.end() && found->second != value_in(base, column));
    };
    std::erase_if(moved, [&](const std::string& column) {
        const conflict::AtomicGroup* group = policy.group_of(column);
        return group ? std::ranges::any_of(group->columns, stays_moved) : stays_moved(column);
    });
    return moved;
}

/// The columns of which the organization says by now, and did not say before, what the edits make of them; or
/// that a question was about, which the sides agree on now. A sum and joined lines say nothing of the kind.
conflict::Names said_already(const localstore::RecordState& before, const Fields& base, const Fields& local,
                             const conflict::Policy& policy, const Fields& theirs,
                             const conflict::Names& agreed)
{
    const auto differs = [&](std::string_view column) {
        return value_in(local, column) != value_in(theirs, column);
    };
    conflict::Names columns;
    for (const localstore::Change& change : before.live)
        for (const auto& [column, value] : change.after) {
            const conflict::Rule rule = policy.rule_of(column);
            const bool joins = rule == conflict::Rule::add || rule == conflict::Rule::text;
            const conflict::AtomicGroup* group = policy.group_of(column);
            const bool apart = group ? std::ranges::any_of(group->columns, differs) : differs(column);
            if (joins || apart || change.is_settled(column)) continue;
            const bool is_news = value_in(base, column) != value_in(theirs, column);
            if (is_news || agreed.contains(column)) columns.insert(column);
        }
    return columns;
}

/// What never went out was not applied, whatever the organization says by now.
localstore::Ending ending_of(const localstore::Change& change, localstore::Ending ending)
{
    if (change.state != localstore::ChangeState::queued) ending.outcome = localstore::ChangeState::superseded;
    return ending;
}

} // namespace

Result<void> settle_columns(localstore::Transaction& transaction,
                            const std::vector<localstore::Change>& changes, const conflict::Names& columns,
                            localstore::Ending ending)
{
    for (const localstore::Change& change : changes) {
        std::vector<std::string> of_change;
        for (const auto& [column, value] : change.after)
            if (columns.contains(column) && !change.is_settled(column)) of_change.push_back(column);
        if (of_change.empty()) continue;
        const Result<void> settled =
            transaction.queue.settle(change.sequence, of_change, ending_of(change, ending));
        if (!settled) return settled;
    }
    return {};
}

Result<void> settle_whole(localstore::Transaction& transaction, const localstore::Change& change,
                          localstore::Ending ending)
{
    return transaction.queue.settle(change.sequence, {}, ending_of(change, ending));
}

bool stands_on_last(const localstore::RecordState& state, const localstore::Change& change,
                    std::string_view column, const conflict::Policy& policy)
{
    return change.kind == localstore::ChangeKind::update && state.shadow &&
           state.shadow->remote == localstore::Remote::deleted &&
           conflict::is_put_together(policy.rule_of(column));
}

Fields stood_on(const localstore::RecordState& state, const conflict::Policy& policy)
{
    Fields base = state.local.value_or(Fields{});
    for (auto change = state.live.rbegin(); change != state.live.rend(); ++change)
        for (const auto& [column, after] : change->after)
            if (!change->is_settled(column))
                base[column] = stands_on_last(state, *change, column, policy)
                                   ? value_in(state.shadow->fields, column)
                                   : value_in(change->before, column);
    return base;
}

Result<bool> settle_shown(localstore::Transaction& transaction, const localstore::RecordState& state,
                          const std::vector<localstore::Change>& changes, const Fields& sent,
                          const Showing& there, const conflict::Policy& policy, Instant now)
{
    // With its deletion the questions about a record were closed, and what they were about was not decided: what only
    // went along with a record that was made again says nothing of that.
    const bool again = state.shadow && state.shadow->remote == localstore::Remote::deleted;
    const auto says = [&](std::string_view column) {
        return std::ranges::any_of(
            changes, [&](const localstore::Change& change) { return change.after.contains(column); });
    };
    Fields shown;
    conflict::Names columns;
    for (const auto& [column, value] : sent) {
        if (!equal_as_stored(value, value_in(there.fields, column)) || (again && !says(column))) continue;
        shown.insert_or_assign(column, value_in(there.fields, column));
        columns.insert(column);
    }
    if (shown.empty() || !state.shadow) return false;
    Fields base = again ? stood_on(state, policy) : Fields{};
    for (const auto& [column, value] : shown) base.insert_or_assign(column, value);
    const auto coverage = again ? localstore::Coverage::whole_record : localstore::Coverage::given_columns;
    // It is no version that the organization ever had, so that the one that shows it is news.
    const std::string etag = again ? std::string() : state.shadow->etag;
    const auto stood = transaction.records.advance_shadow(state.key, etag, base, coverage, there.cycle);
    if (!stood) return stood.error();
    const Result<void> settled = settle_columns(
        transaction, changes, columns,
        {localstore::ChangeState::applied, "the organization shows it", now, there.etag, there.cycle});
    if (!settled) return settled.error();
    return true;
}

Result<bool> settle_unproven(localstore::Transaction& transaction, const localstore::RecordState& state,
                             const Showing& there, const conflict::Policy& policy, Instant now)
{
    const auto is_parked = [](const localstore::Change& change) {
        return change.state == localstore::ChangeState::parked;
    };
    if (std::ranges::none_of(state.live, is_parked)) return false;
    const auto unproven = transaction.queue.unproven(state.key);
    if (!unproven) return unproven.error();
    std::vector<localstore::Change> changes;
    Fields sent;
    for (const localstore::Change& change : state.live) {
        if (std::ranges::find(*unproven, change.sequence) == unproven->end()) continue;
        changes.push_back(change);
        for (const auto& [column, after] : change.after) {
            const conflict::Rule rule = policy.rule_of(column);
            const bool joins = rule == conflict::Rule::add || rule == conflict::Rule::text;
            if (!joins && !change.is_settled(column)) sent.insert_or_assign(column, after);
        }
    }
    return settle_shown(transaction, state, changes, sent, there, policy, now);
}

conflict::Names at_odds(const localstore::RecordState& state, const conflict::Situation& situation,
                        const conflict::Policy& policy)
{
    if (!situation.local || !situation.remote || state.live.size() < 2) return {};
    // Before what is created here there was nothing.
    const Fields base = situation.base ? situation.base->fields : Fields{};
    Fields folded = situation.remote->fields;
    conflict::Names edited;
    for (const localstore::Change& change : state.live) {
        Fields before, after;
        for (const auto& [column, value] : change.after) {
            if (change.is_settled(column)) continue;
            before.insert_or_assign(column, value_in(change.before, column));
            after.insert_or_assign(column, value);
            edited.insert(column);
        }
        folded = conflict::apply(before, folded, after, policy);
    }
    const conflict::Merge merge = conflict::merge(base, *situation.local, situation.remote->fields, policy);
    for (const conflict::Contested& contested : merge.contested) edited.erase(contested.column);
    for (const std::string& column : set_back(state, base, policy)) edited.erase(column);
    std::erase_if(edited, [&](const std::string& column) {
        return value_in(folded, column) == value_in(merge.merged, column);
    });
    return edited;
}

std::vector<conflict::Contested> met(const localstore::RecordState& state, const Fields& theirs,
                                     const conflict::Policy& policy)
{
    std::vector<conflict::Contested> found;
    Fields folded = theirs;
    for (const localstore::Change& change : state.live) {
        Fields before, after;
        for (const auto& [column, value] : change.after) {
            if (change.is_settled(column) || !conflict::is_put_together(policy.rule_of(column))) continue;
            before.insert_or_assign(column, value_in(change.before, column));
            after.insert_or_assign(column, value);
        }
        for (conflict::Contested& one : conflict::merge(before, after, folded, policy).contested)
            if (after.contains(one.column)) found.push_back(std::move(one));
        folded = conflict::apply(before, folded, after, policy);
    }
    for (conflict::Contested& one : found) {
        one.mine = value_in(folded, one.column);
        one.theirs = value_in(theirs, one.column);
    }
    return found;
}

Result<void> drop_idle(localstore::Transaction& transaction, const conflict::Policy& policy,
                       const localstore::RecordState& before, const conflict::Situation& situation,
                       const conflict::Names& agreed, const Showing& theirs, Instant now)
{
    if (!situation.local) return {};
    // Before what is created here there was nothing.
    const Fields base = situation.base ? situation.base->fields : Fields{};
    conflict::Names back = set_back(before, base, policy);
    const conflict::Names said = said_already(before, base, *situation.local, policy, theirs.fields, agreed);
    if (back.empty() && said.empty()) return {};
    const auto after = transaction.records.state(before.key);
    if (!after) return after.error();
    const Result<void> settled =
        settle_columns(transaction, after->live, said,
                       {localstore::ChangeState::applied, "the organization says the same already", now,
                        theirs.etag, theirs.cycle});
    if (!settled || !after->local) return settled;
    std::erase_if(back, [&](const std::string& column) {
        return value_in(*after->local, column) == value_in(theirs.fields, column);
    });
    return settle_columns(transaction, after->live, back,
                          {localstore::ChangeState::superseded,
                           "you set it back to what it was, and the organization changed it meanwhile", now});
}

} // namespace hawser::engine

#include "localstore/verbs.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <utility>

namespace hawser::localstore {
namespace {

/// The change and what arrived together with it, latest first.
Result<std::vector<Change>> applied_with(TransactionState& state, Sequence sequence)
{
    auto change = find_change(state.database, *state.tables, sequence);
    if (!change) return no_change(sequence);
    if (is_live(change->state))
        return refusal(code::change_settled, "The change " + std::to_string(sequence.value) +
                                                 " has not arrived yet. Undo it instead.");
    if (change->state != ChangeState::applied) return already_settled(*change);
    if (change->group.value == 0) return std::vector{std::move(*change)};
    ChangeFilter unit;
    unit.group = change->group;
    unit.states = {ChangeState::applied};
    unit.limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
    std::vector<Change> members = list_changes(state.database, *state.tables, unit);
    std::ranges::reverse(members);
    return members;
}

bool has_something_to_take_back(const Subject& subject, const Change& change)
{
    return subject.local().has_value() != (change.kind == ChangeKind::remove);
}

} // namespace

Edit compensation(const TransactionState& state, const Subject& subject, const Change& change)
{
    Edit edit;
    edit.key = subject.key();
    if (change.kind == ChangeKind::create) {
        edit.kind = ChangeKind::remove;
        return edit;
    }
    if (change.kind == ChangeKind::remove) {
        edit.kind = ChangeKind::create;
        for (const auto& [name, value] : change.before) {
            const Column* column = subject.table().table.column(name);
            if (column != nullptr && column->creatable) edit.after.emplace(name, value);
        }
        return edit;
    }
    edit.kind = ChangeKind::update;
    const Fields local = subject.local().value_or(Fields{});
    for (const auto& [name, sent] : change.after) {
        const auto found = local.find(name);
        const Value present = found == local.end() ? Value{} : found->second;
        const Value& former = change.before.at(name);
        if (present == sent) {
            edit.after.emplace(name, former);
        } else if (state.fold.is_put_together(subject.table().table, name)) {
            edit.after.emplace(
                name, need(state.fold.take_back(subject.table().table, name, former, sent, present)));
        }
    }
    return edit;
}

namespace {

/// What arrived together is taken back together.
Result<void> take_back_unit(TransactionState& state, std::span<const Change> members,
                            const WriteContext& context, TakenBack& taken)
{
    WriteContext together = context;
    together.grouping = members.size() > 1 ? Grouping::one_unit : Grouping::separate;
    GroupNumber group;
    for (const Change& change : members) {
        auto subject = load_subject(state, change.key);
        if (!subject) return subject.error();
        if (!has_something_to_take_back(*subject, change)) {
            taken.kept.push_back({subject->key(), {}});
            continue;
        }
        const Edit edit = compensation(state, *subject, change);
        if (edit.kind == ChangeKind::update)
            for (const auto& [column, ignored] : change.after)
                if (!edit.after.contains(column)) taken.kept.push_back({subject->key(), column});
        const auto made = write_edit(state, *subject, edit, together, Purpose::edit, group);
        if (!made) return made.error();
        if (made->value == 0) continue;
        taken.compensating.push_back(*subject->find(*made));
        write_deed(state, change, "queue.take_back", "taken back", context,
                   " with change " + std::to_string(made->value));
        subject->finish(context.now);
    }
    return check_group(state, group);
}

} // namespace

Result<TakenBack> take_back_applied(TransactionState& state, std::span<const Sequence> sequences,
                                    const WriteContext& context)
{
    std::vector<Sequence> latest_first(sequences.begin(), sequences.end());
    std::ranges::sort(latest_first, std::greater{});
    std::set<Sequence> met;
    TakenBack taken;
    for (const Sequence sequence : latest_first) {
        if (met.contains(sequence)) continue;
        const auto unit = applied_with(state, sequence);
        if (!unit) return unit.error();
        for (const Change& change : *unit) met.insert(change.sequence);
        if (auto done = take_back_unit(state, *unit, context, taken); !done) return done.error();
    }
    return taken;
}

} // namespace hawser::localstore

#include "base/fields.h"
#include "localstore/rebase.h"
#include "localstore/verbs.h"

#include <algorithm>
#include <span>
#include <utility>

namespace hawser::localstore {
namespace {

Result<void> check_editable(const Change& change)
{
    const std::string number = std::to_string(change.sequence.value);
    if (!is_live(change.state)) return already_settled(change);
    if (change.state == ChangeState::in_flight)
        return refusal(code::change_sent,
                       "The change " + number +
                           " is being sent. Edit the record instead, or wait for the answer.");
    if (change.state == ChangeState::contested)
        return refusal(code::conflict_open,
                       "The change " + number + " waits for a conflict. Resolve that; it takes values, too.");
    if (change.kind == ChangeKind::remove)
        return refusal(code::change_settled,
                       "The change " + number + " is a deletion, which has no columns. Undo it instead.");
    return {};
}

/// What the record was before the change was made.
Fields standing_before(const TransactionState& state, const Subject& subject, Sequence sequence)
{
    const auto at = std::ranges::find(subject.live, sequence, &Change::sequence);
    Copy base;
    if (subject.shadow && subject.shadow->remote == Remote::present) base = subject.shadow->fields;
    const std::span<const Change> earlier(subject.live.begin(), at);
    return need(fold(state.fold, subject.table().table, std::move(base), earlier)).value_or(Fields{});
}

/// Sets one column. Of an update that leaves it as it was, nothing is left of the column.
void set_column(Change& change, const std::string& column, const Value& before, const Value& value)
{
    const bool creates = change.kind == ChangeKind::create;
    if (creates ? is_null(value) : value == before) {
        change.after.erase(column);
        change.before.erase(column);
        return;
    }
    change.after.insert_or_assign(column, value);
    if (!creates) change.before.insert_or_assign(column, before);
}

std::string listed_columns(const Fields& values)
{
    std::string columns;
    for (const auto& [column, ignored] : values) columns += (columns.empty() ? "" : ", ") + column;
    return columns;
}

} // namespace

Result<void> edit_change(TransactionState& state, Sequence sequence, const Fields& values,
                         const WriteContext& context)
{
    const auto found = find_change(state.database, *state.tables, sequence);
    if (!found) return no_change(sequence);
    if (auto fine = check_editable(*found); !fine) return fine;
    auto subject = load_subject(state, found->key);
    if (!subject) return subject.error();
    const Fields standing = standing_before(state, *subject, sequence);
    Change& change = *subject->find(sequence);
    Change former = change;
    Fields from;
    for (const auto& [column, value] : values) {
        if (subject->table().table.column(column) == nullptr)
            return refusal(code::unknown_column,
                           "The table " + subject->table().table.name + " has no column \"" + column + "\".");
        if (change.is_settled(column))
            return refusal(code::change_settled, "Of change " + std::to_string(sequence.value) + ", " +
                                                     column + " is done with. Edit the record instead.");
        const bool claimed = former.after.contains(column);
        const Value before = claimed && change.kind == ChangeKind::update ? value_in(former.before, column)
                                                                          : value_in(standing, column);
        if (!claimed) former.after[column] = before;
        set_column(change, column, before, value);
        from[column] = value;
    }
    if (change.kind == ChangeKind::update && open_columns(change).empty())
        return refusal(code::change_settled, "Nothing would be left of change " +
                                                 std::to_string(sequence.value) + ". Undo it instead.");
    update_change(state.database, change);
    const GroupNumber group = change.group;
    rebase_later(state, *subject, former, std::move(from));
    settle_emptied(*subject, sequence, "was edited", context.now);
    write_deed(state, *found, "queue.edit", "edited", context, ": " + listed_columns(values));
    subject->finish(context.now);
    return check_group(state, group);
}

} // namespace hawser::localstore

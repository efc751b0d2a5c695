#include "localstore/rebase.h"

#include "base/fields.h"
#include "localstore/verbs.h"

#include <utility>
#include <vector>

namespace hawser::localstore {
namespace {

/// What a deletion takes along is what the record is then.
void rebase_deletion(TransactionState& state, Change& deletion, const Fields& from)
{
    for (const auto& [column, value] : from) {
        deletion.before.erase(column);
        if (!is_null(value)) deletion.before.emplace(column, value);
    }
    update_change(state.database, deletion);
}

/// What the later change makes of its columns that are in `from`.
Fields made_anew(const TransactionState& state, const Table& table, const Change& former, const Fields& was,
                 const Fields& from, const Change& later)
{
    Fields before, x, after;
    for (const auto& [column, value] : from) {
        if (!claims(later, column)) continue;
        before[column] = value_in(later.before, column);
        after[column] = value_in(later.after, column);
        if (!is_null(value)) x[column] = value;
    }
    if (after.empty()) return {};
    const Fields next = need(state.fold.apply(table, before, x, after));
    Fields made;
    for (const auto& [column, value] : after) {
        made[column] = value_in(next, column);
        if (std::holds_alternative<Collection>(made[column]))
            made[column] = need(state.fold.take_back(table, column, value_in(was, column),
                                                     value_in(former.after, column), value));
    }
    return made;
}

} // namespace

void rebase_later(TransactionState& state, Subject& subject, const Change& former, Fields from)
{
    const Fields was = from;
    for (Change& later : subject.live) {
        if (later.sequence <= former.sequence || from.empty()) continue;
        if (later.kind == ChangeKind::remove) return rebase_deletion(state, later, from);
        const Fields made = made_anew(state, subject.table().table, former, was, from, later);
        if (made.empty()) continue;
        for (const auto& [column, value] : made) {
            const bool stays = value == value_in(later.after, column);
            later.before[column] = from[column];
            later.after[column] = value;
            if (value == later.before[column]) later.settled.push_back(column);
            if (stays)
                from.erase(column);
            else
                from[column] = value;
        }
        update_change(state.database, later);
    }
}

void settle_emptied(Subject& subject, Sequence sequence, std::string_view became, Instant now)
{
    std::vector<Sequence> empty;
    for (const Change& later : subject.live)
        if (later.kind == ChangeKind::update && open_columns(later).empty() &&
            later.state != ChangeState::in_flight)
            empty.push_back(later.sequence);
    for (const Sequence nothing : empty)
        settle_columns(subject, nothing, {}, ChangeState::superseded,
                       "nothing is left of it since change " + std::to_string(sequence.value) + " " +
                           std::string(became),
                       now);
}

} // namespace hawser::localstore

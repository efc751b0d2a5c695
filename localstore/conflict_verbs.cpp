#include "localstore/verbs.h"

#include <algorithm>

namespace hawser::localstore {
namespace {

Error no_conflict(ConflictNumber number)
{
    return refusal(code::no_conflict, "There is no open conflict " + std::to_string(number.value) + ".");
}

const Change* first_claim(const Subject& subject, std::string_view column)
{
    for (const Change& change : subject.live)
        if (claims(change, column)) return &change;
    return nullptr;
}

Value value_of(const Fields& fields, std::string_view name)
{
    const auto found = fields.find(name);
    return found == fields.end() ? Value{} : found->second;
}

ConflictColumn fill(const Subject& subject, ConflictColumn column)
{
    const Change* claim = first_claim(subject, column.column);
    if (is_null(column.base) && claim != nullptr) column.base = value_of(claim->before, column.column);
    const Copy local = subject.local();
    if (local && claim != nullptr) column.mine = value_of(*local, column.column);
    column.theirs = value_of(subject.shadow->fields, column.column);
    return column;
}

Result<Subject> conflicted(TransactionState& state, ConflictNumber number)
{
    const auto conflict = find_conflict(state.database, *state.tables, number);
    if (!conflict || !conflict->open()) return no_conflict(number);
    auto subject = load_subject(state, conflict->key);
    if (!subject) return subject.error();
    if (!subject->conflict) return no_conflict(number);
    return subject;
}

/// Takes one column out of the open conflict.
void take_out(TransactionState& state, Subject& subject, std::string_view column, std::string_view resolution)
{
    close_column(state.database, subject.conflict->number, column, resolution);
    std::erase_if(subject.conflict->columns, [&](const ConflictColumn& c) { return c.column == column; });
    state.notice.conflicts = true;
}

/// What is left open afterwards is another question than the one that was shown.
void close_when_empty(TransactionState& state, Subject& subject, std::string_view resolution,
                      std::string_view by, std::optional<Sequence> change, Instant now)
{
    if (!subject.conflict->columns.empty()) {
        revise_conflict(state.database, *subject.conflict);
        return;
    }
    Conflict closed = *subject.conflict;
    closed.closed_at = now;
    closed.resolution = std::string(resolution);
    closed.closed_by = std::string(by);
    closed.resolution_change = change;
    close_conflict(state.database, closed);
    subject.conflict.reset();
}

} // namespace

Result<ConflictNumber> contest(TransactionState& state, const NewConflict& asked)
{
    if (asked.columns.empty()) return refusal(code::no_conflict, "A conflict names at least one column.");
    auto subject = load_subject(state, asked.key);
    if (!subject) return subject.error();
    if (subject->row.has(flag::in_flight))
        return refusal(code::intent_open, describe(asked.key) + " is in an open intent; settle that first.");
    const bool claimed =
        std::any_of(asked.columns.begin(), asked.columns.end(),
                    [&](const ConflictColumn& c) { return first_claim(*subject, c.column) != nullptr; });
    // What joins an open question, the rest of an atomic group for one, needs no claim of its own.
    if (!subject->shadow || (!claimed && !subject->conflict))
        return refusal(code::no_change,
                       "No live change of " + describe(asked.key) + " has one of the contested columns.");
    Conflict conflict;
    if (subject->conflict) {
        conflict = *subject->conflict;
        const std::size_t open_before = conflict.columns.size();
        for (const ConflictColumn& column : asked.columns)
            if (std::none_of(conflict.columns.begin(), conflict.columns.end(),
                             [&](const ConflictColumn& c) { return c.column == column.column; })) {
                conflict.columns.push_back(fill(*subject, column));
                save_column(state.database, conflict.number, conflict.columns.back());
            }
        if (conflict.columns.size() != open_before) revise_conflict(state.database, conflict);
    } else {
        conflict.key = subject->key();
        conflict.reason = asked.reason;
        conflict.sentence = asked.sentence;
        conflict.cycle = asked.cycle;
        conflict.opened_at = asked.now;
        for (const ConflictColumn& column : asked.columns) conflict.columns.push_back(fill(*subject, column));
        add_conflict(state.database, subject->table(), conflict);
    }
    subject->conflict = conflict;
    state.notice.conflicts = true;
    subject->finish(asked.now);
    return conflict.number;
}

Result<ConflictNumber> ConflictVerbs::open(const NewConflict& conflict)
{
    return verb(state_, [&] { return contest(state_, conflict); });
}

Result<void> ConflictVerbs::close(ConflictNumber conflict, std::span<const std::string> columns,
                                  std::string_view resolution, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto subject = conflicted(state_, conflict);
        if (!subject) return subject.error();
        std::vector<std::string> names(columns.begin(), columns.end());
        if (names.empty())
            for (const ConflictColumn& column : subject->conflict->columns) names.push_back(column.column);
        for (const std::string& name : names) take_out(state_, *subject, name, resolution);
        close_when_empty(state_, *subject, resolution, "", std::nullopt, now);
        subject->finish(now);
        return {};
    });
}

Result<std::optional<Conflict>> ConflictVerbs::open_of(const RecordKey& key) const
{
    return verb(state_, [&]() -> Result<std::optional<Conflict>> {
        auto table = state_.tables->named(key.table);
        if (!table) return table.error();
        return open_conflict(state_.database, **table, key.id);
    });
}

/// The group of the latest change that set one of these columns.
GroupNumber group_of_claimant(const Subject& subject, const Fields& chosen)
{
    const auto latest = std::find_if(subject.live.rbegin(), subject.live.rend(), [&](const Change& change) {
        return std::any_of(chosen.begin(), chosen.end(),
                           [&](const auto& entry) { return claims(change, entry.first); });
    });
    return latest == subject.live.rend() ? GroupNumber{} : latest->group;
}

/// Whether a group may wait for all that waits of the record: not when that waits, or may wait, for the
/// group itself.
bool is_free_of_groups(const TransactionState& state, const Subject& subject)
{
    return std::all_of(subject.live.begin(), subject.live.end(), [&](const Change& change) {
        if (change.group.value != 0) return false;
        const auto edges = find_dependencies(state.database, *state.tables, change.sequence).waits_for;
        return std::all_of(edges.begin(), edges.end(), [](const Dependency& edge) {
            return edge.reason == DependencyReason::same_record;
        });
    });
}

Result<std::optional<Sequence>> resolve_conflict(TransactionState& state, ConflictNumber number,
                                                 const Resolution& resolution, const WriteContext& context)
{
    auto subject = conflicted(state, number);
    if (!subject) return subject.error();
    Fields theirs;
    Fields chosen;
    for (const ConflictColumn& column : subject->conflict->columns) {
        const auto given = resolution.chosen.find(column.column);
        if (given == resolution.chosen.end() && !resolution.side) continue;
        theirs[column.column] = column.theirs;
        chosen[column.column] = given != resolution.chosen.end() ? given->second
                                : resolution.side == Side::mine  ? column.mine
                                                                 : column.theirs;
    }
    for (const auto& [name, value] : resolution.chosen)
        if (!chosen.contains(name))
            return refusal(code::no_conflict, "The column " + name + " is not contested in conflict " +
                                                  std::to_string(number.value) + ".");
    if (chosen.empty())
        return refusal(code::no_conflict, "Choose mine, theirs, or a value for a contested column.");
    for (const auto& [name, value] : theirs)
        if (const auto seen = resolution.seen.find(name);
            seen != resolution.seen.end() && !(seen->second == value))
            return refusal(code::conflict_moved, "The organization's " + name + " of " +
                                                     describe(subject->key()) +
                                                     " changed while you decided. Look at conflict " +
                                                     std::to_string(number.value) + " again.");

    Change made;
    made.key = subject->key();
    made.origin = context.origin;
    made.actor = context.actor;
    made.on_behalf_of = context.on_behalf_of;
    made.made_at = context.now;
    // The decision about a change in a group is part of that group.
    const GroupNumber group = group_of_claimant(*subject, chosen);
    const bool follows = !subject->live.empty() && subject->live.back().group == group;
    for (const auto& [name, value] : chosen) {
        if (value == theirs[name]) continue;
        made.before[name] = theirs[name];
        made.after[name] = value;
    }
    const std::string_view side = resolution.side == Side::mine ? "mine" : "theirs";
    const bool all_given = resolution.chosen.size() == chosen.size();
    const std::string word = all_given                   ? std::string("chosen")
                             : resolution.chosen.empty() ? std::string(side)
                                                         : "chosen, and " + std::string(side);
    const std::string reason = "conflict " + std::to_string(number.value) + " was resolved: " + word;
    std::vector<Sequence> claimants;
    for (const Change& change : subject->live) claimants.push_back(change.sequence);
    for (const auto& [name, value] : chosen) {
        const std::string column[] = {name};
        for (const Sequence sequence : claimants)
            settle_columns(*subject, sequence, column, ChangeState::superseded, reason, context.now);
        take_out(state, *subject, name, resolution.chosen.contains(name) ? "chosen" : side);
    }
    std::optional<Sequence> sequence;
    if (!made.after.empty()) {
        if (follows || is_free_of_groups(state, *subject)) made.group = group;
        made.sequence = next_sequence(state.database);
        sequence = made.sequence;
        subject->add(std::move(made));
    }
    close_when_empty(state, *subject, word, context.actor, sequence, context.now);
    subject->finish(context.now);
    return sequence;
}

} // namespace hawser::localstore

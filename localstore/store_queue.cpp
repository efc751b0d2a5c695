#include "localstore/store.h"
#include "localstore/store_impl.h"
#include "localstore/verbs.h"

#include <limits>
#include <optional>
#include <set>
#include <utility>

namespace hawser::localstore {

Result<std::vector<Sequence>> Store::write(std::span<const Edit> edits, const WriteContext& context)
{
    return impl_->write(
        Turn::user, Durability::full, [&](TransactionState& state) -> Result<std::vector<Sequence>> {
            std::vector<Sequence> sequences;
            GroupNumber group;
            for (const Edit& edit : edits) {
                auto subject = load_subject(state, edit.key);
                if (!subject) return subject.error();
                auto written = write_edit(state, *subject, edit, context, Purpose::edit, group);
                if (!written) return written.error();
                sequences.push_back(*written);
                if (written->value == 0) continue;
                subject->finish(context.now);
                for (const Sequence parked : mended_by(*subject, *written))
                    if (auto moved = move_state(state, parked, ChangeState::queued, ""); !moved)
                        return moved.error();
            }
            if (auto fine = check_group(state, group); !fine) return fine.error();
            return sequences;
        });
}

namespace {

/// What a verb would do, tried and rolled back.
template <class T, class Writer, class Work>
Result<T> done_or_rehearsed(Writer& store, Act act, Work work)
{
    std::optional<T> rehearsed;
    auto done = store.write(Turn::user, Durability::full, [&](TransactionState& state) -> Result<T> {
        auto outcome = work(state);
        if (!outcome || act == Act::done) return outcome;
        rehearsed = std::move(*outcome);
        // What fails leaves nothing.
        return refusal(code::failed, "It was only rehearsed.");
    });
    if (rehearsed) return std::move(*rehearsed);
    return done;
}

/// Itself and the live ones of its group.
std::vector<Change> unit_of(TransactionState& state, const Change& change)
{
    if (change.group.value == 0) return {change};
    ChangeFilter unit;
    unit.group = change.group;
    unit.limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
    return list_changes(state.database, *state.tables, unit);
}

/// Does it to each of the changes, or to none; once where several are of one group. Returns them as they were.
template <class Writer, class Work>
Result<std::vector<Change>> to_each(Writer& store, std::span<const Sequence> changes, Work work)
{
    return store.write(Turn::user, Durability::full,
                       [&](TransactionState& state) -> Result<std::vector<Change>> {
                           std::vector<Change> found;
                           std::set<Sequence> met;
                           for (const Sequence sequence : changes) {
                               if (met.contains(sequence)) continue;
                               const auto change = find_change(state.database, *state.tables, sequence);
                               if (!change) return no_change(sequence);
                               for (Change& member : unit_of(state, *change))
                                   if (met.insert(member.sequence).second) found.push_back(std::move(member));
                               if (auto done = work(state, *change); !done) return done.error();
                           }
                           return found;
                       });
}

Result<void> queue_again(TransactionState& state, const Change& change, ChangeState from)
{
    if (change.state == from) return move_state(state, change.sequence, ChangeState::queued, "");
    if (!is_live(change.state)) return already_settled(change);
    return refusal(code::change_settled, "The change " + std::to_string(change.sequence.value) + " is " +
                                             std::string(to_text(change.state)) + ", not " +
                                             std::string(to_text(from)) + ".");
}

} // namespace

Result<Undone> Store::undo(std::span<const Sequence> changes, const WriteContext& context, Act act)
{
    return done_or_rehearsed<Undone>(*impl_, act, [&](TransactionState& state) {
        return drop_changes(state, changes, ChangeState::undone, context);
    });
}

Result<Undone> Store::discard(std::span<const Sequence> changes, const WriteContext& context, Act act)
{
    return done_or_rehearsed<Undone>(*impl_, act, [&](TransactionState& state) {
        return drop_changes(state, changes, ChangeState::discarded, context);
    });
}

Result<TakenBack> Store::take_back(std::span<const Sequence> changes, const WriteContext& context, Act act)
{
    return done_or_rehearsed<TakenBack>(
        *impl_, act, [&](TransactionState& state) { return take_back_applied(state, changes, context); });
}

Result<void> Store::edit(Sequence change, const Fields& values, const WriteContext& context)
{
    return impl_->write(Turn::user, Durability::full, [&](TransactionState& state) -> Result<void> {
        if (auto edited = edit_change(state, change, values, context); !edited) return edited;
        const auto found = find_change(state.database, *state.tables, change);
        if (!found || found->state != ChangeState::parked) return {};
        return move_state(state, change, ChangeState::queued, "");
    });
}

Result<std::vector<Change>> Store::hold(std::span<const Sequence> changes, std::string_view why,
                                        const WriteContext& context)
{
    return to_each(*impl_, changes, [&](TransactionState& state, const Change& change) -> Result<void> {
        // What holds it already, such as an edit there that nobody looked at, stays the reason.
        if (change.state == ChangeState::held) return {};
        write_deed(state, change, "queue.hold", "held", context);
        return move_state(state, change.sequence, ChangeState::held, why);
    });
}

Result<std::vector<Change>> Store::release(std::span<const Sequence> changes, const WriteContext& context)
{
    return to_each(*impl_, changes, [&](TransactionState& state, const Change& change) {
        write_deed(state, change, "queue.release", "released", context);
        return queue_again(state, change, ChangeState::held);
    });
}

Result<std::vector<Change>> Store::retry(std::span<const Sequence> changes, const WriteContext& context)
{
    return to_each(*impl_, changes, [&](TransactionState& state, const Change& change) {
        write_deed(state, change, "queue.retry", "queued again", context);
        return queue_again(state, change, ChangeState::parked);
    });
}

Result<void> Store::hold(Sequence change, std::string_view why, const WriteContext& context)
{
    auto held = hold(std::span(&change, 1), why, context);
    if (!held) return held.error();
    return {};
}

Result<void> Store::release(Sequence change, const WriteContext& context)
{
    auto released = release(std::span(&change, 1), context);
    if (!released) return released.error();
    return {};
}

Result<void> Store::retry(Sequence change, const WriteContext& context)
{
    auto tried = retry(std::span(&change, 1), context);
    if (!tried) return tried.error();
    return {};
}

Result<std::optional<Sequence>> Store::resolve(ConflictNumber number, const Resolution& resolution,
                                               const WriteContext& context)
{
    return impl_->write(Turn::user, Durability::full, [&](TransactionState& state) {
        return resolve_conflict(state, number, resolution, context);
    });
}

Result<Change> Store::change(Sequence sequence) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<Change> {
        auto found = find_change(database, tables, sequence);
        if (!found) return no_change(sequence);
        return std::move(*found);
    });
}

Result<std::vector<Change>> Store::changes(const ChangeFilter& filter) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<Change>> {
        return list_changes(database, tables, filter);
    });
}

Result<Dependencies> Store::dependencies_of(Sequence change) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<Dependencies> {
        return find_dependencies(database, tables, change);
    });
}

Result<std::vector<Dependency>> Store::dependencies_of(std::span<const Sequence> changes) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<Dependency>> {
        std::vector<Dependency> edges;
        for (const Sequence change : changes) {
            const Dependencies found = find_dependencies(database, tables, change);
            edges.insert(edges.end(), found.waits_for.begin(), found.waits_for.end());
        }
        return edges;
    });
}

Result<QueueFigures> Store::queue_figures() const
{
    return impl_->read([&](Database& database, const TableSet&) -> Result<QueueFigures> {
        QueueFigures figures;
        Statement states =
            database.prepare("SELECT state, count(*) FROM hawser_change WHERE live = 1 GROUP BY state");
        while (states.step()) {
            const std::int64_t count = states.integer(1);
            switch (parse_change_state(states.text(0)).value_or(ChangeState::queued)) {
            case ChangeState::held:
                figures.held = count;
                break;
            case ChangeState::in_flight:
                figures.in_flight = count;
                break;
            case ChangeState::parked:
                figures.parked = count;
                break;
            case ChangeState::contested:
                figures.contested = count;
                break;
            default:
                figures.queued += count;
            }
        }
        if (figures.live() > 0) {
            Statement whole =
                database.prepare("SELECT min(made_at), count(DISTINCT id), min(next_attempt) FROM "
                                 "hawser_change WHERE live = 1 AND state IN ('queued', 'in flight')");
            whole.step();
            figures.oldest = whole.optional_instant(0);
            figures.records = whole.integer(1);
            figures.next_attempt = whole.optional_instant(2);
        }
        Statement conflicts =
            database.prepare("SELECT count(*) FROM hawser_conflict WHERE closed_at IS NULL");
        conflicts.step();
        figures.open_conflicts = conflicts.integer(0);
        Statement unknown =
            database.prepare("SELECT count(DISTINCT intent) FROM hawser_intent_step WHERE state IN (1, 3)");
        unknown.step();
        figures.unknown_intents = unknown.integer(0);
        return figures;
    });
}

Result<std::vector<Intent>> Store::open_intents() const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<Intent>> {
        return list_open_intents(database, tables);
    });
}

Result<std::vector<Conflict>> Store::conflicts(const ConflictFilter& filter) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<Conflict>> {
        return list_conflicts(database, tables, filter);
    });
}

Result<Conflict> Store::conflict(ConflictNumber number) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<Conflict> {
        auto found = find_conflict(database, tables, number);
        if (!found)
            return refusal(code::no_conflict, "There is no conflict " + std::to_string(number.value) + ".");
        return std::move(*found);
    });
}

} // namespace hawser::localstore

#include "localstore/store.h"
#include "localstore/store_impl.h"
#include "localstore/verbs.h"

#include <optional>
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

Result<Undone> Store::undo(Sequence change, const WriteContext& context)
{
    return impl_->write(Turn::user, Durability::full, [&](TransactionState& state) {
        return drop_changes(state, change, ChangeState::undone, context);
    });
}

Result<Undone> Store::discard(Sequence change, const WriteContext& context)
{
    return impl_->write(Turn::user, Durability::full, [&](TransactionState& state) {
        return drop_changes(state, change, ChangeState::discarded, context);
    });
}

Result<TakenBack> Store::take_back(Sequence change, const WriteContext& context, Act act)
{
    std::optional<TakenBack> rehearsed;
    auto done = impl_->write(Turn::user, Durability::full, [&](TransactionState& state) -> Result<TakenBack> {
        auto taken = take_back_applied(state, change, context);
        if (!taken || act == Act::done) return taken;
        rehearsed = std::move(*taken);
        // What fails leaves nothing.
        return refusal(code::failed, "It was only rehearsed.");
    });
    if (rehearsed) return std::move(*rehearsed);
    return done;
}

Result<void> Store::edit(Sequence change, const Fields& values, Instant now)
{
    return impl_->write(Turn::user, Durability::full, [&](TransactionState& state) -> Result<void> {
        if (auto edited = edit_change(state, change, values, now); !edited) return edited;
        const auto found = find_change(state.database, *state.tables, change);
        if (!found || found->state != ChangeState::parked) return {};
        return move_state(state, change, ChangeState::queued, "");
    });
}

Result<void> Store::hold(Sequence change, std::string_view why)
{
    return impl_->write(Turn::user, Durability::full, [&](TransactionState& state) -> Result<void> {
        const auto found = find_change(state.database, *state.tables, change);
        // What holds it already, such as an edit there that nobody looked at, stays the reason.
        if (found && found->state == ChangeState::held) return {};
        return move_state(state, change, ChangeState::held, why);
    });
}

namespace {

Result<void> queue_again(TransactionState& state, Sequence sequence, ChangeState from)
{
    const auto change = find_change(state.database, *state.tables, sequence);
    if (!change) return no_change(sequence);
    if (change->state == from) return move_state(state, sequence, ChangeState::queued, "");
    if (!is_live(change->state)) return already_settled(*change);
    return refusal(code::change_settled, "The change " + std::to_string(sequence.value) + " is " +
                                             std::string(to_text(change->state)) + ", not " +
                                             std::string(to_text(from)) + ".");
}

} // namespace

Result<void> Store::release(Sequence change)
{
    return impl_->write(Turn::user, Durability::full, [&](TransactionState& state) -> Result<void> {
        return queue_again(state, change, ChangeState::held);
    });
}

Result<void> Store::retry(Sequence change)
{
    return impl_->write(Turn::user, Durability::full, [&](TransactionState& state) -> Result<void> {
        return queue_again(state, change, ChangeState::parked);
    });
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

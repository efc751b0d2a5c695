#include "base/fields.h"
#include "localstore/change_row.h"
#include "localstore/receipt_row.h"
#include "localstore/transaction.h"
#include "localstore/verbs.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

namespace hawser::localstore {
namespace {

template <class IsOut>
void leave_out(Change& change, const IsOut& is_out)
{
    std::erase_if(change.after, is_out);
    std::erase_if(change.before, [&](const auto& member) { return !change.after.contains(member.first); });
}

/// The columns of the record that a person was asked about.
ColumnSet asked_about(Database& database, const KnownTable& table, const Guid& id)
{
    ColumnSet columns;
    Statement rows =
        database.prepare("SELECT DISTINCT n.name FROM hawser_conflict c JOIN hawser_conflict_column n ON "
                         "n.conflict = c.number WHERE c.id = ?1 AND c.table_number = ?2");
    rows.with(id, table.number);
    while (rows.step()) columns.insert(rows.string(0));
    return columns;
}

/// Of a change of which a part waits for a decision, was decided otherwise or given up: what the server had of it. What
/// nobody was asked about arrived, whatever the server made of it.
void keep_what_arrived(Change& change, const Fields& there, const ColumnSet& asked)
{
    const auto never_came = [&](const auto& member) {
        return !change.is_settled(member.first) || member.second == value_in(change.before, member.first) ||
               (asked.contains(member.first) &&
                !equal_as_stored(member.second, value_in(there, member.first)));
    };
    std::erase_if(change.after, never_came);
    std::erase_if(change.before, [&](const auto& member) { return !change.after.contains(member.first); });
}

/// What came before a deletion, and the deletion.
void drop_former_life(std::vector<Change>& changes)
{
    const auto removal = std::find_if(changes.rbegin(), changes.rend(), [](const Change& change) {
        return change.kind == ChangeKind::remove && change.state == ChangeState::applied;
    });
    changes.erase(changes.begin(), removal.base());
}

/// The copy that waits for a person's word.
Change held_copy(const Change& former, const Loss& loss)
{
    Change again = former;
    again.sequence = {};
    again.state = ChangeState::held;
    again.settled.clear();
    again.group = {};
    again.made_at = loss.now;
    again.attempts = 0;
    again.last_error.clear();
    again.waits_for = std::string(loss.why);
    again.settled_at.reset();
    again.reason.clear();
    return again;
}

/// Puts the lost changes of one record in the queue again, the oldest first.
class Requeue {
public:
    Requeue(TransactionState& state, Subject& subject, const Loss& loss)
        : state_(state),
          subject_(subject),
          loss_(loss),
          there_(subject.shadow ? subject.shadow->fields : subject.local().value_or(Fields{}))
    {
    }

    /// The oldest first.
    Requeued add(std::vector<Change> lost)
    {
        // A record that is not there is deleted as it should be.
        if (loss_.lacking == Lacking::record) drop_former_life(lost);
        const ColumnSet asked = asked_about(state_.database, subject_.table(), subject_.row.id);
        std::erase_if(lost, [&](Change& change) {
            if (change.state == ChangeState::applied) return false;
            keep_what_arrived(change, there_, asked);
            return change.after.empty();
        });
        if (lost.empty()) return {};
        subject_.make_dirty();
        if (is_made_again()) return add_copies(std::move(lost));
        for (auto last = lost.rbegin(); last != lost.rend(); ++last)
            for (const std::string& column : take_back(*last))
                // Whoever took this one back took back what came after it, too.
                std::for_each(lost.rbegin(), std::next(last), [&](Change& change) {
                    change.after.erase(column);
                    change.before.erase(column);
                });
        for (const Change& change : lost) stand_on_what_was_before(change);
        return add_copies(std::move(lost));
    }

    /// On the base as it is, from which they are taken already, and without what waits again as it is. The oldest
    /// first.
    Requeued add_again(std::vector<Change> lost, Sequence given_up = {})
    {
        given_up_ = given_up;
        ColumnSet waiting;
        for (const Change& change : subject_.live)
            if (is_queued_again(change))
                for (const auto& member : change.after)
                    if (claims(change, member.first)) waiting.insert(member.first);
        for (Change& change : lost) {
            const auto is_waiting = [&](const auto& member) { return waiting.contains(member.first); };
            if (change.kind == ChangeKind::update) leave_out(change, is_waiting);
        }
        if (!is_made_again()) std::ranges::for_each(lost, [&](const Change& change) { say_both(change); });
        return add_copies(std::move(lost));
    }

    void add_receipt(IntentOutcome outcome, std::vector<Sequence> changes) const
    {
        Receipt receipt{{}, subject_.key(), std::move(changes), outcome};
        receipt.words = loss_.why;
        receipt.cycle = loss_.cycle;
        receipt.at = loss_.now;
        localstore::add_receipt(state_.database, subject_.table(), receipt);
    }

private:
    Requeued add_copies(std::vector<Change> lost)
    {
        std::erase_if(lost, [](const Change& change) {
            return change.kind == ChangeKind::update && change.after.empty();
        });
        Requeued done;
        std::map<Sequence, std::vector<Sequence>> covered;
        // Whichever is sent first makes the record again with all that is here of it.
        const std::optional<Sequence> maker = is_made_again() && !subject_.live.empty()
                                                  ? std::optional(subject_.live.front().sequence)
                                                  : std::nullopt;
        for (Change& change : lost) {
            const Sequence former = change.sequence;
            const std::set<Sequence> covering = maker ? std::set{*maker} : add_copy(std::move(change), done);
            for (const Sequence edit : covering) covered[edit].push_back(former);
            if (!covering.empty()) ++done.covered;
        }
        for (auto& [edit, changes] : covered) {
            changes.push_back(edit);
            add_receipt(IntentOutcome::covered, std::move(changes));
        }
        return done;
    }

    /// Returns the live edits that say what is left out, or more.
    std::set<Sequence> add_copy(Change lost, Requeued& done)
    {
        std::set<Sequence> covering;
        const bool had_columns = !lost.after.empty();
        const auto is_edited_since = [&](const auto& member) {
            const Change* since = find_edit_since(member.first);
            if (since != nullptr) covering.insert(since->sequence);
            return since != nullptr;
        };
        std::erase_if(lost.after, is_edited_since);
        std::erase_if(lost.before, [&](const auto& member) { return !lost.after.contains(member.first); });
        if (had_columns && lost.after.empty()) return covering;
        Change again = held_copy(lost, loss_);
        again.sequence = next_sequence(state_.database);
        subject_.add(std::move(again));
        ++done.queued;
        return covering;
    }

    /// Whether a live edit makes the record again, which the server lacks.
    bool is_made_again() const
    {
        return loss_.lacking == Lacking::record && subject_.shadow->remote == Remote::deleted;
    }

    /// What was edited since says more than what was lost; what was lost before it says less.
    Change* find_edit_since(std::string_view column)
    {
        const auto found = std::ranges::find_if(subject_.live, [&](const Change& change) {
            return change.sequence != given_up_ && !is_queued_again(change) && claims(change, column);
        });
        return found == subject_.live.end() ? nullptr : &*found;
    }

    bool is_queued_again(const Change& change) const
    {
        return change.state == ChangeState::held && change.waits_for == loss_.why;
    }

    /// Of a creation nothing was there before.
    bool is_put_together(const Change& lost, const std::string& column) const
    {
        return lost.kind == ChangeKind::update && state_.fold.is_put_together(subject_.table().table, column);
    }

    /// What `lost` makes of the column is taken out of `value`, and what others made of it stays in.
    Value without(const Change& lost, const std::string& column, const Value& value) const
    {
        return need(state_.fold.take_back(subject_.table().table, column, value_in(lost.before, column),
                                          value_in(lost.after, column), value));
    }

    /// Of what is put together, an edit says only what it adds and takes away. Of the base that is taken back, and
    /// what was edited since says it as well.
    /// Returns the columns of which an edit since had only taken back what is lost.
    ColumnSet take_back(const Change& lost)
    {
        ColumnSet idle;
        Shadow shadow = *subject_.shadow;
        for (const auto& member : lost.after) {
            const std::string& column = member.first;
            if (!is_put_together(lost, column)) continue;
            shadow.fields.insert_or_assign(column, without(lost, column, value_in(shadow.fields, column)));
            Change* since = find_edit_since(column);
            if (since == nullptr) continue;
            Value& before = since->before[column];
            before = without(lost, column, before);
            const bool is_idle = before == since->after[column] && since->state != ChangeState::in_flight;
            if (is_idle) since->settled.push_back(column);
            if (is_idle) idle.insert(column);
            update_change(state_.database, *since);
            if (is_idle && open_columns(*since).empty()) end(since->sequence);
        }
        std::erase_if(shadow.fields, [](const auto& member) { return is_null(member.second); });
        subject_.set_shadow(std::move(shadow));
        return idle;
    }

    void end(Sequence idle)
    {
        leave_queue(*subject_.find(idle), ChangeState::superseded,
                    "it took back what the restored organization lacks", loss_.now);
        subject_.store_state(idle);
    }

    /// An edit of what is put together that was made on top of what is lost says that as well.
    void say_both(const Change& lost)
    {
        for (const auto& member : lost.after) {
            const std::string& column = member.first;
            Change* since = is_put_together(lost, column) ? find_edit_since(column) : nullptr;
            if (since == nullptr) continue;
            Value& before = since->before[column];
            before = without(lost, column, before);
            update_change(state_.database, *since);
        }
    }

    /// The server lacks it: the base is what was there before the first of what was lost.
    void stand_on_what_was_before(const Change& lost)
    {
        Shadow shadow = *subject_.shadow;
        for (const auto& member : lost.after) {
            const std::string& column = member.first;
            if (is_put_together(lost, column)) continue;
            const bool stands = std::ranges::any_of(subject_.live, [&](const Change& change) {
                return is_queued_again(change) && claims(change, column);
            });
            if (stands || !stood_.insert(column).second) continue;
            // Of a creation nothing was there before.
            const auto before = lost.before.find(column);
            if (before == lost.before.end() || is_null(before->second))
                shadow.fields.erase(column);
            else
                shadow.fields.insert_or_assign(column, before->second);
        }
        subject_.set_shadow(std::move(shadow));
    }

    TransactionState& state_;
    Subject& subject_;
    Loss loss_;
    const Fields there_; ///< What was known of the server before any of it was queued again.
    ColumnSet stood_;
    Sequence given_up_{}; ///< Says nothing any more, though it may be on its way.
};

std::vector<Change> find_changes(const TransactionState& state, std::span<const Sequence> sequences)
{
    std::vector<Change> changes;
    for (const Sequence sequence : sequences)
        if (auto former = find_change(state.database, *state.tables, sequence))
            changes.push_back(std::move(*former));
    return changes;
}

/// What arrived of them, as far as anybody can tell now: rather a question too many than an edit too few.
std::vector<Change> find_arrived(const TransactionState& state, std::span<const Sequence> sequences)
{
    std::vector<Change> changes = find_changes(state, sequences);
    for (Change& change : changes)
        if (change.state != ChangeState::applied)
            leave_out(change, [&](const auto& member) { return !change.is_settled(member.first); });
    return changes;
}

} // namespace

void requeue_covered(TransactionState& state, Subject& subject, const Change& dropped, Instant now)
{
    const CoveredLoss covered = covered_by(state.database, subject.table(), subject.row.id, dropped.sequence);
    if (covered.lost.empty()) return;
    const bool is_lacking = subject.shadow && subject.shadow->remote == Remote::deleted;
    std::vector<Change> lost = find_arrived(state, covered.lost);
    if (!is_lacking)
        for (Change& change : lost)
            leave_out(change, [&](const auto& member) { return !claims(dropped, member.first); });
    Requeue(state, subject, {covered.why, is_lacking ? Lacking::record : Lacking::values, {}, now})
        .add_again(std::move(lost), dropped.sequence);
}

Result<void> QueueVerbs::requeue_covered(const RecordKey& key, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        CoveredLoss covered;
        for (const Change& change : subject->live) {
            CoveredLoss more =
                covered_by(state_.database, subject->table(), subject->row.id, change.sequence);
            if (more.lost.empty()) continue;
            covered.why = more.why;
            covered.lost.insert(covered.lost.end(), more.lost.begin(), more.lost.end());
        }
        if (covered.lost.empty() || !subject->shadow) return {};
        std::ranges::sort(covered.lost);
        covered.lost.erase(std::unique(covered.lost.begin(), covered.lost.end()), covered.lost.end());
        std::vector<Change> lost = find_arrived(state_, covered.lost);
        for (Change& change : lost)
            leave_out(change, [&](const auto& member) {
                return equal_as_stored(member.second, value_in(subject->shadow->fields, member.first));
            });
        Requeue(state_, *subject, {covered.why, Lacking::values, {}, now}).add_again(std::move(lost));
        subject->finish(now);
        return {};
    });
}

Result<Requeued> QueueVerbs::requeue_held(const RecordKey& key, const std::set<Sequence>& lost,
                                          const Loss& loss)
{
    return verb(state_, [&]() -> Result<Requeued> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        const std::vector<Sequence> sequences(lost.begin(), lost.end());
        Requeue requeue(state_, *subject, loss);
        const Requeued done = requeue.add(find_changes(state_, sequences));
        requeue.add_receipt(IntentOutcome::lost, sequences);
        subject->finish(loss.now);
        return done;
    });
}

} // namespace hawser::localstore

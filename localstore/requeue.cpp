#include "base/fields.h"
#include "localstore/change_row.h"
#include "localstore/receipt_row.h"
#include "localstore/transaction.h"
#include "localstore/verbs.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace hawser::localstore {
namespace {

/// Of a change of which a part waits for a decision, or was decided otherwise: what the server had of it.
void keep_what_arrived(Change& change, const Fields& there)
{
    const auto never_came = [&](const auto& member) {
        return !change.is_settled(member.first) ||
               !equal_as_stored(member.second, value_in(there, member.first));
    };
    std::erase_if(change.after, never_came);
    std::erase_if(change.before, [&](const auto& member) { return !change.after.contains(member.first); });
}

/// The copy that waits for a person's word.
Change held_copy(const Change& former, std::string_view why, Instant now)
{
    Change again = former;
    again.sequence = {};
    again.state = ChangeState::held;
    again.settled.clear();
    again.group = {};
    again.made_at = now;
    again.attempts = 0;
    again.last_error.clear();
    again.waits_for = std::string(why);
    again.settled_at.reset();
    again.reason.clear();
    return again;
}

/// Puts the lost changes of one record in the queue again, the oldest first.
class Requeue {
public:
    Requeue(TransactionState& state, Subject& subject, std::string_view why, Instant now)
        : state_(state),
          subject_(subject),
          why_(why),
          now_(now),
          there_(subject.shadow ? subject.shadow->fields : subject.local().value_or(Fields{}))
    {
    }

    /// Returns how many of them something was left of. The oldest first.
    std::size_t add(std::vector<Change> lost)
    {
        std::erase_if(lost, [&](Change& change) {
            if (change.state == ChangeState::applied) return false;
            keep_what_arrived(change, there_);
            return change.after.empty();
        });
        if (lost.empty()) return 0;
        subject_.make_dirty();
        for (auto last = lost.rbegin(); last != lost.rend(); ++last)
            for (const std::string& column : take_back(*last))
                // Whoever took this one back took back what came after it, too.
                std::for_each(lost.rbegin(), std::next(last), [&](Change& change) {
                    change.after.erase(column);
                    change.before.erase(column);
                });
        std::erase_if(lost, [](const Change& change) {
            return change.kind == ChangeKind::update && change.after.empty();
        });
        std::size_t added = 0;
        for (Change& change : lost)
            if (add_copy(std::move(change))) ++added;
        return added;
    }

private:
    bool add_copy(Change lost)
    {
        const bool had_columns = !lost.after.empty();
        stand_on_what_was_before(lost);
        const auto is_edited_since = [&](const auto& member) {
            return find_edit_since(member.first) != nullptr;
        };
        std::erase_if(lost.after, is_edited_since);
        std::erase_if(lost.before, is_edited_since);
        if (had_columns && lost.after.empty()) return false;
        Change again = held_copy(lost, why_, now_);
        again.sequence = next_sequence(state_.database);
        subject_.add(std::move(again));
        return true;
    }

    /// What was edited since says more than what was lost; what was lost before it says less.
    Change* find_edit_since(std::string_view column)
    {
        const auto found = std::ranges::find_if(subject_.live, [&](const Change& change) {
            return !is_queued_again(change) && claims(change, column);
        });
        return found == subject_.live.end() ? nullptr : &*found;
    }

    bool is_queued_again(const Change& change) const
    {
        return change.state == ChangeState::held && change.waits_for == why_;
    }

    /// Of a creation nothing was there before.
    bool is_put_together(const Change& lost, const std::string& column) const
    {
        return lost.kind == ChangeKind::update && state_.fold.is_put_together(subject_.table().table, column);
    }

    /// What `lost` makes of the column is taken out of `value`, and what others made of it stays in.
    Value without(const Change& lost, const std::string& column, const Value& value) const
    {
        Fields x;
        if (!is_null(value)) x.emplace(column, value);
        const Fields before =
            need(state_.fold.apply(subject_.table().table, {{column, value_in(lost.after, column)}}, x,
                                   {{column, value_in(lost.before, column)}}));
        return value_in(before, column);
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
                    "it took back what the restored organization lacks", now_);
        subject_.store_state(idle);
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
    std::string_view why_;
    Instant now_;
    const Fields there_; ///< What was known of the server before any of it was queued again.
    ColumnSet stood_;
};

} // namespace

Result<std::size_t> QueueVerbs::requeue_held(const RecordKey& key, const std::set<Sequence>& lost,
                                             std::string_view why, CycleNumber cycle, Instant now)
{
    return verb(state_, [&]() -> Result<std::size_t> {
        auto subject = load_subject(state_, key);
        if (!subject) return subject.error();
        Requeue requeue(state_, *subject, why, now);
        std::vector<Change> changes;
        for (const Sequence sequence : lost) {
            auto former = find_change(state_.database, *state_.tables, sequence);
            const bool taken_back =
                !former || former->state == ChangeState::undone || former->state == ChangeState::discarded;
            if (!taken_back) changes.push_back(std::move(*former));
        }
        const std::size_t queued = requeue.add(std::move(changes));
        Receipt receipt{{}, subject->key(), {lost.begin(), lost.end()}, IntentOutcome::lost};
        receipt.words = why;
        receipt.cycle = cycle;
        receipt.at = now;
        add_receipt(state_.database, subject->table(), receipt);
        subject->finish(now);
        return queued;
    });
}

} // namespace hawser::localstore

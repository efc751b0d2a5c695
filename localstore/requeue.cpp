#include "base/fields.h"
#include "localstore/receipt_row.h"
#include "localstore/transaction.h"
#include "localstore/verbs.h"

#include <algorithm>

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

    /// Returns whether anything was left of it.
    bool add(Change lost)
    {
        const bool whole = lost.state == ChangeState::applied;
        if (!whole) keep_what_arrived(lost, there_);
        if (!whole && lost.after.empty()) return false;
        const bool had_columns = !lost.after.empty();
        subject_.make_dirty();
        stand_on_what_was_before(lost);
        std::erase_if(lost.after, [&](const auto& member) { return is_edited_since(member.first); });
        std::erase_if(lost.before, [&](const auto& member) { return is_edited_since(member.first); });
        if (had_columns && lost.after.empty()) return false;
        Change again = held_copy(lost, why_, now_);
        again.sequence = next_sequence(state_.database);
        subject_.add(std::move(again));
        return true;
    }

private:
    /// What was edited since says more than what was lost; what was lost before it says less.
    bool is_edited_since(const std::string& column) const
    {
        return std::ranges::any_of(subject_.live, [&](const Change& change) {
            return !is_queued_again(change) && claims(change, column);
        });
    }

    bool is_queued_again(const Change& change) const
    {
        return change.state == ChangeState::held && change.waits_for == why_;
    }

    /// The server lacks it: the base is what was there before the first of what was lost.
    void stand_on_what_was_before(const Change& lost)
    {
        Shadow shadow = *subject_.shadow;
        for (const auto& member : lost.after) {
            const std::string& column = member.first;
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
        std::size_t queued = 0;
        for (const Sequence sequence : lost) {
            auto former = find_change(state_.database, *state_.tables, sequence);
            const bool taken_back =
                !former || former->state == ChangeState::undone || former->state == ChangeState::discarded;
            if (!taken_back && requeue.add(std::move(*former))) ++queued;
        }
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

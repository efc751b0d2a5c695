#include "localstore/rebase.h"
#include "localstore/verbs.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <set>

namespace hawser::localstore {
namespace {

constexpr auto everything = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());

/// Everything that has to go together: groups whole, and with a create all later changes of its
/// record, until nothing more is drawn in.
class Gathering {
public:
    explicit Gathering(TransactionState& state) : state_(state) {}

    Result<void> add(Sequence first)
    {
        std::vector<Sequence> todo{first};
        while (!todo.empty()) {
            const Sequence sequence = todo.back();
            todo.pop_back();
            if (members_.contains(sequence)) continue;
            auto change = find_change(state_.database, *state_.tables, sequence);
            if (!change) return no_change(sequence);
            if (!is_live(change->state)) return already_settled(*change);
            draw_in(*change, todo);
            members_.emplace(sequence, std::move(*change));
        }
        return {};
    }

    const std::map<Sequence, Change>& members() const { return members_; }

private:
    void draw_in(const Change& change, std::vector<Sequence>& todo)
    {
        if (change.group.value != 0 && groups_.insert(change.group.value).second) {
            ChangeFilter group;
            group.group = change.group;
            group.limit = everything;
            for (const Change& member : list_changes(state_.database, *state_.tables, group))
                todo.push_back(member.sequence);
        }
        if (change.kind != ChangeKind::create || change.state == ChangeState::in_flight) return;
        ChangeFilter record;
        record.table = change.key.table;
        record.id = change.key.id;
        record.after = change.sequence;
        record.limit = everything;
        for (const Change& later : list_changes(state_.database, *state_.tables, record))
            todo.push_back(later.sequence);
    }

    TransactionState& state_;
    std::map<Sequence, Change> members_;
    std::set<std::int64_t> groups_; ///< Drawn in already.
};

Result<void> check_unneeded(TransactionState& state, const std::map<Sequence, Change>& members)
{
    std::string needed_by;
    for (const auto& [sequence, change] : members) {
        if (change.kind != ChangeKind::create || change.state == ChangeState::in_flight) continue;
        for (const Dependency& edge :
             find_dependencies(state.database, *state.tables, sequence).waited_for_by)
            if (edge.reason == DependencyReason::refers_to_created && !members.contains(edge.change))
                needed_by += (needed_by.empty() ? "" : ", ") + std::to_string(edge.change.value);
    }
    if (needed_by.empty()) return {};
    return refusal(code::referred_to, "Other queued changes refer to the record that would vanish: " +
                                          needed_by + ". Undo those first.");
}

/// Contested columns that nobody's change claims any more are not contested any more.
void withdraw_columns(TransactionState& state, Subject& subject, const Change& dropped)
{
    if (!subject.conflict) return;
    const std::size_t withdrawn = std::erase_if(subject.conflict->columns, [&](const ConflictColumn& column) {
        if (!claims(dropped, column.column)) return false;
        for (const Change& change : subject.live)
            if (claims(change, column.column)) return false;
        close_column(state.database, subject.conflict->number, column.column, "withdrawn");
        state.notice.conflicts = true;
        return true;
    });
    if (withdrawn > 0) revise_conflict(state.database, *subject.conflict);
}

struct Wording {
    std::string_view rule;
    std::string_view done;
};

Wording wording_of(ChangeState outcome)
{
    return outcome == ChangeState::undone ? Wording{"queue.undo", "undone"}
                                          : Wording{"queue.discard", "discarded"};
}

void requeue(TransactionState& state, Subject& subject, const Change& dropped, const WriteContext& context,
             Undone& undone)
{
    std::set<Sequence> known;
    for (const Change& change : subject.live) known.insert(change.sequence);
    requeue_covered(state, subject, dropped, context.now);
    std::ranges::copy_if(subject.live, std::back_inserter(undone.requeued),
                         [&](const Change& change) { return !known.contains(change.sequence); });
}

void drop(TransactionState& state, Subject& subject, const Change& member, ChangeState outcome,
          const WriteContext& context, Undone& undone)
{
    undone.dropped.push_back(member);
    const Wording wording = wording_of(outcome);
    write_deed(state, member, wording.rule, wording.done, context);
    const Sequence sequence = member.sequence;
    Change* change = subject.find(sequence);
    if (change == nullptr) return;
    const Change dropped = *change;
    if (dropped.kind == ChangeKind::update) {
        Fields from;
        for (const std::string& column : open_columns(dropped)) from[column] = dropped.before.at(column);
        rebase_later(state, subject, dropped, std::move(from));
    }
    leave_queue(*subject.find(sequence), outcome,
                std::string(wording.done) + " by " + (context.actor.empty() ? "you" : context.actor),
                context.now);
    subject.store_state(sequence);
    withdraw_columns(state, subject, dropped);
    requeue(state, subject, dropped, context, undone);
    settle_emptied(subject, sequence, "was dropped", context.now);
}

Result<void> compensate(TransactionState& state, Subject& subject, const Change& change,
                        const WriteContext& context, Undone& undone)
{
    if (!subject.local() && change.kind != ChangeKind::remove) return {};
    WriteContext alone = context;
    alone.grouping = Grouping::separate;
    GroupNumber none;
    auto made =
        write_edit(state, subject, compensation(state, subject, change), alone, Purpose::compensation, none);
    if (!made) return made.error();
    if (made->value != 0) undone.compensating.push_back(*subject.find(*made));
    return {};
}

/// What may have been sent is taken back by a new change.
Result<void> drop_sent(TransactionState& state, Subject& subject, const Change& change, ChangeState outcome,
                       const WriteContext& context, Undone& undone)
{
    const std::size_t before = undone.compensating.size();
    if (auto made = compensate(state, subject, change, context, undone); !made) return made;
    const std::string more = undone.compensating.size() == before
                                 ? "; nothing was left to take back"
                                 : "; it may have arrived, and change " +
                                       std::to_string(undone.compensating.back().sequence.value) +
                                       " takes it back";
    write_deed(state, change, wording_of(outcome).rule, wording_of(outcome).done, context, more);
    requeue(state, subject, change, context, undone);
    return {};
}

} // namespace

Result<Undone> drop_changes(TransactionState& state, std::span<const Sequence> sequences, ChangeState outcome,
                            const WriteContext& context)
{
    Gathering gathering(state);
    for (const Sequence sequence : sequences)
        if (auto gathered = gathering.add(sequence); !gathered) return gathered.error();
    if (auto fine = check_unneeded(state, gathering.members()); !fine) return fine.error();
    Undone undone;
    // Latest first: what a change was rebased onto is still there while it is dropped.
    for (auto member = gathering.members().rbegin(); member != gathering.members().rend(); ++member) {
        const Change& change = member->second;
        auto subject = load_subject(state, change.key);
        if (!subject) return subject.error();
        if (change.state == ChangeState::in_flight) {
            if (auto made = drop_sent(state, *subject, change, outcome, context, undone); !made)
                return made.error();
        } else {
            drop(state, *subject, change, outcome, context, undone);
        }
        subject->finish(context.now);
    }
    std::ranges::reverse(undone.dropped);
    return undone;
}

} // namespace hawser::localstore

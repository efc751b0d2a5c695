#include "base/fields.h"
#include "engine/face.h"
#include "engine/merge_fold.h"
#include "engine/replica_implementation.h"
#include "engine/rules/validation.h"
#include "localstore/net_effect.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>
#include <utility>

namespace hawser {
namespace {

constexpr auto everything = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());

std::string_view what_it_is(localstore::DependencyReason reason)
{
    switch (reason) {
    case localstore::DependencyReason::same_record:
        return "is an earlier edit of the same record";
    case localstore::DependencyReason::refers_to_created:
        return "makes a record that this one refers to";
    case localstore::DependencyReason::removes_reference:
        return "takes away a reference to the record that this one deletes";
    }
    return "";
}

std::string_view what_waits(localstore::DependencyReason reason)
{
    switch (reason) {
    case localstore::DependencyReason::same_record:
        return "is a later edit of the same record";
    case localstore::DependencyReason::refers_to_created:
        return "refers to the record that this one makes";
    case localstore::DependencyReason::removes_reference:
        return "deletes a record that this one stops referring to";
    }
    return "";
}

std::vector<ColumnEdit> edits_between(const Fields& base, const Fields& after)
{
    std::vector<ColumnEdit> edits;
    for (const auto& [column, value] : after) edits.push_back({column, value_in(base, column), value});
    return edits;
}

/// Gathers what is known of one change.
class Explaining {
public:
    Explaining(const Replica::Impl& replica, localstore::Change change)
        : replica_(replica), store_(*replica.store), change_(std::move(change))
    {
    }

    Result<ChangeExplanation> explain()
    {
        found_.change = engine::face_of(change_);
        found_.change.record_name = replica_.name_of(change_.key);
        auto state = store_.state(change_.key);
        if (!state) return state.error();
        tell_base(*state);
        if (localstore::is_live(change_.state)) {
            if (const auto told = tell_effect(*state); !told) return told.error();
            if (const auto told = tell_dependencies(); !told) return told.error();
        }
        if (const auto told = tell_group(); !told) return told.error();
        if (const auto told = tell_attempts(); !told) return told.error();
        return std::move(found_);
    }

private:
    void tell_base(const localstore::RecordState& state)
    {
        const bool was_there =
            state.shadow ? state.shadow->remote != localstore::Remote::never : !state.etag.empty();
        if (was_there) found_.base = state.shadow ? state.shadow->fields : state.local.value_or(Fields{});
        if (was_there) found_.base_etag = state.etag;
        if (!state.conflict) return;
        found_.conflict = engine::face_of(*state.conflict);
        found_.conflict->record_name = found_.change.record_name;
    }

    Result<void> tell_effect(const localstore::RecordState& state)
    {
        if (change_.state == localstore::ChangeState::in_flight) return tell_sent();
        std::vector<localstore::Change> live = state.live;
        for (localstore::Change& other : live)
            // As if nothing held it, or what goes with it, back.
            if (other.sequence == change_.sequence ||
                (change_.group.value != 0 && other.group == change_.group))
                other.state = localstore::ChangeState::queued;
        for (const localstore::Run& run : localstore::runs(live, state.masked)) {
            if (std::ranges::find(run.changes, change_.sequence) == run.changes.end()) continue;
            return tell_run(run, live, state.shadow && state.shadow->remote == localstore::Remote::deleted);
        }
        return {};
    }

    Result<void> tell_run(const localstore::Run& run, std::span<const localstore::Change> live,
                          bool is_deleted_there)
    {
        NetEffect effect;
        for (const localstore::Sequence sequence : run.changes) effect.changes.push_back(sequence.value);
        effect.kind = run.kind == localstore::ChangeKind::create   ? ChangeKind::create
                      : run.kind == localstore::ChangeKind::remove ? ChangeKind::erase
                                                                   : ChangeKind::update;
        if (effect.kind == ChangeKind::update && run.after.empty()) return {};
        // The edit makes the record again.
        if (effect.kind == ChangeKind::update && is_deleted_there) effect.kind = ChangeKind::create;
        const auto last = std::ranges::find(live, run.changes.back(), &localstore::Change::sequence);
        const auto table = store_.table(change_.key.table);
        if (!table) return table.error();
        const localstore::Copy base = found_.base;
        // What is put together with what others wrote is sent as it then stands.
        const auto standing = localstore::fold(*engine::merge_fold(replica_.policies), (*table)->table, base,
                                               live.first(static_cast<std::size_t>(last - live.begin()) + 1));
        if (!standing) return standing.error();
        if (*standing)
            for (const auto& [column, ignored] : run.after)
                effect.edits.push_back(
                    {column, value_in(base.value_or(Fields{}), column), value_in(**standing, column)});
        found_.effect = std::move(effect);
        return {};
    }

    Result<void> tell_sent()
    {
        const auto intents = store_.open_intents();
        if (!intents) return intents.error();
        for (const localstore::Intent& intent : *intents) {
            if (!travels_in(intent)) continue;
            NetEffect effect;
            for (const localstore::Covered& covered : intent.changes) {
                const auto other = store_.change(covered.sequence);
                if (other && other->key == change_.key) effect.changes.push_back(covered.sequence.value);
            }
            for (const localstore::IntentStep& step : intent.steps) {
                if (step.key != change_.key) continue;
                if (step.kind == localstore::StepKind::create) effect.kind = ChangeKind::create;
                if (step.kind == localstore::StepKind::remove) effect.kind = ChangeKind::erase;
                std::ranges::move(edits_between(found_.base.value_or(Fields{}), step.sent),
                                  std::back_inserter(effect.edits));
            }
            found_.effect = std::move(effect);
        }
        return {};
    }

    bool travels_in(const localstore::Intent& intent) const
    {
        return std::ranges::find(intent.changes, change_.sequence, &localstore::Covered::sequence) !=
               intent.changes.end();
    }

    Result<void> tell_dependencies()
    {
        const auto edges = store_.dependencies_of(change_.sequence);
        if (!edges) return edges.error();
        for (const localstore::Dependency& edge : edges->waits_for)
            if (const auto told = add(found_.waits_for, edge.on, what_it_is(edge.reason)); !told) return told;
        for (const localstore::Dependency& edge : edges->waited_for_by)
            if (const auto told = add(found_.waited_for_by, edge.change, what_waits(edge.reason)); !told)
                return told;
        return {};
    }

    Result<void> add(std::vector<Dependency>& to, localstore::Sequence other, std::string_view why) const
    {
        const auto change = store_.change(other);
        if (!change) return change.error();
        to.push_back({other.value, change->key, replica_.name_of(change->key), engine::face_of(change->state),
                      std::string(why)});
        return {};
    }

    Result<void> tell_group()
    {
        if (change_.group.value == 0) return {};
        localstore::ChangeFilter members;
        members.group = change_.group;
        members.limit = everything;
        for (int state = 0; state <= static_cast<int>(localstore::ChangeState::discarded); ++state)
            members.states.push_back(static_cast<localstore::ChangeState>(state));
        const auto changes = store_.changes(members);
        if (!changes) return changes.error();
        for (const localstore::Change& member : *changes) found_.group.push_back(member.sequence.value);
        return {};
    }

    Result<void> tell_attempts()
    {
        const auto receipts = store_.receipts(change_.key, everything);
        if (!receipts) return receipts.error();
        for (const localstore::Receipt& receipt : *receipts) {
            if (std::ranges::find(receipt.changes, change_.sequence) == receipt.changes.end()) continue;
            found_.attempts.push_back({receipt.at, receipt.requests, std::string(to_text(receipt.outcome)),
                                       receipt.status, receipt.words});
        }
        std::ranges::stable_sort(found_.attempts, {}, &Attempt::at);
        const auto intents = store_.open_intents();
        if (!intents) return intents.error();
        for (const localstore::Intent& intent : *intents) {
            if (!travels_in(intent)) continue;
            Attempt open{intent.made_at, {}, "open", 0, {}};
            for (const localstore::Attempt& attempt : intent.attempts) {
                open.at = attempt.at;
                open.requests.push_back(attempt.client_request_id);
            }
            if (intent.unknown()) open.words = "no answer came that says what became of it";
            found_.attempts.push_back(std::move(open));
        }
        return {};
    }

    const Replica::Impl& replica_;
    const localstore::Store& store_;
    const localstore::Change change_;
    ChangeExplanation found_{};
};

} // namespace

Result<ChangeExplanation> Replica::explain(ChangeNumber change) const
{
    auto known = impl_->store->change(localstore::Sequence{change});
    if (!known) return known.error();
    return Explaining(*impl_, std::move(*known)).explain();
}

} // namespace hawser

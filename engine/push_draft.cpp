#include "engine/push_draft.h"

#include "conflict/merge.h"
#include "localstore/net_effect.h"
#include "transport/dataverse/metadata.h"
#include "transport/dataverse/write.h"

#include <algorithm>

namespace hawser::engine {

namespace {

using dataverse::Step;
using localstore::ChangeState;
using localstore::RecordState;
using localstore::Remote;
using localstore::StepKind;

using Names = std::set<std::string, std::less<>>;

/// What one record contributes to an intent.
struct Contribution {
    Draft::Part part;
    std::vector<Step> steps;
    Fields sent{};        ///< For the proof by equality; only of updates.
    Names left_out{};     ///< Columns that wait for a later step.
    bool counted = false; ///< A value was computed from the server's: equality proves nothing.
};

Names masked_of(const RecordState& state)
{
    Names masked;
    if (state.conflict)
        for (const localstore::ConflictColumn& column : state.conflict->columns) masked.insert(column.column);
    return masked;
}

bool refers_to(const Value& value, const std::set<RecordKey>& keys)
{
    if (const auto* lookup = std::get_if<Lookup>(&value)) return keys.contains({lookup->table, lookup->id});
    if (const auto* collection = std::get_if<Collection>(&value))
        return std::ranges::any_of(collection->elements, [&](const Element& element) {
            return std::ranges::any_of(
                keys, [&](const RecordKey& key) { return element.key == key.table + ":" + key.id.text(); });
        });
    return false;
}

/// Takes out what waits for records that are still to be created.
Names leave_for_later(Fields& fields, const std::set<RecordKey>& keys)
{
    Names left;
    if (keys.empty()) return left;
    std::erase_if(fields, [&](const auto& entry) {
        if (!refers_to(entry.second, keys)) return false;
        left.insert(entry.first);
        return true;
    });
    return left;
}

std::optional<Collection> parties_in(const Table& table, const Fields& fields)
{
    if (!dataverse::has_parties(table)) return std::nullopt;
    const auto found = fields.find(dataverse::parties_column);
    if (found != fields.end())
        if (const auto* collection = std::get_if<Collection>(&found->second)) return *collection;
    return Collection{};
}

bool counts(const conflict::Policy& policy, const Fields& changed)
{
    return std::ranges::any_of(changed, [&](const auto& entry) {
        const conflict::Rule rule = policy.rule_of(entry.first);
        return rule == conflict::Rule::add || rule == conflict::Rule::text;
    });
}

Result<Contribution> creation(Surroundings& around, Contribution contribution, const RecordState& state,
                              Fields fields, const std::set<RecordKey>& later)
{
    const Table& table = contribution.part.table->table();
    for (const std::string& name : masked_of(state)) fields.erase(name);
    contribution.left_out = leave_for_later(fields, later);
    contribution.part.kind = StepKind::create;
    auto steps = dataverse::create_steps(table, contribution.part.table->layout(), state.key.id, fields,
                                         around.entity_sets);
    if (!steps) return steps.error();
    contribution.steps = std::move(*steps);
    return contribution;
}

Result<Contribution> update(Surroundings& around, Contribution contribution, const RecordState& state,
                            const Fields& target, const std::set<RecordKey>& later)
{
    const TableWork& table = *contribution.part.table;
    const localstore::Shadow& shadow = *state.shadow;
    Fields changed = conflict::net_effect(shadow.fields, target, masked_of(state), table.rules->policy);
    contribution.left_out = leave_for_later(changed, later);
    if (changed.empty()) return contribution;
    contribution.part.kind = StepKind::update;
    contribution.part.parties = parties_in(table.table(), shadow.fields);
    contribution.counted = counts(table.rules->policy, changed);
    auto steps = dataverse::update_steps(table.table(), table.layout(), state.key.id, shadow.etag, changed,
                                         shadow.fields, around.entity_sets);
    if (!steps) return steps.error();
    contribution.steps = std::move(*steps);
    contribution.sent = std::move(changed);
    return contribution;
}

/// The steps that bring the server's record to what this unit's changes make of it; none when it is
/// there already.
Result<Contribution> contribute(Surroundings& around, localstore::Transaction& transaction,
                                const RecordState& state, const localstore::Run& run,
                                const std::set<RecordKey>& later)
{
    const auto table = around.table(state.key.table);
    if (!table) return table.error();
    Contribution contribution;
    contribution.part.key = state.key;
    contribution.part.table = *table;
    const Remote remote = state.shadow ? state.shadow->remote : Remote::never;
    if (run.kind == localstore::ChangeKind::remove) {
        if (remote != Remote::present) return contribution;
        contribution.part.kind = StepKind::remove;
        contribution.steps = {dataverse::delete_step((*table)->table(), state.key.id, state.shadow->etag)};
        return contribution;
    }
    auto folded = transaction.records.folded(state, run.changes.back());
    if (!folded) return folded.error();
    if (!*folded) return contribution;
    if (remote != Remote::present)
        return creation(around, std::move(contribution), state, std::move(**folded), later);
    return update(around, std::move(contribution), state, **folded, later);
}

Result<void> settle_unit(localstore::Transaction& transaction, const PushUnit& unit, Instant now)
{
    for (const localstore::Sequence sequence : unit.changes) {
        const Result<void> settled = transaction.queue.settle(sequence, {}, ChangeState::applied,
                                                              "the organization says the same already", now);
        if (!settled) return settled;
    }
    return {};
}

Result<Unsendable> park_unit(CycleWork& cycle, localstore::Transaction& transaction, const PushUnit& unit,
                             const std::string& why, Instant now)
{
    for (const localstore::Sequence sequence : unit.changes) {
        const Result<void> parked = transaction.queue.park(sequence, why, now);
        if (!parked) return parked.error();
    }
    ++cycle.figures.refused;
    const Result<void> decided =
        transaction.journal.decide(cycle.number, unit.records.front(), "refused", why, now);
    if (!decided) return decided.error();
    return Unsendable{why};
}

StepKind kind_of(const Step& step, StepKind part)
{
    switch (step.method) {
    case Step::Method::put:
        return StepKind::put_collection;
    case Step::Method::remove:
        return StepKind::remove;
    case Step::Method::post:
        return StepKind::action;
    case Step::Method::get:
        return StepKind::read_back;
    case Step::Method::patch:
        break;
    }
    return step.condition == Step::Condition::if_absent ? StepKind::create
           : part == StepKind::create                   ? StepKind::update
                                                        : part;
}

localstore::IntentStep stored(const Step& step, StepKind kind, const RecordKey& key)
{
    localstore::IntentStep row;
    row.kind = kind;
    row.key = key;
    row.method = dataverse::text(step.method);
    row.path = step.path;
    row.condition = dataverse::condition_text(step);
    row.body = step.body;
    return row;
}

/// Which columns of a change travel: none named when all that are neither settled nor masked do;
/// empty when none does.
std::optional<localstore::Covered> covered(localstore::Sequence sequence, const RecordState& state,
                                           const Names& left_out)
{
    localstore::Covered all{sequence, {}};
    const auto change = std::ranges::find(state.live, sequence, &localstore::Change::sequence);
    if (left_out.empty() || change == state.live.end()) return all;
    const Names masked = masked_of(state);
    localstore::Covered some{sequence, {}};
    bool partly = false;
    for (const auto& [name, value] : change->after) {
        const bool done = std::ranges::find(change->settled, name) != change->settled.end();
        if (left_out.contains(name))
            partly = true;
        else if (!done && !masked.contains(name))
            some.columns.push_back(name);
    }
    if (!partly) return all;
    if (some.columns.empty()) return std::nullopt;
    return some;
}

struct Assembly {
    localstore::NewIntent intent;
    Draft draft;
    bool needs_receipt = false;
};

Result<void> add_record(Surroundings& around, localstore::Transaction& transaction, const PushUnit& unit,
                        const RecordKey& key, Assembly& assembly)
{
    const auto state = transaction.records.state(key);
    if (!state) return state.error();
    const std::vector<localstore::Run> runs = localstore::runs(state->live, state->conflict);
    if (runs.empty()) return {};
    auto contribution = contribute(around, transaction, *state, runs.front(), unit.later_references);
    if (!contribution) return contribution.error();
    for (const localstore::Sequence sequence : runs.front().changes) {
        if (std::ranges::find(unit.changes, sequence) == unit.changes.end()) continue;
        auto part = covered(sequence, *state, contribution->left_out);
        if (part) assembly.intent.changes.push_back(std::move(*part));
    }
    for (const Step& step : contribution->steps) {
        contribution->part.steps.push_back(assembly.draft.item.steps.size());
        localstore::IntentStep row = stored(step, kind_of(step, contribution->part.kind), key);
        if (contribution->part.steps.size() == 1) row.sent = contribution->sent;
        assembly.intent.steps.push_back(std::move(row));
        assembly.draft.item.steps.push_back(step);
    }
    assembly.needs_receipt = assembly.needs_receipt || contribution->counted;
    if (!contribution->steps.empty()) assembly.draft.parts.push_back(std::move(contribution->part));
    return {};
}

/// The receipt row goes first in the change set, so that a repeat of the set fails whole.
void add_receipt(Assembly& assembly)
{
    const Step receipt = dataverse::receipt_step(assembly.intent.id, "hawser receipt");
    assembly.intent.steps.insert(assembly.intent.steps.begin(),
                                 stored(receipt, StepKind::receipt, {"annotation", assembly.intent.id}));
    assembly.draft.item.steps.insert(assembly.draft.item.steps.begin(), receipt);
    assembly.draft.receipt = true;
    for (Draft::Part& part : assembly.draft.parts)
        for (std::size_t& step : part.steps) ++step;
}

} // namespace

Result<Drafted> draft(Surroundings& around, CycleWork& cycle, localstore::Transaction& transaction,
                      const PushUnit& unit, const Guid& client_request_id)
{
    const Instant now = around.now();
    Assembly assembly;
    assembly.intent.id = Guid::make(around.random);
    assembly.intent.cycle = cycle.number;
    assembly.intent.made_at = now;
    assembly.draft.intent = assembly.intent.id;
    assembly.draft.unit = unit;
    for (const RecordKey& key : unit.records) {
        const Result<void> added = add_record(around, transaction, unit, key, assembly);
        if (added) continue;
        if (added.error().kind != ErrorKind::park) return added.error();
        auto parked = park_unit(cycle, transaction, unit, added.error().message, now);
        if (!parked) return parked.error();
        return Drafted{std::move(*parked)};
    }
    if (assembly.draft.item.steps.empty()) {
        const Result<void> settled = settle_unit(transaction, unit, now);
        if (!settled) return settled.error();
        return Drafted{NothingToSend{}};
    }
    if (assembly.needs_receipt) add_receipt(assembly);
    if (assembly.intent.steps.size() > 1) assembly.intent.atomicity = localstore::Atomicity::one_change_set;
    Result<void> opened = transaction.intents.open(assembly.intent);
    if (!opened) return opened.error();
    const auto attempt = transaction.intents.begin_attempt(assembly.intent.id, client_request_id, now);
    if (!attempt) return attempt.error();
    return Drafted{std::move(assembly.draft)};
}

dataverse::BatchItem frozen_item(const localstore::Intent& intent)
{
    dataverse::BatchItem item;
    for (const localstore::IntentStep& row : intent.steps) {
        Step step;
        step.method = dataverse::method_from(row.method).value_or(Step::Method::get);
        step.path = row.path;
        dataverse::set_condition(step, row.condition);
        step.body = row.body;
        const bool selects = row.path.find("?$select=") != std::string::npos;
        if (step.method == Step::Method::patch && selects) step.wants = Step::Wants::representation;
        item.steps.push_back(std::move(step));
    }
    return item;
}

Result<Draft> draft_of(Surroundings& around, const localstore::Intent& intent)
{
    Draft draft;
    draft.intent = intent.id;
    draft.item = frozen_item(intent);
    for (const localstore::Covered& change : intent.changes) draft.unit.changes.push_back(change.sequence);
    for (std::size_t i = 0; i < intent.steps.size(); ++i) {
        const localstore::IntentStep& step = intent.steps[i];
        if (step.kind == StepKind::receipt) {
            draft.receipt = true;
            continue;
        }
        auto part = std::ranges::find(draft.parts, step.key, &Draft::Part::key);
        if (part == draft.parts.end()) {
            const auto table = around.table(step.key.table);
            if (!table) return table.error();
            draft.parts.push_back({step.key, *table, step.kind, {}, {}});
            draft.unit.records.push_back(step.key);
            part = draft.parts.end() - 1;
            const auto state = around.store.state(step.key);
            if (!state) return state.error();
            if (state->shadow) part->parties = parties_in((*table)->table(), state->shadow->fields);
        }
        part->steps.push_back(i);
    }
    return draft;
}

} // namespace hawser::engine

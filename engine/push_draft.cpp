#include "engine/push_draft.h"

#include "conflict/merge.h"
#include "engine/emptied.h"
#include "engine/write_order.h"
#include "localstore/error_codes.h"
#include "localstore/net_effect.h"
#include "transport/dataverse/metadata.h"
#include "transport/dataverse/write.h"

#include <algorithm>
#include <iterator>

namespace hawser::engine {

namespace {

using dataverse::Step;
using localstore::ChangeState;
using localstore::RecordState;
using localstore::Remote;
using localstore::StepKind;

using Names = localstore::ColumnSet;

/// What one record contributes to an intent.
struct Contribution {
    Draft::Part part;
    std::vector<Step> steps;
    Fields sent{};        ///< For the proof by equality.
    Names left_out{};     ///< Columns that wait for a later intent.
    Names lost{};         ///< References of what is made again to what is not there.
    Fields postponed{};   ///< What a second step of the same change set brings.
    bool counted = false; ///< A value was computed from the server's: equality proves nothing.
};

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

/// Takes out what refers to records that are still to be created.
Fields take_references(Fields& fields, const std::set<RecordKey>& keys)
{
    Fields taken;
    if (keys.empty()) return taken;
    std::erase_if(fields, [&](const auto& entry) {
        if (!refers_to(entry.second, keys)) return false;
        taken.insert(entry);
        return true;
    });
    return taken;
}

Names names_of(const Fields& fields)
{
    Names names;
    for (const auto& [name, value] : fields) names.insert(name);
    return names;
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

bool is_edited(const RecordState& state, const std::string& column)
{
    return std::ranges::any_of(
        state.live, [&](const localstore::Change& change) { return localstore::claims(change, column); });
}

Result<Contribution> creation(Surroundings& around, Contribution contribution, const RecordState& state,
                              Fields fields, const PushUnit& unit)
{
    const Table& table = contribution.part.table->table();
    for (const std::string& name : state.masked) fields.erase(name);
    contribution.left_out = names_of(take_references(fields, unit.later_references));
    if (state.shadow && state.shadow->remote == Remote::deleted)
        std::ranges::copy_if(contribution.left_out, std::inserter(contribution.lost, contribution.lost.end()),
                             [&](const std::string& name) { return !is_edited(state, name); });
    if (const auto circle = unit.second_step.find(state.key); circle != unit.second_step.end())
        contribution.postponed = take_references(fields, circle->second);
    contribution.part.kind = StepKind::create;
    auto steps = dataverse::create_steps(table, contribution.part.table->layout(), state.key.id, fields,
                                         around.entity_sets);
    if (!steps) return steps.error();
    contribution.steps = std::move(*steps);
    contribution.sent = dataverse::creatable(table, fields);
    return contribution;
}

Result<Contribution> update(Surroundings& around, Contribution contribution, const RecordState& state,
                            const Fields& target, const PushUnit& unit)
{
    const TableWork& table = *contribution.part.table;
    const localstore::Shadow& shadow = *state.shadow;
    Fields changed = conflict::net_effect(shadow.fields, target, state.masked, table.rules->policy);
    contribution.left_out = names_of(take_references(changed, unit.later_references));
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

/// Takes the references of a record that is made again to what was deleted there as well out of its body, but for
/// those that somebody edited, and to what is made again with it.
Result<Names> take_dead_references(localstore::Transaction& transaction, const RecordState& state,
                                   Fields& body, const PushUnit& unit)
{
    Names taken;
    for (const auto& [column, value] : body) {
        const auto* lookup = std::get_if<Lookup>(&value);
        if (lookup == nullptr || is_edited(state, column)) continue;
        const RecordKey target{lookup->table, lookup->id};
        if (target == state.key || std::ranges::find(unit.records, target) != unit.records.end()) continue;
        const auto found = transaction.records.state(target);
        if (!found && found.error().code == localstore::code::unknown_table) continue;
        if (!found) return found.error();
        if (is_deleted_there(*found)) taken.insert(column);
    }
    for (const std::string& column : taken) body.erase(column);
    return taken;
}

/// The steps that bring the server's record to what this unit's changes make of it; none when it is
/// there already.
Result<Contribution> contribute(Surroundings& around, localstore::Transaction& transaction,
                                const RecordState& state, const localstore::Run& run, const PushUnit& unit)
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
        auto step = dataverse::delete_step((*table)->table(), state.key.id, state.shadow->etag);
        if (!step) return step.error();
        contribution.steps = {std::move(*step)};
        return contribution;
    }
    auto folded = transaction.records.folded(state, run.changes.back());
    if (!folded) return folded.error();
    if (!*folded) return contribution;
    if (remote == Remote::deleted) {
        auto lost = take_dead_references(transaction, state, **folded, unit);
        if (!lost) return lost.error();
        contribution.lost = std::move(*lost);
    }
    if (remote != Remote::present)
        return creation(around, std::move(contribution), state, std::move(**folded), unit);
    return update(around, std::move(contribution), state, **folded, unit);
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

/// Which columns of a change travel; nothing when none does.
std::optional<localstore::Covered> covered(const localstore::Change& change, const Names& masked,
                                           const Names& left_out)
{
    localstore::Covered some{change.sequence, {}};
    if (change.kind == localstore::ChangeKind::remove || change.after.empty()) return some;
    some.columns = localstore::free_columns(change, masked);
    std::erase_if(some.columns, [&](const std::string& name) { return left_out.contains(name); });
    if (some.columns.empty()) return std::nullopt;
    return some;
}

/// What the unit says of one record, as the queue has it now.
struct Portion {
    RecordState state;
    localstore::Run run;
};

/// Nothing of what the unit covers differs from what the organization holds.
Result<Drafted> settle_unit(CycleWork& cycle, localstore::Transaction& transaction,
                            const std::vector<Portion>& portions,
                            const std::vector<localstore::Covered>& covered, Instant now)
{
    // Every column waits for something else: that is not yet the same.
    if (covered.empty()) return Drafted{Outdated{}};
    const auto shown_by = [&](localstore::Sequence change) {
        for (const Portion& portion : portions)
            if (std::ranges::find(portion.run.changes, change) != portion.run.changes.end())
                return portion.state.shadow->etag;
        return std::string();
    };
    for (const localstore::Covered& one : covered) {
        const std::string etag = shown_by(one.sequence);
        const Result<void> settled = transaction.queue.settle(
            one.sequence, one.columns,
            {ChangeState::applied, "the organization says the same already", now, etag, cycle.number});
        if (!settled) return settled.error();
    }
    return Drafted{NothingToSend{}};
}

/// The unit's changes of the record; nothing when they are not what may go next.
Result<std::optional<Portion>> portion_of(localstore::Transaction& transaction, const PushUnit& unit,
                                          const RecordKey& key, std::size_t& still_queued)
{
    auto state = transaction.records.state(key);
    if (!state) return state.error();
    std::optional<Portion> nothing;
    if (state->open_intent) return nothing;
    const auto in_unit = [&](localstore::Sequence sequence) {
        return std::ranges::binary_search(unit.changes, sequence);
    };
    std::size_t upto = 0;
    std::size_t here = 0;
    for (std::size_t i = 0; i < state->live.size(); ++i) {
        const localstore::Change& change = state->live[i];
        if (!in_unit(change.sequence) || change.state != ChangeState::queued) continue;
        upto = i + 1;
        ++here;
    }
    auto runs = localstore::runs(std::span(state->live).first(upto), state->masked);
    if (runs.empty() || !std::ranges::all_of(runs.front().changes, in_unit)) return nothing;
    if (unit.group.value != 0) {
        const bool asked = std::ranges::any_of(state->live, [&](const localstore::Change& change) {
            return in_unit(change.sequence) && localstore::is_masked(change, state->masked);
        });
        if (asked || runs.front().changes.size() != here) return nothing;
    }
    still_queued += here;
    return std::optional<Portion>{{std::move(*state), std::move(runs.front())}};
}

struct Assembly {
    localstore::NewIntent intent;
    Draft draft;
    std::vector<std::pair<std::size_t, Fields>> postponed{}; ///< By part.
    bool needs_receipt = false;
};

void add_steps(Assembly& assembly, Contribution& contribution)
{
    for (const Step& step : contribution.steps) {
        contribution.part.steps.push_back(assembly.draft.item.steps.size());
        localstore::IntentStep row =
            stored(step, kind_of(step, contribution.part.kind), contribution.part.key);
        if (contribution.part.steps.size() == 1) row.sent = contribution.sent;
        assembly.intent.steps.push_back(std::move(row));
        assembly.draft.item.steps.push_back(step);
    }
    assembly.needs_receipt = assembly.needs_receipt || contribution.counted;
    if (contribution.steps.empty()) return;
    if (!contribution.postponed.empty())
        assembly.postponed.emplace_back(assembly.draft.parts.size(), std::move(contribution.postponed));
    assembly.draft.parts.push_back(std::move(contribution.part));
}

/// The references that close a circle, once all records of the change set are made: each behind the
/// conditional creation of its own record.
Result<void> add_postponed(Surroundings& around, Assembly& assembly)
{
    for (const auto& [index, fields] : assembly.postponed) {
        Draft::Part& part = assembly.draft.parts[index];
        auto steps = dataverse::steps_after_creation(part.table->table(), part.table->layout(), part.key.id,
                                                     fields, around.entity_sets);
        if (!steps) return steps.error();
        for (const Step& step : *steps) {
            part.steps.push_back(assembly.draft.item.steps.size());
            assembly.intent.steps.push_back(stored(step, kind_of(step, part.kind), part.key));
            assembly.draft.item.steps.push_back(step);
        }
    }
    return {};
}

Result<void> tell_lost(CycleWork& cycle, localstore::Transaction& transaction, const Draft::Part& part,
                       const RecordState& state, const Names& lost, Instant now)
{
    if (lost.empty()) return {};
    std::string columns;
    for (const std::string& column : lost) columns += (columns.empty() ? "" : ", ") + column;
    return transaction.journal.decide(
        cycle.number, state.key, "reconcile.without_reference",
        name_of(part.table->table(), state.key, state.local ? &*state.local : nullptr) +
            " is created again without " + columns + ", which refers to what was deleted as well.",
        now);
}

Result<void> add_record(Surroundings& around, CycleWork& cycle, localstore::Transaction& transaction,
                        const PushUnit& unit, const Portion& portion, Assembly& assembly)
{
    auto contribution = contribute(around, transaction, portion.state, portion.run, unit);
    if (!contribution) return contribution.error();
    contribution->part.contested = portion.state.conflict.has_value();
    const Result<void> told = tell_lost(cycle, transaction, contribution->part, portion.state,
                                        contribution->lost, assembly.intent.made_at);
    if (!told) return told;
    const std::size_t covered_before = assembly.intent.changes.size();
    for (const localstore::Change& change : portion.state.live) {
        if (std::ranges::find(portion.run.changes, change.sequence) == portion.run.changes.end()) continue;
        auto part = covered(change, portion.state.masked, contribution->left_out);
        if (part) assembly.intent.changes.push_back(std::move(*part));
    }
    // In a circle a record may be made without all that is said of it here.
    const bool unsaid = assembly.intent.changes.size() == covered_before && !contribution->steps.empty();
    if (unsaid && contribution->part.kind == StepKind::create)
        assembly.intent.changes.push_back({portion.run.changes.front(), {}, true});
    add_steps(assembly, *contribution);
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

Assembly assembly_for(Surroundings& around, const CycleWork& cycle, const PushUnit& unit, Instant now)
{
    Assembly assembly;
    assembly.intent.id = Guid::make(around.random);
    assembly.intent.cycle = cycle.number;
    assembly.intent.made_at = now;
    assembly.draft.intent = assembly.intent.id;
    assembly.draft.unit = unit;
    return assembly;
}

/// Every record's portion; none when a change of the unit may not go any more.
Result<std::vector<Portion>> portions_of(localstore::Transaction& transaction, const PushUnit& unit)
{
    std::vector<Portion> portions;
    std::size_t still_queued = 0;
    for (const RecordKey& key : unit.records) {
        auto portion = portion_of(transaction, unit, key, still_queued);
        if (!portion) return portion.error();
        if (!*portion) return std::vector<Portion>{};
        portions.push_back(std::move(**portion));
    }
    if (still_queued != unit.changes.size()) portions.clear();
    return portions;
}

/// Which of `created` the portion's own columns refer to.
Result<std::set<RecordKey>> referred_to(localstore::Transaction& transaction, const Portion& portion,
                                        const std::set<RecordKey>& created)
{
    auto folded = transaction.records.folded(portion.state, portion.run.changes.back());
    if (!folded) return folded.error();
    std::set<RecordKey> found;
    if (!*folded) return found;
    const auto travels = [&](const std::string& column) {
        return created.contains(portion.state.key) ||
               std::ranges::any_of(portion.run.changes, [&](localstore::Sequence sequence) {
                   const auto change =
                       std::ranges::find(portion.state.live, sequence, &localstore::Change::sequence);
                   return change != portion.state.live.end() && change->after.contains(column);
               });
    };
    for (const auto& [column, value] : **folded)
        for (const RecordKey& key : created)
            if (key != portion.state.key && refers_to(value, {key}) && travels(column)) found.insert(key);
    return found;
}

/// A record that is created again is a new one for what refers to it, of which the queue knows no order.
Result<void> order_revivals(localstore::Transaction& transaction, PushUnit& unit,
                            std::vector<Portion>& portions)
{
    std::set<RecordKey> created;
    std::set<RecordKey> kept;
    bool revives = false;
    for (const Portion& portion : portions) {
        if (portion.run.kind == localstore::ChangeKind::remove) continue;
        kept.insert(portion.state.key);
        const Remote remote = portion.state.shadow ? portion.state.shadow->remote : Remote::never;
        if (remote != Remote::present) created.insert(portion.state.key);
        revives = revives || remote == Remote::deleted;
    }
    if (!revives || portions.size() < 2) return {};
    std::map<RecordKey, std::set<RecordKey>> earlier;
    for (const Portion& portion : portions) {
        const RecordKey& key = portion.state.key;
        // What stops referring goes before what is deleted.
        if (!kept.contains(key)) {
            earlier[key] = kept;
            continue;
        }
        auto referred = referred_to(transaction, portion, created);
        if (!referred) return referred.error();
        earlier[key] = std::move(*referred);
    }
    WriteOrder order = order_writes(unit.records, std::move(earlier),
                                    [&](const RecordKey& key) { return created.contains(key); });
    unit.records = std::move(order.records);
    unit.second_step = std::move(order.second_step);
    const auto place = [&](const Portion& portion) {
        return std::ranges::find(unit.records, portion.state.key) - unit.records.begin();
    };
    std::ranges::sort(portions, {}, place);
    return {};
}

Result<void> add_records(Surroundings& around, CycleWork& cycle, localstore::Transaction& transaction,
                         const PushUnit& unit, const std::vector<Portion>& portions, Assembly& assembly)
{
    for (const Portion& portion : portions) {
        const Result<void> added = add_record(around, cycle, transaction, unit, portion, assembly);
        if (!added) return added;
    }
    return add_postponed(around, assembly);
}

} // namespace

Result<Drafted> draft(Surroundings& around, CycleWork& cycle, localstore::Transaction& transaction,
                      const PushUnit& planned, const Guid& client_request_id, std::size_t room)
{
    const Instant now = around.now();
    const auto damaged = transaction.queue.hold_damaged(planned.changes);
    if (!damaged) return damaged.error();
    if (*damaged) return Drafted{Outdated{}};
    auto portions = portions_of(transaction, planned);
    if (!portions) return portions.error();
    if (portions->empty()) return Drafted{Outdated{}};
    PushUnit unit = planned;
    if (auto ordered = order_revivals(transaction, unit, *portions); !ordered) return ordered.error();
    Assembly assembly = assembly_for(around, cycle, unit, now);
    Result<void> made = add_records(around, cycle, transaction, unit, *portions, assembly);
    if (made && assembly.draft.item.steps.empty())
        return settle_unit(cycle, transaction, *portions, assembly.intent.changes, now);
    if (made) {
        if (assembly.needs_receipt) add_receipt(assembly);
        // Also where only one of several records needs a step: the others' changes end with it.
        if (assembly.intent.steps.size() > 1 || portions->size() > 1)
            assembly.intent.atomicity = localstore::Atomicity::one_change_set;
        if (assembly.intent.steps.size() > room && assembly.intent.steps.size() <= localstore::most_steps)
            return Drafted{NoRoom{}};
        assembly.draft.unit.changes.clear();
        for (const localstore::Covered& change : assembly.intent.changes)
            assembly.draft.unit.changes.push_back(change.sequence);
        made = transaction.intents.open(assembly.intent);
    }
    if (!made && (made.error().kind == ErrorKind::park || made.error().kind == ErrorKind::refuse)) {
        auto parked = park_unit(cycle, transaction, unit, made.error().message, now);
        if (!parked) return parked.error();
        return Drafted{std::move(*parked)};
    }
    if (!made) return made.error();
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
            part->contested = state->conflict.has_value();
        }
        part->steps.push_back(i);
    }
    return draft;
}

} // namespace hawser::engine

#include "conflict/reconcile.h"

#include <algorithm>
#include <utility>

namespace hawser::conflict {
namespace {

const Value& value_of(const Fields& fields, std::string_view column)
{
    static const Value absent = Null{};
    const auto found = fields.find(column);
    return found == fields.end() ? absent : found->second;
}

std::string listed(const std::vector<std::string>& columns)
{
    constexpr std::size_t most_named = 8;
    std::string text;
    for (std::size_t i = 0; i < columns.size() && i < most_named; ++i)
        text += (i == 0 ? "" : ", ") + columns[i];
    if (columns.size() > most_named) text += " and " + std::to_string(columns.size() - most_named) + " more";
    return text;
}

/// Whether an equal etag proves that the server's copy is the base: the base is that version's own
/// body, and nothing in it can change without the version (a party list can).
bool is_same_version(const Situation& situation, const Fields& remote)
{
    if (situation.base_body != BaseBody::stored || situation.base->etag.empty() ||
        situation.base->etag != situation.remote->etag)
        return false;
    const Fields& base = situation.base->fields;
    return std::all_of(remote.begin(), remote.end(),
                       [&](const auto& member) {
                           const Value& before = value_of(base, member.first);
                           const bool outlives_version =
                               std::holds_alternative<Collection>(member.second) || is_null(before);
                           return !outlives_version || before == member.second;
                       }) &&
           std::all_of(base.begin(), base.end(), [&](const auto& member) {
               return !std::holds_alternative<Collection>(member.second) ||
                      value_of(remote, member.first) == member.second;
           });
}

class Reconciler {
public:
    Reconciler(const Situation& situation, const Policy& policy, const Validator& validator)
        : situation_(situation), policy_(policy), validator_(validator)
    {
        name_ = situation.name.empty() ? "the record" : situation.name;
        if (situation.local) local_ = without_nulls(*situation.local);
        if (situation.base) base_ = without_nulls(situation.base->fields);
        if (situation.remote) read_remote(*situation.remote);
    }

    Plan run();

private:
    void read_remote(const Copy& remote);
    Plan nothing_newer();
    Plan out_of_reach();
    Plan deleted_there();
    Plan present_there();
    Plan deleted_here();
    Plan both_there();
    Plan after_merge(Merge merge);

    Merge merge_sides() const;
    Outcome outcome_of(const Merge& merge) const;
    void explain(Plan& plan, const Merge& merge) const;
    bool local_changed() const { return !situation_.base || !same_record(*local_, base_, policy_); }
    bool remote_changed() const { return !situation_.base || !same_record(remote_, base_, policy_); }
    void end_conflicts(Plan& plan) const;
    Plan decided(Outcome outcome, std::string_view rule, std::string sentence) const;

    const Situation& situation_;
    const Policy& policy_;
    const Validator& validator_;
    std::string name_;
    Fields base_;
    std::optional<Fields> local_;
    Fields remote_;
};

void Reconciler::read_remote(const Copy& remote)
{
    remote_ = without_nulls(remote.fields);
    const Fields& last_known = situation_.base || !local_ ? base_ : *local_;
    for (const std::string& column : situation_.not_read) {
        remote_.erase(column);
        if (const Value& known = value_of(last_known, column); !is_null(known))
            remote_.emplace(column, known);
    }
    if (situation_.base && is_same_version(situation_, remote_)) remote_ = base_;
}

Plan Reconciler::run()
{
    switch (situation_.presence) {
    case Presence::out_of_reach:
        return out_of_reach();
    case Presence::deleted:
        return deleted_there();
    case Presence::present:
        break;
    }
    return situation_.remote ? present_there() : nothing_newer();
}

Plan Reconciler::decided(Outcome outcome, std::string_view rule, std::string sentence) const
{
    Plan plan;
    plan.outcome = outcome;
    plan.decisions.push_back({std::string(rule), std::move(sentence)});
    return plan;
}

void Reconciler::end_conflicts(Plan& plan) const
{
    for (const Contested& open : situation_.open_conflicts) plan.agreed.push_back(open.column);
    std::sort(plan.agreed.begin(), plan.agreed.end());
}

Plan Reconciler::nothing_newer()
{
    if (!situation_.base) {
        if (!local_) return Plan{};
        Plan plan =
            decided(Outcome::keep_local, "reconcile.create", name_ + " is new here and waits to be created.");
        plan.local = local_;
        plan.send = Send::create;
        plan.changes = *local_;
        return plan;
    }
    Situation same = situation_;
    same.remote = situation_.base;
    return reconcile(same, policy_, validator_);
}

Plan Reconciler::out_of_reach()
{
    const bool waits =
        !situation_.open_conflicts.empty() || (local_ ? local_changed() : bool(situation_.base));
    Plan plan = decided(Outcome::unlinked, "reconcile.out_of_reach",
                        name_ + " left this replica's scope, or may no longer be read. Nothing was deleted " +
                            (waits ? "in the organization; your changes of it wait."
                                   : "in the organization, and nothing of yours was at stake."));
    plan.local = local_;
    plan.shadow = situation_.base;
    plan.contested = situation_.open_conflicts;
    return plan;
}

Plan Reconciler::deleted_there()
{
    if (!local_) {
        Plan plan;
        if (situation_.base)
            plan = decided(Outcome::echo, "reconcile.both_deleted", name_ + " was deleted on both sides.");
        end_conflicts(plan);
        return plan;
    }
    if (!situation_.base) return nothing_newer();
    if (!local_changed()) {
        Plan plan = decided(Outcome::deleted_remotely, "reconcile.deleted",
                            name_ + " was deleted in the organization; nothing of yours was at stake.");
        end_conflicts(plan);
        return plan;
    }
    if (situation_.revival == Revival::look_up_first) {
        Plan plan =
            decided(Outcome::unlinked, "reconcile.look_up_first",
                    name_ + " is no longer there under its id. A series gets a new id when its pattern "
                            "changes, so it is looked up before anything is created; your changes wait.");
        plan.local = local_;
        plan.shadow = situation_.base;
        plan.contested = situation_.open_conflicts;
        return plan;
    }
    Plan plan =
        decided(Outcome::revived, "reconcile.edit_beats_deletion",
                name_ + " was deleted in the organization after you changed it here. Your edit wins: it is "
                        "created again. Delete it here if the deletion was right.");
    plan.local = local_;
    plan.send = Send::create;
    plan.changes = *local_;
    end_conflicts(plan);
    return plan;
}

Plan Reconciler::present_there()
{
    if (local_) return both_there();
    const bool was_deleted = situation_.base || situation_.local_absence == LocalAbsence::deleted_here;
    if (was_deleted) return deleted_here();
    Plan plan;
    plan.outcome = Outcome::take_remote;
    plan.local = remote_;
    return plan;
}

Plan Reconciler::deleted_here()
{
    if (situation_.base && !remote_changed()) {
        Plan plan = decided(Outcome::keep_local, "reconcile.delete",
                            name_ + " was deleted here and waits to be deleted there.");
        plan.shadow = Copy{remote_, situation_.remote->etag};
        plan.send = Send::remove;
        plan.condition = situation_.remote->etag;
        end_conflicts(plan);
        return plan;
    }
    Plan plan =
        decided(Outcome::revived, "reconcile.edit_beats_deletion",
                name_ + " was deleted here, but changed in the organization since. Their edit wins: it is "
                        "back. Delete it again if it should go.");
    plan.local = remote_;
    end_conflicts(plan);
    return plan;
}

Merge Reconciler::merge_sides() const
{
    Reserved reserved;
    for (const std::string& column : situation_.at_odds) reserved.emplace(column, std::string(both_changed));
    for (const Contested& open : situation_.open_conflicts)
        reserved.insert_or_assign(open.column, open.reason);
    for (const std::string& column : situation_.indeterminate)
        reserved.insert_or_assign(column, std::string(may_be_applied));
    Merge result = merge(base_, *local_, remote_, policy_, reserved);
    for (const Contested& open : situation_.open_conflicts)
        for (Contested& contested : result.contested)
            if (contested.column == open.column) contested.base = open.base;
    const bool is_mixed =
        !result.from_both.empty() || (!result.from_mine.empty() && !result.from_theirs.empty());
    if (validator_ && is_mixed)
        result = validated(std::move(result), base_, *local_, remote_, policy_, validator_);
    return result;
}

Outcome Reconciler::outcome_of(const Merge& merge) const
{
    if (!merge.contested.empty()) return Outcome::contested;
    if (same_record(*local_, remote_, policy_) && same_record(merge.merged, remote_, policy_))
        return Outcome::echo;
    if (!local_changed()) return Outcome::take_remote;
    if (!remote_changed()) return Outcome::keep_local;
    return Outcome::merged;
}

Plan Reconciler::both_there()
{
    if (!situation_.base) {
        // The first copy of a record made here: the server adds columns of its own to it.
        const bool holds_ours = std::all_of(local_->begin(), local_->end(), [&](const auto& member) {
            return policy_.rule_of(member.first) == Rule::volatile_column ||
                   value_of(remote_, member.first) == member.second;
        });
        if (holds_ours) {
            Plan plan = decided(Outcome::echo, "reconcile.created", name_ + " is there as it was made here.");
            plan.local = remote_;
            end_conflicts(plan);
            return plan;
        }
    }
    return after_merge(merge_sides());
}

Plan Reconciler::after_merge(Merge merge)
{
    Plan plan;
    plan.outcome = outcome_of(merge);
    Names masked = situation_.not_read;
    for (const Contested& contested : merge.contested) masked.insert(contested.column);
    plan.changes = net_effect(remote_, merge.merged, masked, policy_);
    if (!plan.changes.empty()) {
        plan.send = Send::update;
        plan.condition = situation_.remote->etag;
    }
    if (!plan.changes.empty() || !merge.contested.empty())
        plan.shadow = Copy{remote_, situation_.remote->etag};
    for (const Contested& open : situation_.open_conflicts)
        if (!masked.contains(open.column)) plan.agreed.push_back(open.column);
    std::sort(plan.agreed.begin(), plan.agreed.end());
    explain(plan, merge);
    plan.local = std::move(merge.merged);
    plan.contested = std::move(merge.contested);
    return plan;
}

void Reconciler::explain(Plan& plan, const Merge& merge) const
{
    const auto add = [&](std::string_view rule, std::string sentence) {
        plan.decisions.push_back({std::string(rule), std::move(sentence)});
    };
    std::vector<std::string> waiting;
    for (const Contested& contested : merge.contested) waiting.push_back(contested.column);
    // Nobody wrote the server's bookkeeping, so no sentence speaks of it.
    const auto written = [&](std::vector<std::string> columns) {
        std::erase_if(columns, [&](const std::string& column) {
            return policy_.rule_of(column) == Rule::volatile_column;
        });
        return columns;
    };
    const std::vector<std::string> mine = written(merge.from_mine);
    const std::vector<std::string> theirs = written(merge.from_theirs);
    const std::vector<std::string> both = written(merge.from_both);
    switch (plan.outcome) {
    case Outcome::echo:
        if (local_changed())
            add("reconcile.echo", name_ + " is the same on both sides; your changes are settled.");
        break;
    case Outcome::keep_local:
        add("reconcile.keep_local", "Only you changed " + name_ + ": " + listed(mine) + ".");
        break;
    case Outcome::merged:
    case Outcome::contested: {
        std::string sentence = plan.outcome == Outcome::merged ? "Merged " : "Partly merged ";
        sentence += name_ + ".";
        if (!mine.empty()) sentence += " Yours: " + listed(mine) + ".";
        if (!theirs.empty()) sentence += " The organization's: " + listed(theirs) + ".";
        if (!both.empty()) sentence += " Changed by both: " + listed(both) + ".";
        if (!waiting.empty()) sentence += " Waiting for you: " + listed(waiting) + ".";
        add(plan.outcome == Outcome::merged ? "reconcile.merge" : "reconcile.contest", std::move(sentence));
        break;
    }
    default:
        break;
    }
    plan.decisions.insert(plan.decisions.end(), merge.decisions.begin(), merge.decisions.end());
}

} // namespace

std::string_view outcome_name(Outcome outcome)
{
    switch (outcome) {
    case Outcome::echo:
        return "echo";
    case Outcome::take_remote:
        return "take_remote";
    case Outcome::keep_local:
        return "keep_local";
    case Outcome::merged:
        return "merged";
    case Outcome::contested:
        return "contested";
    case Outcome::revived:
        return "revived";
    case Outcome::deleted_remotely:
        return "deleted_remotely";
    case Outcome::unlinked:
        return "unlinked";
    }
    return "";
}

Plan reconcile(const Situation& situation, const Policy& policy, const Validator& validator)
{
    return Reconciler(situation, policy, validator).run();
}

} // namespace hawser::conflict

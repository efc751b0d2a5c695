#include "small_scope.h"

#include <algorithm>

namespace hawser::conflict::small_scope {
namespace {

void demand(bool holds, const char* law)
{
    if (!holds) throw Broken{law};
}

Value in(const Fields& fields, const std::string& column)
{
    const auto found = fields.find(column);
    return found == fields.end() ? Value{Null{}} : found->second;
}

Fields fields_of(const std::optional<Copy>& copy)
{
    return copy ? without_nulls(copy->fields) : Fields{};
}

std::set<std::string> columns_of(const Situation& given)
{
    std::set<std::string> names;
    for (const Fields& fields :
         {fields_of(given.base), given.local.value_or(Fields{}), fields_of(given.remote)})
        for (const auto& [column, value] : fields) names.insert(column);
    return names;
}

bool is_contested(const Plan& plan, const std::string& column)
{
    return std::any_of(plan.contested.begin(), plan.contested.end(),
                       [&](const Contested& one) { return one.column == column; });
}

/// The table of conflict/reconcile.h.
Outcome in_the_table(const Situation& given)
{
    const bool is_same = given.base && given.local && without_nulls(*given.local) == fields_of(given.base);
    if (given.presence == Presence::deleted) {
        if (!given.local) return Outcome::echo;
        return is_same ? Outcome::deleted_remotely : Outcome::revived;
    }
    if (!given.remote) return given.local ? Outcome::keep_local : Outcome::echo;
    const bool is_changed = !given.base || fields_of(given.remote) != fields_of(given.base);
    if (!given.local) {
        if (!given.base && given.local_absence == LocalAbsence::never_here) return Outcome::take_remote;
        return given.base && !is_changed ? Outcome::keep_local : Outcome::revived;
    }
    if (without_nulls(*given.local) == fields_of(given.remote)) return Outcome::echo;
    if (is_same) return Outcome::take_remote;
    return is_changed ? Outcome::merged : Outcome::keep_local;
}

void check_outcome(const Situation& given, const Plan& plan)
{
    const Outcome expected = in_the_table(given);
    const bool is_question = plan.outcome == Outcome::contested && expected == Outcome::merged;
    demand(plan.outcome == expected || is_question, "the outcome is not that of the table");
    const bool is_quiet = plan.outcome == Outcome::echo || plan.outcome == Outcome::take_remote;
    demand(is_quiet || !plan.decisions.empty(), "a decision has no explanation (I10)");
}

void check_request(const Situation& given, const Plan& plan)
{
    switch (plan.send) {
    case Send::nothing:
        demand(plan.changes.empty(), "changes without a request");
        return;
    case Send::create:
        demand(!given.remote, "what is there is created");
        demand(plan.local && plan.changes == *plan.local, "a creation is not whole");
        return;
    case Send::update:
        demand(given.remote && plan.condition == given.remote->etag,
               "a write depends on another version (I3)");
        demand(!plan.changes.empty(), "an update of nothing");
        return;
    case Send::remove:
        demand(given.remote && plan.condition == given.remote->etag,
               "a deletion depends on another version (I3)");
        demand(given.base && fields_of(given.base) == fields_of(given.remote),
               "a deletion of what nobody saw (I3)");
    }
}

/// Column by column, for records that are on both sides. `asks`: no rule settles what both changed.
void check_columns(const Situation& given, const Policy& policy, const Plan& plan, bool asks)
{
    const Fields base = fields_of(given.base);
    const Fields remote = fields_of(given.remote);
    const Fields local = without_nulls(*given.local);
    for (const std::string& column : columns_of(given)) {
        const Value merged = in(*plan.local, column);
        const Value mine = in(local, column);
        const Value theirs = in(remote, column);
        const bool contested = is_contested(plan, column);
        if (contested) {
            demand(merged == mine && mine != theirs, "a contested column does not hold mine");
            demand(!plan.changes.contains(column), "a contested column is sent");
        } else {
            demand(merged == theirs || in(plan.changes, column) == merged, "a difference is not sent");
            demand(merged == mine || merged == theirs, "a value is nobody's");
        }
        if (given.indeterminate.contains(column))
            demand(contested == (mine != theirs), "what may have been applied is merged again (I2)");
        if (!asks || policy.group_of(column) != nullptr || given.indeterminate.contains(column)) continue;
        const bool was_open = std::any_of(given.open_conflicts.begin(), given.open_conflicts.end(),
                                          [&](const Contested& one) { return one.column == column; });
        const bool both = mine != in(base, column) && theirs != in(base, column) && mine != theirs;
        demand(was_open ? contested == (mine != theirs) : contested == both, "the wrong column is contested");
        if (contested) continue;
        demand(merged == (mine != in(base, column) ? mine : theirs), "an edit is not kept");
    }
}

void check_stability(const Situation& given, const Policy& policy, const Plan& plan)
{
    if (!plan.shadow || !plan.local || !given.remote) return;
    Situation again = given;
    again.base = plan.shadow;
    again.local = plan.local;
    again.open_conflicts = plan.contested;
    again.indeterminate.clear();
    const Plan second = reconcile(again, policy);
    demand(second.local == plan.local && second.changes == plan.changes && second.send == plan.send,
           "the same decision again comes out otherwise");
    demand(second.contested == plan.contested && second.agreed.empty(), "a question does not stay open");
}

} // namespace

void check_laws(const Situation& given, const Policy& policy, const Plan& plan)
{
    const bool is_plain = given.open_conflicts.empty() && given.indeterminate.empty();
    if (is_plain) check_outcome(given, plan);
    check_request(given, plan);
    const bool on_both = given.local && given.remote && plan.local;
    if (on_both) check_columns(given, policy, plan, policy.fallback == Rule::ask);
    if (on_both && (plan.send != Send::nothing || !plan.contested.empty()))
        demand(plan.shadow == given.remote, "the base is not the organization's version");
    for (const AtomicGroup& group : policy.groups) {
        if (!on_both) continue;
        const auto all = [&](const Fields& side) {
            return std::all_of(group.columns.begin(), group.columns.end(), [&](const std::string& column) {
                return in(*plan.local, column) == in(side, column);
            });
        };
        demand(all(*given.local) || all(fields_of(given.remote)), "a group is torn");
    }
    check_stability(given, policy, plan);
    const Plan twice = reconcile(given, policy);
    demand(twice.outcome == plan.outcome && twice.local == plan.local && twice.changes == plan.changes,
           "equal arguments, other results");
}

} // namespace hawser::conflict::small_scope

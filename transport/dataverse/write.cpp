#include "transport/dataverse/write.h"

#include "base/json_text.h"
#include "transport/dataverse/metadata.h"
#include "transport/dataverse/row_plan.h"
#include "transport/dataverse/wire_select.h"

#include <algorithm>
#include <optional>

namespace hawser::dataverse {
namespace {

constexpr std::string_view state_column = "statecode";
constexpr std::string_view status_column = "statuscode";

/// The parts of a write that may have to travel in steps of their own.
struct Portions {
    Fields columns;
    Fields state;
    std::optional<Collection> parties;
};

Portions divide(const Table& table, const Fields& fields)
{
    Portions portions;
    for (const auto& [name, value] : fields) {
        const auto* column = table.column(name);
        if (column && column->type == ColumnType::parties) {
            const auto* collection = std::get_if<Collection>(&value);
            portions.parties = collection ? *collection : Collection{};
        } else if (name == state_column || name == status_column) {
            portions.state.emplace(name, value);
        } else {
            portions.columns.emplace(name, value);
        }
    }
    return portions;
}

Step patch(const Table& table, const Layout& layout, const Guid& id, std::string body)
{
    Step step;
    step.method = Step::Method::patch;
    step.path = record_path(table, id) + "?" + select_option(table, layout);
    step.body = std::move(body);
    step.wants = Step::Wants::representation;
    return step;
}

Result<Step> parties_step(const Table& table, const Guid& id, const Collection& parties,
                          const EntitySets& sets)
{
    auto body = write_parties(parties, sets);
    if (!body) return body.error();
    Step step;
    step.method = Step::Method::put;
    step.path = record_path(table, id) + "/" + parties_collection(table);
    step.body = std::move(*body);
    return step;
}

// Behind the conditional step of the same change set; "*" so that it can never create.
Result<Step> state_step(const Table& table, const Layout& layout, const Guid& id, const Fields& state,
                        const EntitySets& sets)
{
    auto body = write_body(table, state, sets);
    if (!body) return body.error();
    auto step = patch(table, layout, id, std::move(*body));
    step.condition = Step::Condition::if_match;
    step.etag = "*";
    return step;
}

bool may_set_state_on_creation(const Table& table)
{
    const auto* column = table.column(state_column);
    return !column || column->creatable;
}

bool closes(const Fields& state)
{
    const auto found = state.find(state_column);
    const auto* value = found == state.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
    constexpr std::int64_t completed = 1, canceled = 2;
    return value && (*value == completed || *value == canceled);
}

Error no_condition(const Table& table, const Guid& id)
{
    return {ErrorKind::park, "write.unconditional",
            table.name + " " + id.text() +
                " cannot be changed safely: the organization gave no version of it to compare with"};
}

// A column whose value, sent again, changes nothing: it carries the condition for the participants.
Result<Fields> unchanged_column(const Table& table, const Fields& base)
{
    const auto usable = [&](const Column& column) {
        const auto held = base.find(column.name);
        return column.updatable && column.type == ColumnType::text && held != base.end() &&
               !is_null(held->second);
    };
    const auto* chosen = table.column(table.primary_name);
    if (!chosen || !usable(*chosen)) {
        const auto found = std::ranges::find_if(table.columns, usable);
        if (found != table.columns.end()) chosen = &*found;
    }
    if (!chosen || !chosen->updatable)
        return Error{ErrorKind::park, "write.unconditional",
                     "the participants of this " + table.name +
                         " cannot be changed safely: it has no column that could carry the condition"};
    const auto held = base.find(chosen->name);
    return Fields{{chosen->name, held == base.end() ? Value{} : held->second}};
}

Result<void> check_updatable(const Table& table, const Fields& changed)
{
    const auto refuse = [&](const std::string& what) {
        return Error{ErrorKind::park, "write.read_only", what + "; it cannot be sent"};
    };
    if (!table.optimistic_concurrency)
        return refuse("the table " + table.name + " has no optimistic concurrency and is read-only");
    for (const auto& [name, value] : changed) {
        const auto* column = table.column(name);
        if (column && !column->updatable)
            return refuse("the column " + name + " of " + table.name + " is read-only");
    }
    return {};
}

} // namespace

Fields creatable(const Table& table, const Fields& fields)
{
    Fields result;
    for (const auto& [name, value] : fields) {
        const auto* column = table.column(name);
        const bool kept = !column || column->creatable || name == state_column;
        if (kept && !is_null(value)) result.emplace(name, value);
    }
    return result;
}

Result<std::vector<Step>> create_steps(const Table& table, const Layout& layout, const Guid& id,
                                       const Fields& fields, const EntitySets& sets)
{
    auto portions = divide(table, creatable(table, fields));
    const bool parties = portions.parties && !portions.parties->elements.empty();
    // A closed activity refuses its participants.
    const bool state_apart = portions.state.contains(state_column) &&
                             (!may_set_state_on_creation(table) || (parties && closes(portions.state)));
    if (!state_apart) portions.columns.merge(portions.state);
    auto body = write_body(table, portions.columns, sets);
    if (!body) return body.error();
    std::vector<Step> steps{patch(table, layout, id, std::move(*body))};
    steps.front().condition = Step::Condition::if_absent;
    if (parties) {
        auto step = parties_step(table, id, *portions.parties, sets);
        if (!step) return step.error();
        steps.push_back(std::move(*step));
    }
    if (state_apart) {
        auto step = state_step(table, layout, id, portions.state, sets);
        if (!step) return step.error();
        steps.push_back(std::move(*step));
    }
    return steps;
}

namespace {

Result<std::vector<Step>> steps_under(const Table& table, const Layout& layout, const Guid& id,
                                      std::string_view etag, const Fields& changed, const Fields& base,
                                      const EntitySets& sets)
{
    if (auto allowed = check_updatable(table, changed); !allowed) return allowed.error();
    auto portions = divide(table, changed);
    const bool state_last = portions.parties && closes(portions.state);
    if (!state_last) portions.columns.merge(portions.state);
    if (portions.columns.empty() && portions.parties) {
        auto unchanged = unchanged_column(table, base);
        if (!unchanged) return unchanged.error();
        portions.columns = std::move(*unchanged);
    }
    auto body = write_body(table, portions.columns, sets, base);
    if (!body) return body.error();
    std::vector<Step> steps{patch(table, layout, id, std::move(*body))};
    steps.front().condition = Step::Condition::if_match;
    steps.front().etag = std::string(etag);
    if (portions.parties) {
        auto step = parties_step(table, id, *portions.parties, sets);
        if (!step) return step.error();
        steps.push_back(std::move(*step));
    }
    if (state_last) {
        auto step = state_step(table, layout, id, portions.state, sets);
        if (!step) return step.error();
        steps.push_back(std::move(*step));
    }
    return steps;
}

} // namespace

Result<std::vector<Step>> update_steps(const Table& table, const Layout& layout, const Guid& id,
                                       std::string_view etag, const Fields& changed, const Fields& base,
                                       const EntitySets& sets)
{
    if (!is_usable_etag(etag)) return no_condition(table, id);
    return steps_under(table, layout, id, etag, changed, base, sets);
}

Result<std::vector<Step>> steps_after_creation(const Table& table, const Layout& layout, const Guid& id,
                                               const Fields& changed, const EntitySets& sets)
{
    return steps_under(table, layout, id, "*", changed, {}, sets);
}

Result<Step> delete_step(const Table& table, const Guid& id, std::string_view etag)
{
    if (!is_usable_etag(etag)) return no_condition(table, id);
    Step step;
    step.method = Step::Method::remove;
    step.path = record_path(table, id);
    step.condition = Step::Condition::if_match;
    step.etag = std::string(etag);
    return step;
}

Step receipt_step(const Guid& intent, std::string_view subject)
{
    Step step;
    step.method = Step::Method::patch;
    step.path = "annotations(" + intent.text() + ")";
    step.condition = Step::Condition::if_absent;
    step.body = "{\"subject\":";
    append_json_string(step.body, subject);
    step.body += '}';
    return step;
}

Step receipt_read_step(const Guid& intent)
{
    Step step;
    step.path = "annotations(" + intent.text() + ")?$select=annotationid";
    return step;
}

Step receipt_delete_step(const Guid& intent)
{
    Step step;
    step.method = Step::Method::remove;
    step.path = "annotations(" + intent.text() + ")";
    return step;
}

Step read_step(const Table& table, const Layout& layout, const Guid& id)
{
    Step step;
    step.path = record_path(table, id) + "?" + select_option(table, layout) + expand_option(table, layout);
    return step;
}

bool needs_read_back(const Table& table, const std::vector<Step>& steps)
{
    return std::ranges::any_of(steps, [&](const Step& step) {
        const bool creates =
            step.condition == Step::Condition::if_absent && step.path.starts_with(table.entity_set + "(");
        return step.method == Step::Method::put || (creates && has_parties(table));
    });
}

} // namespace hawser::dataverse

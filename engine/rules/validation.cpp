#include "engine/rules/validation.h"

#include "base/filter.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace hawser::engine {
namespace {

Error refuse(std::string code, std::string message)
{
    return {ErrorKind::refuse, std::move(code), std::move(message)};
}

const Column* find(const Table& table, ColumnType type)
{
    for (const Column& column : table.columns)
        if (column.type == type) return &column;
    return nullptr;
}

Result<void> check_table(const Table& table)
{
    if (table.columns.empty()) return no_metadata(table.name);
    if (!table.optimistic_concurrency)
        return refuse("input.table_read_only", "table " + table.name +
                                                   " can only be read: the organization cannot tell whether "
                                                   "somebody else changed a record meanwhile");
    return {};
}

Result<void> check_standing(const Table& table, const Edit& edit, const Standing& standing)
{
    const std::string record = table.name + " " + edit.record.id.text();
    if (edit.kind == ChangeKind::create && standing.here)
        return refuse("input.record_exists", record + " is here already; change it instead");
    if (edit.kind != ChangeKind::create && !standing.here)
        return refuse("input.unknown_record", record + " is not in this replica; nothing was changed");
    return {};
}

bool is_settable(const Column& column, ChangeKind kind)
{
    // A state that may not be set on creation is set right after it, as one unit.
    const bool state = column.type == ColumnType::state || column.type == ColumnType::status;
    if (kind == ChangeKind::create) return column.creatable || (state && column.updatable);
    return column.updatable;
}

bool is_large(const Column& column)
{
    return column.type == ColumnType::memo;
}

/// The number that the column has once the edit is made.
std::optional<std::int64_t> number_in(const Column& column, const Edit& edit, const Standing& standing)
{
    auto found = edit.columns.find(column.name);
    if (found == edit.columns.end()) {
        found = standing.columns.find(column.name);
        if (found == standing.columns.end()) return std::nullopt;
    }
    const auto* value = std::get_if<std::int64_t>(&found->second);
    return value ? std::optional(*value) : std::nullopt;
}

bool belongs(const Column& status, std::int64_t in_status, std::int64_t in_state)
{
    return std::ranges::any_of(status.choices, [&](const Choice& choice) {
        return choice.value == in_status && (!choice.state || *choice.state == in_state);
    });
}

/// A state that comes without a status takes the one that the organization would give it: both
/// travel together, and the former status would be refused.
void complete_status(const Table& table, Edit& edit, const Standing& standing)
{
    const Column* state = find(table, ColumnType::state);
    const Column* status = find(table, ColumnType::status);
    if (!state || !status || !edit.columns.contains(state->name) || edit.columns.contains(status->name))
        return;
    if (!is_settable(*status, edit.kind)) return;
    const auto in_state = number_in(*state, edit, standing), in_status = number_in(*status, edit, standing);
    if (!in_state || (in_status && belongs(*status, *in_status, *in_state))) return;
    const auto chosen = std::ranges::find(state->choices, *in_state, &Choice::value);
    const auto first = std::ranges::find(status->choices, in_state, &Choice::state);
    if (chosen != state->choices.end() && chosen->default_status)
        edit.columns[status->name] = *chosen->default_status;
    else if (first != status->choices.end())
        edit.columns[status->name] = first->value;
}

Result<void> check_status(const Table& table, const Edit& edit, const Standing& standing)
{
    const Column* state = find(table, ColumnType::state);
    const Column* status = find(table, ColumnType::status);
    if (!state || !status || !edit.columns.contains(status->name)) return {};
    const auto in_state = number_in(*state, edit, standing), in_status = number_in(*status, edit, standing);
    if (!in_state || !in_status) return {};
    for (const Choice& choice : status->choices)
        if (choice.value == *in_status && choice.state && *choice.state != *in_state)
            return refuse("input.wrong_status", table.name + "." + status->name + ": \"" + choice.label +
                                                    "\" does not belong to state " +
                                                    std::to_string(*in_state) + "; set " + state->name +
                                                    " to " + std::to_string(*choice.state) + " with it");
    return {};
}

/// What the organization fills in by itself when a new record leaves it out.
bool is_supplied(const Column& column)
{
    return column.type == ColumnType::state || column.type == ColumnType::status || column.name == "ownerid";
}

Result<void> check_required(const Table& table, const Edit& edit)
{
    for (const Column& column : table.columns) {
        if (!column.required || !is_settable(column, edit.kind)) continue;
        if (edit.kind == ChangeKind::create && is_supplied(column) && !edit.columns.contains(column.name))
            continue;
        const auto found = edit.columns.find(column.name);
        const bool absent = found == edit.columns.end();
        if (absent ? edit.kind == ChangeKind::create : is_null(found->second))
            return refuse("input.required", table.name + "." + column.name + " (" + column.label +
                                                ") is required and may not be empty");
    }
    return {};
}

} // namespace

Error unknown_column(const Table& table, std::string_view name)
{
    std::vector<std::string> known;
    for (const Column& column : table.columns) known.push_back(column.name);
    std::string hint;
    for (const std::string& near : nearest(name, known)) hint += (hint.empty() ? "" : ", ") + near;
    return refuse("input.unknown_column", "table " + table.name + " has no column \"" + std::string(name) +
                                              "\"" + (hint.empty() ? "" : "; did you mean " + hint + "?"));
}

Error no_metadata(std::string_view table)
{
    return refuse("input.no_metadata", "the columns of table " + std::string(table) +
                                           " are not known here yet; synchronize once first");
}

Result<Edit> checked(const Table& table, Edit edit, const Standing& standing)
{
    if (auto fine = check_table(table); !fine) return fine.error();
    if (auto fine = check_standing(table, edit, standing); !fine) return fine.error();
    if (edit.kind == ChangeKind::erase) {
        edit.columns.clear();
        return edit;
    }
    Fields canonical_columns;
    for (auto& [name, value] : edit.columns) {
        const Column* column = table.column(name);
        if (!column) return unknown_column(table, name);
        if (!is_settable(*column, edit.kind))
            return refuse("input.read_only", table.name + "." + name +
                                                 " is set by the organization and cannot be " +
                                                 (edit.kind == ChangeKind::create ? "given" : "changed"));
        if (standing.partial && is_large(*column))
            return refuse("input.partial",
                          table.name + "." + name +
                              " was too large to be brought here and cannot be changed here");
        Result<Value> spelled = canonical(table, *column, std::move(value));
        if (!spelled) return spelled.error();
        canonical_columns.emplace(name, *std::move(spelled));
    }
    edit.columns = std::move(canonical_columns);
    complete_status(table, edit, standing);
    if (auto fine = check_status(table, edit, standing); !fine) return fine.error();
    if (auto fine = check_required(table, edit); !fine) return fine.error();
    return edit;
}

} // namespace hawser::engine

#include "base/time_text.h"
#include "tools/server/core/access.h"
#include "tools/server/core/json_text.h"
#include "tools/server/core/rules.h"
#include "tools/server/core/write.h"
#include "tools/server/core/write_log.h"

namespace hawser::server {
namespace {

std::vector<std::string> column_names(const Payload& payload)
{
    std::vector<std::string> names;
    for (const Payload::Entry& entry : payload.entries) names.push_back(entry.column->name);
    for (const PayloadChildren& children : payload.children) names.push_back(children.property->name);
    return names;
}

void apply_entries(const Payload& payload, Values& values)
{
    for (const Payload::Entry& entry : payload.entries) {
        if (entry.bytes) {
            values[entry.column->ordinal] = *entry.bytes;
        } else {
            values.erase(entry.column->ordinal);
        }
    }
}

void stamp(const Call& call, const Table& table, Values& values, std::string_view time_column,
           std::string_view user_column)
{
    const Table& users = *call.world.catalogue.table("systemuser");
    values[table.column(time_column)->ordinal] = '"' + to_text(call.now) + '"';
    values[table.column(user_column)->ordinal] = reference_bytes(users.code, call.account.user.id);
}

Guid parent_in(const Table& table, const Values& values)
{
    if (table.parent.empty()) return {};
    const auto found = values.find(table.column(table.parent)->ordinal);
    return found == values.end() ? Guid{} : reference_of(found->second).id;
}

std::optional<Refusal> check_new_owner(const Call& call, const Table& table, const Payload& payload)
{
    if (!payload.owner) return std::nullopt;
    return missing_privilege(call, Verb::assign, table);
}

std::optional<Refusal> insert_children(const Call& call, const Table& table, const Guid& parent,
                                       const Payload& payload)
{
    for (const PayloadChildren& children : payload.children) {
        const Table& child = *call.world.catalogue.table(children.property->table);
        if (child.name == "activityparty") {
            if (auto refusal = insert_parties(call, table, parent, children.rows)) return refusal;
            continue;
        }
        if (auto refusal = missing_privilege(call, Verb::create, child)) return refusal;
        for (Payload row : children.rows) {
            row.put(*child.column(children.property->column), reference_bytes(table.code, parent));
            const Guid id = row.id.value_or(Guid::make(call.random));
            if (call.storage().exists(child, id)) return duplicate_record();
            Outcome<StoredRow> made = insert_row(call, child, id, row, "");
            if (!made) return made.refusal();
        }
    }
    return std::nullopt;
}

/// Rows of `child` that refer to the row through their indexed lookup.
std::vector<StoredRow> dependents(const Call& call, const Table& child, const Table& table, const Guid& id)
{
    std::vector<StoredRow> rows;
    const Column* lookup = child.column(child.parent);
    for (Cursor cursor = call.storage().by_parent(child, id); cursor.next();) {
        const Row row = cursor.row();
        const auto bytes = find_value(row.body, lookup->ordinal);
        if (bytes && reference_of(*bytes).code == table.code)
            rows.push_back({row.version, row.id, row.parent, row.owner, std::string(row.body)});
    }
    return rows;
}

} // namespace

Outcome<StoredRow> insert_row(const Call& call, const Table& table, const Guid& id, const Payload& payload,
                              const std::string& condition)
{
    if (const auto refusal = check_new_owner(call, table, payload)) return *refusal;
    Values values;
    apply_defaults(call, table, values);
    apply_entries(payload, values);
    if (const auto refusal = settle_state(table, id, payload, values, PayloadUse::create)) return *refusal;
    stamp(call, table, values, "createdon", "createdby");
    stamp(call, table, values, "modifiedon", "modifiedby");
    if (const Payload::Entry* past = payload.entry(*table.column("overriddencreatedon")); past && past->bytes)
        values[table.column("createdon")->ordinal] = *past->bytes;
    run_plugins(call, table, payload, values);
    compute(call, table, payload, values);
    if (const auto refusal = check_required(table, values)) return *refusal;
    if (const auto refusal = check_file(call, table, values)) return *refusal;
    StoredRow row;
    row.id = id;
    row.parent = parent_in(table, values);
    if (table.ownership == Ownership::user) {
        row.owner = payload.owner.value_or(call.account.user.id);
        const char* owner = row.owner == call.world.team ? "team" : "systemuser";
        values[table.column("ownerid")->ordinal] =
            reference_bytes(call.world.catalogue.table(owner)->code, row.owner);
    }
    row.body = encode(values);
    call.storage().insert(table, row);
    if (auto refusal = insert_children(call, table, id, payload)) return *refusal;
    log_write(call, {table.name, id, condition, column_names(payload), "created", row.version});
    return row;
}

Outcome<StoredRow> change_row(const Call& call, const Table& table, const StoredRow& row,
                              const Payload& payload, const std::string& condition)
{
    if (const auto refusal = check_new_owner(call, table, payload)) return *refusal;
    Values values = decode(row.body);
    if (const auto refusal = check_still_writable(call, table, values, payload)) return *refusal;
    apply_entries(payload, values);
    if (const auto refusal = settle_state(table, row.id, payload, values, PayloadUse::update))
        return *refusal;
    stamp(call, table, values, "modifiedon", "modifiedby");
    run_plugins(call, table, payload, values);
    compute(call, table, payload, values);
    if (const auto refusal = check_required(table, values)) return *refusal;
    if (const auto refusal = check_file(call, table, values)) return *refusal;
    StoredRow changed;
    changed.version = row.version;
    changed.id = row.id;
    changed.parent = parent_in(table, values);
    changed.owner = payload.owner.value_or(row.owner);
    changed.body = encode(values);
    call.storage().update(table, changed);
    log_write(call, {table.name, row.id, condition, column_names(payload), "updated", changed.version});
    return changed;
}

void touch_row(const Call& call, const Table& table, StoredRow& row)
{
    Values values = decode(row.body);
    stamp(call, table, values, "modifiedon", "modifiedby");
    row.body = encode(values);
    call.storage().update(table, row);
}

void erase_tree(const Call& call, const Table& table, const Row& row, const std::string& condition)
{
    for (const Table& child : call.world.catalogue.tables()) {
        if (child.parent.empty() || !child.column(child.parent)->target(table.name)) continue;
        const bool cascade =
            child.on_parent_delete == OnParentDelete::cascade ||
            (child.on_parent_delete == OnParentDelete::cascade_if_set && call.settings().cascade_delete);
        for (StoredRow& dependent : dependents(call, child, table, row.id)) {
            if (cascade) {
                erase_tree(call, child, dependent.view(), "cascade");
                continue;
            }
            Values values = decode(dependent.body);
            values.erase(child.column(child.parent)->ordinal);
            dependent.parent = {};
            dependent.body = encode(values);
            call.storage().update(child, dependent);
            log_write(call,
                      {child.name, dependent.id, "cascade", {child.parent}, "unlinked", dependent.version});
        }
    }
    call.storage().erase(table, row, call.now);
    log_write(call, {table.name, row.id, condition, {}, "deleted", call.storage().version()});
}

} // namespace hawser::server

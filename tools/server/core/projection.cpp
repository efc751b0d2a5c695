#include "tools/server/core/projection.h"

#include "base/time_text.h"
#include "tools/server/core/json_text.h"

#include <algorithm>
#include <cstdio>

namespace hawser::server {
namespace {

/// "4/4/2021 8:00 PM", as an American user would see a UTC time.
std::string displayed_time(std::string_view text)
{
    if (text.size() < 16) return std::string(text);
    const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    const int hour = number(11);
    char out[40];
    std::snprintf(out, sizeof out, "%d/%d/%.4s %d:%.2s %s", number(5), number(8), text.data(),
                  hour % 12 == 0 ? 12 : hour % 12, text.data() + 14, hour < 12 ? "AM" : "PM");
    return out;
}

std::string displayed_date(std::string_view text)
{
    if (text.size() < 10) return std::string(text);
    const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    return std::to_string(number(5)) + "/" + std::to_string(number(8)) + "/" + std::string(text.substr(0, 4));
}

std::string with_thousands(std::string_view number)
{
    std::string out(number);
    auto point = std::min(out.find('.'), out.size());
    const std::size_t first = !out.empty() && out[0] == '-' ? 1 : 0;
    while (point > first + 3) {
        point -= 3;
        out.insert(point, 1, ',');
    }
    return out;
}

std::string displayed_options(const Column& column, std::string_view bytes)
{
    std::string labels;
    const std::string numbers = unquoted(bytes);
    for (const std::string_view part : split_outside(numbers, ',')) {
        const Option* option = column.option(std::atoll(std::string(part).c_str()));
        if (!option) continue;
        if (!labels.empty()) labels += "; ";
        labels += option->label;
    }
    return labels;
}

/// As many as clients of one organization ask for, and few enough to keep.
constexpr std::size_t most_kept_selections = 64;

std::shared_ptr<Selection> selection_of(const Table& table, std::vector<const Column*> columns)
{
    columns.push_back(table.column(table.primary_id));
    std::sort(columns.begin(), columns.end(),
              [](const Column* one, const Column* other) { return one->ordinal < other->ordinal; });
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    auto selection = std::make_shared<Selection>();
    for (const Column* column : columns)
        selection->slots.push_back({column, ",\"" + column->property + "\":"});
    return selection;
}

Outcome<std::shared_ptr<const Selection>> new_selection(const Table& table, std::string_view select)
{
    std::vector<const Column*> columns;
    if (trim(select).empty() || trim(select) == "*") {
        for (const Column& column : table.columns)
            if (column.readable && column.kind != Kind::parties) columns.push_back(&column);
        return std::shared_ptr<const Selection>(selection_of(table, std::move(columns)));
    }
    std::string context;
    for (const std::string_view name : split_outside(select, ',')) {
        const Column* column = table.property(name);
        if (!column || !column->readable)
            return bad_query("Could not find a property named '" + std::string(name) +
                             "' on type 'Microsoft.Dynamics.CRM." + table.name + "'.");
        columns.push_back(column);
        context += (context.empty() ? "" : ",") + column->property;
    }
    auto selection = selection_of(table, std::move(columns));
    selection->context = "(" + context + ")";
    return std::shared_ptr<const Selection>(std::move(selection));
}

} // namespace

Projection::Projection(const Table& table, std::vector<const Column*> columns)
    : table_(&table), selection_(selection_of(table, std::move(columns)))
{
}

Outcome<Projection> Projection::make(World& world, const Table& table, std::string_view select)
{
    std::string asked = table.name + "?" + std::string(select);
    const auto kept = world.selections.find(asked);
    if (kept != world.selections.end()) return Projection(table, kept->second);
    auto made = new_selection(table, select);
    if (!made) return made.refusal();
    if (world.selections.size() >= most_kept_selections) world.selections.clear();
    world.selections.emplace(std::move(asked), *made);
    return Projection(table, *made);
}

void Projection::write_null(std::string& out, const Slot& slot) const
{
    if (nulls_ == Nulls::omit) return;
    out += slot.key;
    out += "null";
}

void Projection::write_reference(std::string& out, const Call& call, const Slot& slot, const Table* target,
                                 const Guid& id) const
{
    const std::string& property = slot.column->property;
    if (target && annotations_.formatted) {
        const std::string name = name_of(call, *target, id);
        if (!name.empty()) {
            out += ",\"" + property + "@OData.Community.Display.V1.FormattedValue\":";
            append_quoted(out, name);
        }
    }
    if (target && annotations_.navigation && slot.column->target(target->name)) {
        out += ",\"" + property + "@Microsoft.Dynamics.CRM.associatednavigationproperty\":\"";
        out += slot.column->target(target->name)->navigation;
        out += '"';
    }
    if (target && annotations_.lookup_table) {
        out += ",\"" + property + "@Microsoft.Dynamics.CRM.lookuplogicalname\":\"";
        out += target->name;
        out += '"';
    }
    out += slot.key;
    out += '"';
    append_guid(out, id);
    out += '"';
}

void Projection::write_formatted(std::string& out, const Call&, const Column& column,
                                 std::string_view bytes) const
{
    std::string text;
    switch (column.kind) {
    case Kind::choice:
    case Kind::state:
    case Kind::status:
    case Kind::multi_choice:
        text = displayed_options(column, bytes);
        break;
    case Kind::boolean:
        text = bytes == "true" ? "Yes" : "No";
        break;
    case Kind::date_time:
        text = displayed_time(unquoted(bytes));
        break;
    case Kind::date:
        text = displayed_date(unquoted(bytes));
        break;
    case Kind::integer:
    case Kind::decimal:
        text = with_thousands(bytes);
        break;
    case Kind::money:
        text = "$" + with_thousands(bytes);
        break;
    default:
        return;
    }
    if (text.empty()) return;
    out += ",\"" + column.property + "@OData.Community.Display.V1.FormattedValue\":";
    append_quoted(out, text);
}

void Projection::write_value(std::string& out, const Call& call, const Slot& slot, const Row& row,
                             const std::string_view* bytes) const
{
    const Catalogue& catalogue = call.world.catalogue;
    const bool of_team = row.owner == call.world.team;
    switch (slot.column->source) {
    case Source::primary_id:
        out += slot.key;
        out += '"';
        append_guid(out, row.id);
        out += '"';
        return;
    case Source::row_version:
        out += slot.key;
        append_number(out, row.version);
        return;
    case Source::owning_user:
        if (of_team || row.owner.is_nil()) return write_null(out, slot);
        return write_reference(out, call, slot, catalogue.table("systemuser"), row.owner);
    case Source::owning_team:
        if (!of_team) return write_null(out, slot);
        return write_reference(out, call, slot, catalogue.table("team"), row.owner);
    case Source::owning_unit:
        return write_reference(out, call, slot, catalogue.table("businessunit"), call.world.unit);
    case Source::stored:
        break;
    }
    if (!bytes) return write_null(out, slot);
    if (slot.column->kind == Kind::lookup) {
        const Reference reference = reference_of(*bytes);
        return write_reference(out, call, slot, catalogue.code(reference.code), reference.id);
    }
    if (annotations_.formatted) write_formatted(out, call, *slot.column, *bytes);
    out += slot.key;
    if (slot.column->kind == Kind::guid) {
        out += '"';
        append_guid(out, guid_of(*bytes));
        out += '"';
    } else {
        out.append(*bytes);
    }
}

void Projection::write(std::string& out, const Call& call, const Row& row) const
{
    out += "{\"@odata.etag\":\"W/\\\"";
    append_number(out, row.version);
    out += "\\\"\"";
    BodyReader reader(row.body);
    bool more = reader.next();
    for (const Slot& slot : selection_->slots) {
        const std::string_view* bytes = nullptr;
        std::string_view found;
        if (slot.column->source == Source::stored) {
            while (more && reader.ordinal() < slot.column->ordinal) more = reader.next();
            if (more && reader.ordinal() == slot.column->ordinal) {
                found = reader.bytes();
                bytes = &found;
            }
        }
        write_value(out, call, slot, row, bytes);
    }
}

std::string name_of(const Call& call, const Table& table, const Guid& id)
{
    const Column* name = table.column(table.primary_name);
    if (!name) return {};
    const std::optional<StoredRow> row = call.storage().find(table, id);
    if (!row) return {};
    const auto bytes = find_value(row->body, name->ordinal);
    return bytes ? unquoted(*bytes) : std::string();
}

} // namespace hawser::server

#include "transport/dataverse/metadata.h"

#include "transport/dataverse/json_answer.h"
#include "transport/odata/answer.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <map>

namespace hawser::dataverse {
namespace {

namespace json = boost::json;

constexpr std::string_view what = "describe a table";
constexpr std::size_t max_columns = 2'000;

enum Part : std::size_t {
    definition,
    relationships,
    strings,
    memos,
    picklists,
    states,
    statuses,
    multi_picklists,
    dates,
    parts
};

bool is_identifier(std::string_view name)
{
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !name.empty() && name.size() <= 128 && letter(name.front()) && !name.starts_with("hawser_") &&
           std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// Set names and navigation properties may have capitals.
bool is_wire_identifier(std::string_view name)
{
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return is_identifier(lower);
}

std::string label_of(const json::object& object, std::string_view name)
{
    const auto* label = object_at(object, name);
    const auto* user = label ? object_at(*label, "UserLocalizedLabel") : nullptr;
    return user ? std::string(text_at(*user, "Label").substr(0, 1'000)) : std::string();
}

std::string_view value_of(const json::object& object, std::string_view name)
{
    const auto* managed = object_at(object, name);
    return managed ? text_at(*managed, "Value") : text_at(object, name);
}

std::optional<ColumnType> type_of(const json::object& attribute)
{
    static const std::map<std::string_view, ColumnType> types{
        {"String", ColumnType::text},        {"Memo", ColumnType::memo},
        {"Integer", ColumnType::integer},    {"BigInt", ColumnType::big_integer},
        {"Decimal", ColumnType::decimal},    {"Double", ColumnType::decimal},
        {"Money", ColumnType::decimal},      {"Boolean", ColumnType::boolean},
        {"DateTime", ColumnType::date_time}, {"Picklist", ColumnType::choice},
        {"State", ColumnType::state},        {"Status", ColumnType::status},
        {"Lookup", ColumnType::lookup},      {"Customer", ColumnType::lookup},
        {"Owner", ColumnType::lookup},       {"Uniqueidentifier", ColumnType::guid},
        {"PartyList", ColumnType::parties}};
    if (value_of(attribute, "AttributeTypeName") == "MultiSelectPicklistType")
        return ColumnType::multi_choice;
    const auto found = types.find(text_at(attribute, "AttributeType"));
    return found == types.end() ? std::nullopt : std::optional(found->second);
}

void add_parties_column(Table& table)
{
    if (has_parties(table)) return;
    Column column;
    column.name = parties_column;
    column.type = ColumnType::parties;
    column.label = "Participants";
    table.columns.push_back(std::move(column));
}

void read_attributes(const json::array& attributes, Table& table)
{
    bool parties = false;
    for (const auto& entry : attributes) {
        const auto* attribute = entry.if_object();
        if (!attribute || table.columns.size() >= max_columns) continue;
        const auto name = text_at(*attribute, "LogicalName");
        const auto type = type_of(*attribute);
        parties = parties || type == ColumnType::parties;
        const bool wanted = type && type != ColumnType::parties && is_identifier(name) &&
                            name != table.primary_id && name != "versionnumber" && name != parties_column &&
                            boolean_at(*attribute, "IsValidForRead").value_or(true) &&
                            text_at(*attribute, "AttributeOf").empty();
        if (!wanted || table.column(name)) continue;
        Column column;
        column.name = name;
        column.type = *type;
        column.label = label_of(*attribute, "DisplayName");
        column.creatable = boolean_at(*attribute, "IsValidForCreate").value_or(true);
        column.updatable = boolean_at(*attribute, "IsValidForUpdate").value_or(true);
        const auto level = value_of(*attribute, "RequiredLevel");
        column.required = level == "ApplicationRequired" || level == "SystemRequired";
        table.columns.push_back(std::move(column));
    }
    if (parties) add_parties_column(table);
}

Result<Table> read_definition(std::string_view name, const json::object& object)
{
    Table table;
    table.name = name;
    table.entity_set = text_at(object, "EntitySetName");
    table.primary_id = text_at(object, "PrimaryIdAttribute");
    table.primary_name = text_at(object, "PrimaryNameAttribute");
    if (!is_wire_identifier(table.entity_set) || !is_identifier(table.primary_id))
        return bad_answer(what,
                          "the definition of " + table.name + " has no EntitySetName or PrimaryIdAttribute");
    if (!is_identifier(table.primary_name)) table.primary_name.clear();
    table.label = label_of(object, "DisplayName");
    table.is_activity = boolean_at(object, "IsActivity").value_or(false);
    table.change_tracking = boolean_at(object, "ChangeTrackingEnabled").value_or(false);
    table.optimistic_concurrency = boolean_at(object, "IsOptimisticConcurrencyEnabled").value_or(true);
    const auto* attributes = array_at(object, "Attributes");
    if (!attributes || attributes->empty())
        return bad_answer(what, "the definition of " + table.name + " has no Attributes");
    read_attributes(*attributes, table);
    return table;
}

Column* find(Table& table, std::string_view name)
{
    const auto found = std::ranges::find(table.columns, name, &Column::name);
    return found == table.columns.end() ? nullptr : &*found;
}

void add_target(Column& column, std::string_view target, std::string_view property)
{
    if (std::ranges::find(column.targets, target, &LookupTarget::table) == column.targets.end())
        column.targets.push_back({std::string(target), std::string(property)});
}

void read_relationships(const json::array& rows, Table& table)
{
    for (const auto& entry : rows) {
        const auto* row = entry.if_object();
        if (!row) continue;
        auto* column = find(table, text_at(*row, "ReferencingAttribute"));
        const auto target = text_at(*row, "ReferencedEntity");
        const auto property = text_at(*row, "ReferencingEntityNavigationPropertyName");
        if (!column || column->type != ColumnType::lookup || !is_identifier(target) ||
            !is_wire_identifier(property))
            continue;
        if (target == "owner") {
            add_target(*column, "systemuser", property);
            add_target(*column, "team", property);
        } else {
            add_target(*column, target, property);
        }
    }
}

void read_choices(const json::object& row, Column& column)
{
    const auto* set = object_at(row, "OptionSet");
    if (!set) set = object_at(row, "GlobalOptionSet");
    const auto* options = set ? array_at(*set, "Options") : nullptr;
    if (!options) return;
    for (const auto& entry : *options) {
        const auto* option = entry.if_object();
        const auto value = option ? integer_at(*option, "Value") : std::nullopt;
        if (!value) continue;
        Choice choice{*value, label_of(*option, "Label"), std::nullopt, std::nullopt};
        if (column.type == ColumnType::status) choice.state = integer_at(*option, "State");
        if (column.type == ColumnType::state) choice.default_status = integer_at(*option, "DefaultStatus");
        column.choices.push_back(std::move(choice));
    }
}

void read_detail(Part part, const json::array& rows, Table& table)
{
    for (const auto& entry : rows) {
        const auto* row = entry.if_object();
        auto* column = row ? find(table, text_at(*row, "LogicalName")) : nullptr;
        if (!column) continue;
        if (part == strings || part == memos) {
            column->max_length = std::max<std::int64_t>(0, integer_at(*row, "MaxLength").value_or(0));
        } else if (part == dates) {
            if (column->type == ColumnType::date_time && value_of(*row, "DateTimeBehavior") == "DateOnly")
                column->type = ColumnType::date;
        } else if (column->choices.empty()) {
            read_choices(*row, *column);
        }
    }
}

BatchItem read_item(std::string path)
{
    Step step;
    step.path = std::move(path);
    return {{std::move(step)}};
}

// One answer of the batch as JSON.
Result<json::object> part_object(const BatchAnswer& answer, std::size_t part, Instant now)
{
    const auto& item = answer.items[part];
    const auto outcome = classify(item, answer.whole, {Asked::Action::read, {}}, now);
    if (outcome.kind != Outcome::Kind::applied) return to_error(outcome, what);
    return parse_object(item.answers.back(), {Asked::Action::read, {}}, what, now);
}

bool names_no_table(const ItemAnswer& item)
{
    return item.state == ItemAnswer::State::answered && item.answers.back().status == 404 &&
           odata::parse_error_body(item.answers.back()).form == odata::ErrorBody::Form::json;
}

// Details are a comfort; a passing fault still fails the whole, so that they are not lost for good.
bool can_do_without(const Error& error)
{
    return error.kind == ErrorKind::park || error.kind == ErrorKind::refuse;
}

} // namespace

bool has_parties(const Table& table)
{
    return table.column(parties_column) != nullptr;
}

std::vector<BatchItem> metadata_items(std::string_view table)
{
    assert(is_identifier(table));
    const auto base = "EntityDefinitions(LogicalName='" + std::string(table) + "')";
    const auto attributes = base + "/Attributes/Microsoft.Dynamics.CRM.";
    constexpr std::string_view choices = "?$select=LogicalName&$expand=OptionSet";
    std::vector<BatchItem> items(parts);
    items[definition] = read_item(
        base +
        "?$select=LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,ChangeTrackingEnabled,"
        "IsOptimisticConcurrencyEnabled,IsActivity,DisplayName&$expand=Attributes($select=LogicalName,"
        "AttributeType,AttributeTypeName,IsValidForCreate,IsValidForRead,IsValidForUpdate,RequiredLevel,"
        "AttributeOf,DisplayName)");
    items[relationships] =
        read_item(base + "/ManyToOneRelationships?$select=ReferencingAttribute,ReferencedEntity,"
                         "ReferencingEntityNavigationPropertyName");
    items[strings] = read_item(attributes + "StringAttributeMetadata?$select=LogicalName,MaxLength");
    items[memos] = read_item(attributes + "MemoAttributeMetadata?$select=LogicalName,MaxLength");
    items[picklists] =
        read_item(attributes + "PicklistAttributeMetadata" + std::string(choices) + ",GlobalOptionSet");
    items[states] = read_item(attributes + "StateAttributeMetadata" + std::string(choices));
    items[statuses] = read_item(attributes + "StatusAttributeMetadata" + std::string(choices));
    items[multi_picklists] = read_item(attributes + "MultiSelectPicklistAttributeMetadata" +
                                       std::string(choices) + ",GlobalOptionSet");
    items[dates] = read_item(attributes + "DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior");
    return items;
}

Result<Table> parse_metadata(std::string_view name, const BatchAnswer& answer, Instant now)
{
    if (answer.items.size() != parts) return bad_answer(what, "it has not one part for each question");
    const auto object = part_object(answer, definition, now);
    if (!object) {
        if (!names_no_table(answer.items[definition])) return object.error();
        return Error{ErrorKind::refuse, "server.unknown_table",
                     "the organization has no table \"" + std::string(name) + "\""};
    }
    auto table = read_definition(name, *object);
    if (!table) return table;
    const auto related = part_object(answer, relationships, now);
    if (!related) return related.error();
    const auto* related_rows = array_at(*related, "value");
    if (!related_rows) return bad_answer(what, "the relationships of " + table->name + " are no list");
    read_relationships(*related_rows, *table);
    for (std::size_t part = strings; part < parts; ++part) {
        const auto detail = part_object(answer, part, now);
        if (!detail && !can_do_without(detail.error())) return detail.error();
        const auto* rows = detail ? array_at(*detail, "value") : nullptr;
        if (rows) read_detail(static_cast<Part>(part), *rows, *table);
    }
    return table;
}

http::Request entity_sets(const Service& service, const Guid& request_id)
{
    return get(service, "EntityDefinitions?$select=LogicalName,EntitySetName", request_id);
}

Result<EntitySets> parse_entity_sets(const http::Answer& answer, Instant now)
{
    constexpr std::string_view listing = "list its tables";
    const auto object = parse_object(answer, {Asked::Action::read, {}}, listing, now);
    if (!object) return object.error();
    const auto* rows = array_at(*object, "value");
    if (!rows) return bad_answer(listing, "it has no list");
    EntitySets sets;
    for (const auto& entry : *rows) {
        const auto* row = entry.if_object();
        if (!row) continue;
        const auto table = text_at(*row, "LogicalName");
        const auto set = text_at(*row, "EntitySetName");
        if (is_identifier(table) && is_wire_identifier(set)) sets.emplace(table, set);
    }
    return sets;
}

std::string metadata_version(const http::Answer& answer)
{
    constexpr std::string_view name = "\"@Microsoft.Dynamics.CRM.globalmetadataversion\":\"";
    const auto at = answer.body.find(name);
    if (at == std::string::npos) return {};
    const auto start = at + name.size();
    const auto end = answer.body.find('"', start);
    return end == std::string::npos || end - start > 64 ? std::string()
                                                        : answer.body.substr(start, end - start);
}

} // namespace hawser::dataverse

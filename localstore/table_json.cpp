#include "localstore/table_json.h"

#include "localstore/error_codes.h"

#include <boost/json.hpp>

#include <array>

namespace hawser::localstore {
namespace {

namespace json = boost::json;

// In the order of the enumeration.
constexpr std::array<std::string_view, 15> column_types{
    "text",   "memo",         "integer", "big_integer", "decimal", "boolean", "date_time", "date",
    "choice", "multi_choice", "state",   "status",      "lookup",  "guid",    "parties"};

json::string_view view(std::string_view text)
{
    return {text.data(), text.size()};
}

json::object encode(const Column& column)
{
    json::object object;
    object["name"] = view(column.name);
    object["type"] = view(to_text(column.type));
    object["label"] = view(column.label);
    object["required"] = column.required;
    object["creatable"] = column.creatable;
    object["updatable"] = column.updatable;
    if (!column.offered) object["offered"] = false;
    object["max_length"] = column.max_length;
    json::array choices;
    for (const Choice& choice : column.choices) {
        json::object entry;
        entry["value"] = choice.value;
        entry["label"] = view(choice.label);
        if (choice.state) entry["state"] = *choice.state;
        if (choice.default_status) entry["default_status"] = *choice.default_status;
        choices.push_back(std::move(entry));
    }
    if (!choices.empty()) object["choices"] = std::move(choices);
    json::array targets;
    for (const LookupTarget& target : column.targets) {
        json::object entry;
        entry["table"] = view(target.table);
        entry["navigation_property"] = view(target.navigation_property);
        targets.push_back(std::move(entry));
    }
    if (!targets.empty()) object["targets"] = std::move(targets);
    return object;
}

std::string text(const json::object& object, std::string_view name)
{
    return json::value_to<std::string>(object.at(view(name)));
}

Column decode_column(const json::object& object)
{
    Column column;
    column.name = text(object, "name");
    const std::string type = text(object, "type");
    const auto* found = std::find(column_types.begin(), column_types.end(), type);
    if (found == column_types.end()) throw std::invalid_argument(type);
    column.type = static_cast<ColumnType>(found - column_types.begin());
    column.label = text(object, "label");
    column.required = object.at("required").as_bool();
    column.creatable = object.at("creatable").as_bool();
    column.updatable = object.at("updatable").as_bool();
    column.offered = object.find("offered") == object.end();
    column.max_length = object.at("max_length").as_int64();
    if (const auto* choices = object.if_contains("choices")) {
        for (const auto& entry : choices->as_array()) {
            Choice choice{entry.at("value").as_int64(), text(entry.as_object(), "label"), std::nullopt};
            if (const auto* state = entry.as_object().if_contains("state")) choice.state = state->as_int64();
            if (const auto* status = entry.as_object().if_contains("default_status"))
                choice.default_status = status->as_int64();
            column.choices.push_back(std::move(choice));
        }
    }
    if (const auto* targets = object.if_contains("targets"))
        for (const auto& entry : targets->as_array())
            column.targets.push_back(
                {text(entry.as_object(), "table"), text(entry.as_object(), "navigation_property")});
    return column;
}

Table decode(const json::object& object)
{
    Table table;
    table.name = text(object, "name");
    table.entity_set = text(object, "entity_set");
    table.primary_id = text(object, "primary_id");
    table.primary_name = text(object, "primary_name");
    table.label = text(object, "label");
    table.is_activity = object.at("is_activity").as_bool();
    table.change_tracking = object.at("change_tracking").as_bool();
    table.optimistic_concurrency = object.at("optimistic_concurrency").as_bool();
    for (const auto& column : object.at("columns").as_array())
        table.columns.push_back(decode_column(column.as_object()));
    return table;
}

} // namespace

std::string_view to_text(ColumnType type)
{
    return column_types.at(static_cast<std::size_t>(type));
}

std::string encode_table(const Table& table)
{
    json::object object;
    object["name"] = view(table.name);
    object["entity_set"] = view(table.entity_set);
    object["primary_id"] = view(table.primary_id);
    object["primary_name"] = view(table.primary_name);
    object["label"] = view(table.label);
    object["is_activity"] = table.is_activity;
    object["change_tracking"] = table.change_tracking;
    object["optimistic_concurrency"] = table.optimistic_concurrency;
    json::array columns;
    for (const Column& column : table.columns) columns.push_back(encode(column));
    object["columns"] = std::move(columns);
    return json::serialize(object);
}

Result<Table> decode_table(std::string_view stored)
{
    // boost::json reports a wrong shape by exceptions; this is where they stop.
    try {
        return decode(json::parse(view(stored)).as_object());
    } catch (const std::exception&) {
        return Error{ErrorKind::stop, std::string(code::corrupt),
                     "The stored metadata of a table cannot be read. Run `hawser repair`."};
    }
}

} // namespace hawser::localstore

#include "tools/hawser/json_value.h"

#include "tools/hawser/exit_code.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace hawser::cli {

namespace {

namespace json = boost::json;

/// The text of a member, or nothing when it is absent or no text.
std::optional<std::string> text_member(const json::object& object, std::string_view name)
{
    const json::value* member = object.if_contains(name);
    if (!member || !member->is_string()) return {};
    return std::string(member->as_string());
}

std::optional<Value> read_lookup(const json::object& object)
{
    const auto table = text_member(object, "table");
    const auto id_text = text_member(object, "id");
    const auto id = id_text ? Guid::parse(*id_text) : std::nullopt;
    if (!table || !id) return {};
    return Value(Lookup{*table, *id});
}

std::optional<Value> read_collection(const json::array& array)
{
    Collection collection;
    for (const json::value& member : array) {
        const json::object* element = member.if_object();
        const auto key = element ? text_member(*element, "key") : std::nullopt;
        const json::value* value = element ? element->if_contains("value") : nullptr;
        if (!key || !value) return {};
        collection.elements.push_back({*key, json::serialize(*value)});
    }
    // Through the participants, so that keys are sorted and values canonical.
    const auto parties = collection_to_parties(collection);
    if (!parties) return {};
    return Value(parties_to_collection(*parties));
}

std::optional<Value> read_shape(const Column& column, const json::value& parsed, std::string_view text)
{
    if (parsed.is_null()) return Value{};
    if (parsed.is_bool()) return Value(parsed.as_bool());
    // The digits as typed: a double would round them.
    if (parsed.is_number() && column.type == ColumnType::decimal) return Value(Decimal{std::string(text)});
    if (parsed.is_int64()) return Value(parsed.as_int64());
    if (parsed.is_string() && column.type == ColumnType::decimal)
        return Value(Decimal{std::string(parsed.as_string())});
    if (parsed.is_string()) return Value(std::string(parsed.as_string()));
    if (const auto* object = parsed.if_object(); object && column.type == ColumnType::lookup)
        return read_lookup(*object);
    if (const auto* array = parsed.if_array(); array && column.type == ColumnType::parties)
        return read_collection(*array);
    return {};
}

} // namespace

Result<Value> read_json_value(const Column& column, std::string_view text, const Table& table)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
    boost::system::error_code fault;
    const json::value parsed = json::parse(text, fault);
    if (fault)
        return usage_error(fmt::format("{}.{}: what stands behind := is not JSON ({}); text needs quotes",
                                       table.name, column.name, fault.message()));
    auto value = read_shape(column, parsed, text);
    if (!value)
        return usage_error(
            fmt::format("{}.{} cannot hold {}", table.name, column.name, json::serialize(parsed)));
    return *std::move(value);
}

} // namespace hawser::cli

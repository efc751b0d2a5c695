#include "tools/server/core/metadata_answers.h"

#include "tools/server/core/metadata_json.h"
#include "tools/server/core/query.h"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <mutex>

namespace hawser::server {
namespace {

namespace json = boost::json;

std::string_view text_in(const json::value& value)
{
    return value.is_string() ? std::string_view(value.get_string().data(), value.get_string().size())
                             : std::string_view{};
}

const json::value* at_path(const json::object& object, std::string_view path)
{
    const auto slash = path.find('/');
    const json::value* value = object.if_contains({path.data(), std::min(slash, path.size())});
    if (!value || slash == std::string_view::npos) return value;
    return value->is_object() ? at_path(value->get_object(), path.substr(slash + 1)) : nullptr;
}

bool equals_literal(const json::value& value, std::string_view literal)
{
    const auto quote = literal.find('\'');
    if (quote != std::string_view::npos && literal.back() == '\'' && literal.size() > quote + 1)
        return text_in(value) == literal.substr(quote + 1, literal.size() - quote - 2);
    if (value.is_bool()) return literal == (value.get_bool() ? "true" : "false");
    if (value.is_null()) return literal == "null";
    return json::serialize(value) == literal;
}

/// Splits at " and " or " or " outside of quotes and parentheses.
std::vector<std::string_view> split_word(std::string_view text, std::string_view word)
{
    std::vector<std::string_view> parts;
    std::size_t start = 0;
    int depth = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\'') quoted = !quoted;
        if (quoted) continue;
        if (text[at] == '(') ++depth;
        if (text[at] == ')') --depth;
        if (depth > 0 || text.substr(at, word.size()) != word) continue;
        parts.push_back(trim(text.substr(start, at - start)));
        start = at + word.size();
    }
    parts.push_back(trim(text.substr(start)));
    return parts;
}

/// The few conditions that metadata queries use: eq and ne, joined by and, or, parentheses.
bool meets(const json::object& object, std::string_view filter, int level = 0)
{
    filter = trim(filter);
    if (filter.empty() || level > 32) return true;
    const auto any = split_word(filter, " or ");
    if (any.size() > 1)
        return std::any_of(any.begin(), any.end(), [&](auto part) { return meets(object, part, level + 1); });
    const auto all = split_word(filter, " and ");
    if (all.size() > 1)
        return std::all_of(all.begin(), all.end(), [&](auto part) { return meets(object, part, level + 1); });
    if (filter.front() == '(' && filter.back() == ')')
        return meets(object, filter.substr(1, filter.size() - 2), level + 1);
    for (const std::string_view word : {" eq ", " ne "}) {
        const auto at = filter.find(word);
        if (at == std::string_view::npos) continue;
        const json::value* value = at_path(object, trim(filter.substr(0, at)));
        return value && equals_literal(*value, trim(filter.substr(at + word.size()))) == (word == " eq ");
    }
    return false;
}

json::object selected(const json::object& whole, std::string_view select)
{
    if (trim(select).empty()) return whole;
    json::object some;
    for (const char* always : {"@odata.type", "MetadataId"})
        if (const json::value* value = whole.if_contains(always)) some[always] = *value;
    for (const std::string_view name : split_outside(select, ','))
        if (const json::value* value = whole.if_contains({name.data(), name.size()}))
            some[json::string_view(name.data(), name.size())] = *value;
    return some;
}

struct Options {
    std::string select;
    std::string filter;
    std::string expand;
};

Options options_of(const QueryOptions& list)
{
    Options options;
    for (const auto& [name, value] : list) {
        if (name == "$select") options.select = value;
        if (name == "$filter") options.filter = value;
        if (name == "$expand") options.expand = value;
    }
    return options;
}

struct Expanded {
    std::string name;
    Options options;
};

std::vector<Expanded> expansions_of(std::string_view expand)
{
    std::vector<Expanded> list;
    for (const std::string_view part : split_outside(expand, ',')) {
        if (part.empty()) continue;
        const auto open = part.find('(');
        Expanded one{std::string(part.substr(0, open)), {}};
        QueryOptions options;
        if (open != std::string_view::npos && part.back() == ')')
            for (const std::string_view option :
                 split_outside(part.substr(open + 1, part.size() - open - 2), ';')) {
                const auto equals = option.find('=');
                if (equals != std::string_view::npos)
                    options.emplace_back(trim(option.substr(0, equals)), trim(option.substr(equals + 1)));
            }
        one.options = options_of(options);
        list.push_back(std::move(one));
    }
    return list;
}

/// Made once: the tables of the catalogue never change.
const json::object& described(const Table& table, const Column& column)
{
    static std::mutex mutex;
    static std::map<const Column*, json::object> made;
    const std::lock_guard lock(mutex);
    const auto found = made.find(&column);
    return found != made.end() ? found->second
                               : made.emplace(&column, column_json(table, column)).first->second;
}

json::object column_answer(const Table& table, const Column& column, const Options& options)
{
    json::object object = selected(described(table, column), options.select);
    for (const Expanded& expanded : expansions_of(options.expand)) {
        if (expanded.name == "OptionSet") {
            object["OptionSet"] = selected(option_set_json(table, column), expanded.options.select);
        } else if (expanded.name == "GlobalOptionSet") {
            object["GlobalOptionSet"] = nullptr;
        }
    }
    return object;
}

/// Every column that fits: of a derived type when `cast` names one, and meeting the filter.
json::array columns_answer(const Table& table, std::string_view cast, const Options& options)
{
    json::array list;
    for (const Column& column : table.columns) {
        if (!cast.empty() && cast != metadata_type(column)) continue;
        if (!options.filter.empty() && !meets(described(table, column), options.filter)) continue;
        list.push_back(column_answer(table, column, options));
    }
    return list;
}

json::array selected_list(const json::array& whole, const Options& options)
{
    json::array list;
    for (const json::value& one : whole)
        if (meets(one.get_object(), options.filter))
            list.push_back(selected(one.get_object(), options.select));
    return list;
}

json::array related(const Call& call, const Table& table, std::string_view name, const Options& options)
{
    if (name == "Attributes") return columns_answer(table, {}, options);
    if (name == "ManyToOneRelationships")
        return selected_list(many_to_one_json(table, call.world.catalogue), options);
    if (name == "OneToManyRelationships")
        return selected_list(one_to_many_json(table, call.world.catalogue), options);
    return {}; // Keys and ManyToManyRelationships: there are none
}

bool is_related(std::string_view name)
{
    return name == "Attributes" || name == "ManyToOneRelationships" || name == "OneToManyRelationships" ||
           name == "ManyToManyRelationships" || name == "Keys";
}

json::object table_answer(const Call& call, const Table& table, const Options& options)
{
    json::object object = selected(table_json(call, table), options.select);
    for (const Expanded& expanded : expansions_of(options.expand))
        if (is_related(expanded.name))
            object[expanded.name] = related(call, table, expanded.name, expanded.options);
    return object;
}

Answer list_answer(const Call& call, const std::string& context, json::array list)
{
    const json::object body = {{"@odata.context", call.root + "$metadata#" + context},
                               {"value", std::move(list)}};
    return json_answer(200, json::serialize(body));
}

Answer object_answer(const Call& call, const std::string& context, const json::object& object)
{
    json::object body = {{"@odata.context", call.root + "$metadata#" + context}};
    for (const auto& member : object) body[member.key()] = member.value();
    return json_answer(200, json::serialize(body));
}

/// LogicalName='email', 'email' or a MetadataId.
template <class Matches>
auto find_by_key(const std::string& key, Matches&& by_name) -> decltype(by_name(std::string_view{}))
{
    std::string_view text = key;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) text = trim(text.substr(equals + 1));
    if (text.size() >= 2 && text.front() == '\'') text = text.substr(1, text.size() - 2);
    return by_name(text);
}

Answer attributes_answer(const Call& call, const Table& table, const Options& options)
{
    constexpr std::string_view names_space = "Microsoft.Dynamics.CRM.";
    const std::vector<Segment>& path = call.address.path;
    const std::string context = "EntityDefinitions('" + table.name + "')/Attributes";
    std::string_view cast;
    if (path.size() > 2 && path.back().name.rfind(names_space, 0) == 0)
        cast = std::string_view(path.back().name).substr(names_space.size());
    if (!path[1].key) return list_answer(call, context, columns_answer(table, cast, options));
    const Column* column = find_by_key(*path[1].key, [&](std::string_view name) -> const Column* {
        for (const Column& one : table.columns)
            if (one.name == name ||
                described(table, one).at("MetadataId") == json::string_view(name.data(), name.size()))
                return &one;
        return nullptr;
    });
    if (!column)
        return refuse(call, {404, "0x80060888", "Could not find the attribute '" + *path[1].key + "'."});
    if (path.size() > 2 && path.back().name == "OptionSet")
        return object_answer(call, context + "/OptionSet", option_set_json(table, *column));
    return object_answer(call, context + "/$entity", column_answer(table, *column, options));
}

Answer new_answer(const Call& call)
{
    const std::vector<Segment>& path = call.address.path;
    const Options options = options_of(call.address.options);
    if (!path[0].key) {
        json::array list;
        for (const Table& table : call.world.catalogue.tables())
            if (options.filter.empty() || meets(table_json(call, table), options.filter))
                list.push_back(table_answer(call, table, options));
        return list_answer(call, "EntityDefinitions", std::move(list));
    }
    const Table* table = find_by_key(*path[0].key, [&](std::string_view name) -> const Table* {
        if (const Table* found = call.world.catalogue.table(name)) return found;
        for (const Table& one : call.world.catalogue.tables())
            if (table_json(call, one)["MetadataId"] == json::string_view(name.data(), name.size()))
                return &one;
        return nullptr;
    });
    if (!table)
        return refuse(call,
                      {404, "0x80060888", "Could not find an entity with the key " + *path[0].key + "."});
    if (path.size() == 1)
        return object_answer(call, "EntityDefinitions/$entity", table_answer(call, *table, options));
    if (path[1].name == "Attributes") return attributes_answer(call, *table, options);
    if (!is_related(path[1].name)) return refuse(call, resource_absent(path[1].name));
    return list_answer(call, "EntityDefinitions('" + table->name + "')/" + path[1].name,
                       related(call, *table, path[1].name, options));
}

/// Definitions are long and asked for in the same words again and again.
constexpr std::size_t most_kept_answers = 100;

/// All that an answer follows from, apart from the settings.
std::string question(const Call& call)
{
    std::string text = call.root;
    for (const Segment& segment : call.address.path)
        text += '/' + segment.name + (segment.key ? '(' + *segment.key + ')' : std::string());
    for (const auto& [name, value] : call.address.options) text += '&' + name + '=' + value;
    return text;
}

} // namespace

bool is_metadata_set(std::string_view name)
{
    return name == "EntityDefinitions";
}

Answer metadata_answer(const Call& call)
{
    if (call.method != "GET") return refuse(call, method_refused(call.method));
    auto& kept = call.world.metadata_answers;
    std::string asked = question(call);
    if (const auto found = kept.find(asked); found != kept.end()) return found->second;
    Answer answer = new_answer(call);
    if (kept.size() >= most_kept_answers) kept.clear();
    return kept.emplace(std::move(asked), std::move(answer)).first->second;
}

Answer service_document(const Call& call)
{
    json::array list;
    for (const Table& table : call.world.catalogue.tables())
        list.push_back(json::object{{"name", table.set}, {"kind", "EntitySet"}, {"url", table.set}});
    return list_answer(call, "", std::move(list));
}

Answer metadata_document(const Call& call)
{
    const auto edm = [](const Column& column) {
        switch (column.kind) {
        case Kind::integer:
        case Kind::choice:
        case Kind::state:
        case Kind::status:
            return "Edm.Int32";
        case Kind::big_integer:
            return "Edm.Int64";
        case Kind::decimal:
        case Kind::money:
            return "Edm.Decimal";
        case Kind::boolean:
            return "Edm.Boolean";
        case Kind::date_time:
            return "Edm.DateTimeOffset";
        case Kind::date:
            return "Edm.Date";
        case Kind::lookup:
        case Kind::guid:
            return "Edm.Guid";
        default:
            return "Edm.String";
        }
    };
    std::string types, sets;
    for (const Table& table : call.world.catalogue.tables()) {
        types += "<EntityType Name=\"" + table.name + "\"><Key><PropertyRef Name=\"" + table.primary_id +
                 "\"/></Key>";
        for (const Column& column : table.columns) {
            if (column.kind == Kind::parties || !column.readable) continue;
            types += "<Property Name=\"" + column.property + "\" Type=\"" + edm(column) + "\"/>";
            for (const Target& target : column.targets)
                if (column.target(target.table) == &target)
                    types += "<NavigationProperty Name=\"" + target.navigation + "\" Type=\"mscrm." +
                             target.table + "\" Nullable=\"true\"/>";
        }
        for (const CollectionProperty& collection : table.collections)
            types += "<NavigationProperty Name=\"" + collection.name + "\" Type=\"Collection(mscrm." +
                     collection.table + ")\"/>";
        types += "</EntityType>";
        sets += "<EntitySet Name=\"" + table.set + "\" EntityType=\"Microsoft.Dynamics.CRM." + table.name +
                "\"/>";
    }
    Answer answer = empty_answer(200);
    answer.headers.emplace_back("Content-Type", "application/xml");
    answer.body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"4.0\" "
                  "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices><Schema "
                  "Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" "
                  "xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">" +
                  types + "<EntityContainer Name=\"System\">" + sets +
                  "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>";
    return answer;
}

} // namespace hawser::server

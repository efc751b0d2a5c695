#include "tools/server/core/query.h"

#include "tools/server/core/access.h"
#include "tools/server/core/json_text.h"

#include <charconv>

namespace hawser::server {
namespace {

constexpr std::size_t most_expanded_rows = 5000;

Refusal unknown_property(const Table& table, std::string_view name)
{
    return bad_query("Could not find a property named '" + std::string(name) +
                     "' on type 'Microsoft.Dynamics.CRM." + table.name + "'.");
}

Outcome<std::vector<OrderKey>> parse_order(const Table& table, std::string_view text)
{
    std::vector<OrderKey> keys;
    for (const std::string_view part : split_outside(text, ',')) {
        const auto blank = part.find(' ');
        const std::string_view direction =
            blank == std::string_view::npos ? std::string_view{} : trim(part.substr(blank));
        OrderKey key;
        key.column = table.property(part.substr(0, blank));
        if (!key.column || !key.column->readable) return unknown_property(table, part.substr(0, blank));
        if (direction != "" && direction != "asc" && direction != "desc")
            return bad_query("Syntax error in $orderby at '" + std::string(direction) + "'.");
        key.descending = direction == "desc";
        keys.push_back(key);
    }
    return keys;
}

Outcome<std::size_t> parse_size(const std::string& name, std::string_view text)
{
    std::size_t size = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), size);
    if (text.empty() || end.ptr != text.data() + text.size())
        return bad_query("Invalid value '" + std::string(text) + "' for " + name + " query option found.");
    return size;
}

Outcome<Expansion> parse_expansion(const Call& call, const Table& table, std::string_view part, int levels)
{
    const auto open = part.find('(');
    Expansion expansion;
    expansion.name = trim(part.substr(0, open));
    QueryOptions options;
    if (open != std::string_view::npos && part.back() == ')') {
        for (const std::string_view option :
             split_outside(part.substr(open + 1, part.size() - open - 2), ';')) {
            const auto equals = option.find('=');
            if (equals == std::string_view::npos) continue;
            options.emplace_back(trim(option.substr(0, equals)), trim(option.substr(equals + 1)));
        }
    }
    const Table* target = nullptr;
    if ((expansion.lookup = table.navigation(expansion.name)) != nullptr) {
        for (const Target& one : expansion.lookup->targets)
            if (one.navigation == expansion.name && !target) target = call.world.catalogue.table(one.table);
    } else if ((expansion.collection = table.collection(expansion.name)) != nullptr) {
        target = call.world.catalogue.table(expansion.collection->table);
    }
    if (!target) return unknown_property(table, expansion.name);
    if (levels == 0) return bad_query("The $expand is nested too deeply.");
    Outcome<Query> inner = make_query(call, *target, options, levels - 1);
    if (!inner) return inner.refusal();
    expansion.inner = std::make_shared<Query>(std::move(*inner));
    return expansion;
}

std::optional<Refusal> read_option(const Call& call, Query& query, const std::string& name,
                                   const std::string& value, int levels)
{
    if (name == "$filter") {
        Outcome<Condition> condition = parse_condition(*query.table, value, call.identity());
        if (!condition) return condition.refusal();
        query.condition = std::move(*condition);
    } else if (name == "$orderby") {
        Outcome<std::vector<OrderKey>> order = parse_order(*query.table, value);
        if (!order) return order.refusal();
        query.order = std::move(*order);
    } else if (name == "$top") {
        Outcome<std::size_t> top = parse_size(name, value);
        if (!top) return top.refusal();
        query.top = *top;
    } else if (name == "$count") {
        if (value != "true" && value != "false")
            return bad_query("Invalid value '" + value + "' for $count query option found.");
        query.count = value == "true";
    } else if (name == "$expand") {
        for (const std::string_view part : split_outside(value, ',')) {
            Outcome<Expansion> expansion = parse_expansion(call, *query.table, part, levels);
            if (!expansion) return expansion.refusal();
            query.expansions.push_back(std::move(*expansion));
        }
    } else if (!name.empty() && name.front() == '$' && name != "$select" && name != "$skiptoken" &&
               name != "$deltatoken" && name != "$format") {
        return bad_query("The query parameter " + name + " is not supported.");
    }
    return std::nullopt;
}

void write_collection(std::string& out, const Call& call, const Expansion& expansion, const Table& parent,
                      const Row& row)
{
    const Query& inner = *expansion.inner;
    const Column* lookup = inner.table->column(expansion.collection->column);
    const std::size_t most = std::min(inner.top.value_or(most_expanded_rows), most_expanded_rows);
    std::size_t written = 0;
    out += '[';
    for (Cursor cursor = call.storage().by_parent(*inner.table, row.id); written < most && cursor.next();) {
        const Row child = cursor.row();
        const auto bytes = find_value(child.body, lookup->ordinal);
        if (!bytes || reference_of(*bytes).code != parent.code) continue;
        if (inner.condition && !holds(*inner.condition, child, call.identity())) continue;
        if (inner.table->ownership != Ownership::none && !reaches(call, Verb::read, *inner.table, child))
            continue;
        if (written++ > 0) out += ',';
        write_row(out, call, inner, child);
    }
    out += ']';
}

void write_target(std::string& out, const Call& call, const Expansion& expansion, const Row& row)
{
    const Query& inner = *expansion.inner;
    const auto bytes = find_value(row.body, expansion.lookup->ordinal);
    const Reference reference = bytes ? reference_of(*bytes) : Reference{};
    std::optional<StoredRow> target;
    if (reference.code == inner.table->code) target = call.storage().find(*inner.table, reference.id);
    if (!target || !reaches(call, Verb::read, *inner.table, target->view())) {
        out += "null";
        return;
    }
    write_row(out, call, inner, target->view());
}

} // namespace

Outcome<Query> make_query(const Call& call, const Table& table, const QueryOptions& options, int levels)
{
    std::string_view select;
    for (const auto& [name, value] : options)
        if (name == "$select") select = value;
    Outcome<Projection> projection = Projection::make(call.world, table, select);
    if (!projection) return projection.refusal();
    projection->annotate(call.preferences.annotations);
    Query query{&table, std::move(*projection)};
    for (const auto& [name, value] : options)
        if (auto refusal = read_option(call, query, name, value, levels)) return *refusal;
    return query;
}

void write_row(std::string& out, const Call& call, const Query& query, const Row& row)
{
    query.projection.write(out, call, row);
    for (const Expansion& expansion : query.expansions) {
        out += ",\"" + expansion.name + "\":";
        if (expansion.collection) {
            write_collection(out, call, expansion, *query.table, row);
        } else {
            write_target(out, call, expansion, row);
        }
    }
    out += '}';
}

std::string context_of(const Query& query)
{
    std::string context = query.projection.context();
    if (query.expansions.empty()) return context;
    std::string inner;
    for (const Expansion& expansion : query.expansions) {
        if (!inner.empty()) inner += ',';
        const std::string nested = context_of(*expansion.inner);
        inner += expansion.name + (nested.empty() ? "()" : nested);
    }
    if (context.empty()) return "(" + inner + ")";
    context.back() = ',';
    return context + inner + ")";
}

} // namespace hawser::server

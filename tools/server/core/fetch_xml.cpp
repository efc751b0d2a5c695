#include "tools/server/core/fetch_xml.h"

#include "tools/server/core/access.h"
#include "tools/server/core/json_text.h"
#include "tools/server/core/read.h"
#include "tools/server/core/token.h"
#include "tools/server/core/xml.h"

#include <charconv>
#include <map>

namespace hawser::server {
namespace {

constexpr std::size_t most_simple_rows = 50000;
constexpr std::string_view token_purpose = "fetch ";

Refusal invalid_fetch(std::string message)
{
    return {400, "0x80041103", std::move(message)};
}

std::size_t number_or(const XmlElement& element, std::string_view name, std::size_t otherwise)
{
    const std::string* text = element.attribute(name);
    std::size_t number = otherwise;
    if (text) std::from_chars(text->data(), text->data() + text->size(), number);
    return number;
}

Condition negated(Condition condition)
{
    Condition whole;
    whole.kind = Condition::Kind::negation;
    whole.parts.push_back(std::move(condition));
    return whole;
}

/// like '%x%', 'x%' or '%x'; a pattern without % is an equality.
Condition like(const Column& column, std::string_view pattern)
{
    Condition condition;
    condition.column = &column;
    const bool open_start = !pattern.empty() && pattern.front() == '%';
    const bool open_end = pattern.size() > 1 && pattern.back() == '%';
    condition.kind = open_start && open_end ? Condition::Kind::contains
                     : open_end             ? Condition::Kind::starts_with
                     : open_start           ? Condition::Kind::ends_with
                                            : Condition::Kind::comparison;
    if (open_start) pattern.remove_prefix(1);
    if (open_end) pattern.remove_suffix(1);
    condition.operands.push_back({Comparable::Type::text, 0, lower(pattern)});
    return condition;
}

std::vector<std::string> condition_values(const XmlElement& element)
{
    std::vector<std::string> values;
    if (const std::string* value = element.attribute("value")) values.push_back(*value);
    for (const XmlElement& child : element.children)
        if (child.name == "value") values.emplace_back(trim(child.text));
    return values;
}

Outcome<Condition> simple_condition(const Call& call, const Table& table, const Column& column,
                                    const std::string& word, const std::vector<std::string>& values)
{
    static const std::map<std::string, Compare, std::less<>> comparisons = {
        {"eq", Compare::eq}, {"ne", Compare::ne},          {"neq", Compare::ne},
        {"gt", Compare::gt}, {"ge", Compare::ge},          {"lt", Compare::lt},
        {"le", Compare::le}, {"on-or-after", Compare::ge}, {"on-or-before", Compare::le},
        {"on", Compare::eq}};
    Condition condition;
    condition.column = &column;
    condition.kind = Condition::Kind::comparison;
    if (word == "null" || word == "not-null") {
        condition.compare = word == "null" ? Compare::eq : Compare::ne;
        condition.operands.emplace_back();
        return condition;
    }
    if (word == "eq-userid" || word == "ne-userid") {
        condition.compare = word == "eq-userid" ? Compare::eq : Compare::ne;
        condition.operands.push_back({Comparable::Type::text, 0, guid_bytes(call.account.user.id)});
        return condition;
    }
    if (values.empty()) return invalid_fetch("The condition on '" + column.name + "' needs a value.");
    if (word == "like") return like(column, values[0]);
    if (word == "not-like") return negated(like(column, values[0]));
    if (word == "begins-with") return like(column, values[0] + "%");
    if (word == "ends-with") return like(column, "%" + values[0]);
    for (const std::string& value : values) {
        Outcome<Comparable> operand = comparable_operand(table, column, value);
        if (!operand) return operand.refusal();
        condition.operands.push_back(std::move(*operand));
    }
    if (word == "in" || word == "not-in") {
        condition.kind = Condition::Kind::in;
        if (word == "in") return condition;
        return negated(std::move(condition));
    }
    const auto found = comparisons.find(word);
    if (found == comparisons.end()) return invalid_fetch("The operator '" + word + "' is not supported.");
    condition.compare = found->second;
    return condition;
}

Outcome<Condition> read_filter(const Call& call, const Table& table, const XmlElement& element)
{
    Condition whole;
    const std::string* type = element.attribute("type");
    whole.kind = type && *type == "or" ? Condition::Kind::any : Condition::Kind::all;
    for (const XmlElement& child : element.children) {
        if (child.name == "filter") {
            Outcome<Condition> inner = read_filter(call, table, child);
            if (!inner) return inner.refusal();
            whole.parts.push_back(std::move(*inner));
        } else if (child.name == "condition") {
            const std::string* name = child.attribute("attribute");
            const std::string* word = child.attribute("operator");
            const Column* column = name ? table.column(*name) : nullptr;
            if (!column || !word)
                return invalid_fetch("'" + table.name + "' entity doesn't contain attribute with Name = '" +
                                     (name ? *name : "") + "'.");
            Outcome<Condition> one = simple_condition(call, table, *column, *word, condition_values(child));
            if (!one) return one.refusal();
            whole.parts.push_back(std::move(*one));
        }
    }
    if (whole.parts.empty()) whole.kind = Condition::Kind::all;
    return whole;
}

Outcome<Query> read_entity(const Call& call, const Table& table, const XmlElement& entity)
{
    std::vector<const Column*> columns;
    std::vector<OrderKey> order;
    std::optional<Condition> condition;
    for (const XmlElement& child : entity.children) {
        if (child.name == "all-attributes") {
            for (const Column& column : table.columns)
                if (column.readable && column.kind != Kind::parties) columns.push_back(&column);
        } else if (child.name == "attribute" || child.name == "order") {
            const std::string* name = child.attribute(child.name == "order" ? "attribute" : "name");
            const Column* column = name ? table.column(*name) : nullptr;
            if (!column || column->kind == Kind::parties)
                return invalid_fetch("'" + table.name + "' entity doesn't contain attribute with Name = '" +
                                     (name ? *name : "") + "'.");
            const std::string* descending = child.attribute("descending");
            if (child.name == "order") {
                order.push_back({column, descending && *descending == "true"});
            } else {
                columns.push_back(column);
            }
        } else if (child.name == "filter") {
            Outcome<Condition> filter = read_filter(call, table, child);
            if (!filter) return filter.refusal();
            condition = std::move(*filter);
        } else {
            return invalid_fetch("The element '" + child.name + "' of FetchXML is not supported here.");
        }
    }
    Query query{&table, Projection(table, std::move(columns))};
    query.projection.annotate(call.preferences.annotations);
    query.projection.set_nulls(Nulls::omit);
    query.order = std::move(order);
    query.condition = std::move(condition);
    return query;
}

/// The place that an earlier page's cookie names: <cookie page="1"><token last="…" /></cookie>.
std::optional<std::string> cookie_place(const std::string& cookie, const Table& table)
{
    const std::optional<XmlElement> element = parse_xml(cookie);
    const XmlElement* token = element ? element->child("token") : nullptr;
    const std::string* last = token ? token->attribute("last") : nullptr;
    if (!last) return std::nullopt;
    return open_token(*last, std::string(token_purpose) + table.name);
}

std::string cookie_annotation(std::size_t page, const std::string& place, const Table& table)
{
    const std::string inner = "<cookie page=\"" + std::to_string(page) + "\"><token last=\"" +
                              make_token(place, std::string(token_purpose) + table.name) + "\" /></cookie>";
    return "<cookie pagenumber=\"" + std::to_string(page + 1) + "\" pagingcookie=\"" +
           percent_encoded(percent_encoded(inner)) + "\" istracking=\"False\" />";
}

/// Where the wanted page begins: by its cookie, or by walking over the earlier pages.
Outcome<std::string> start_of(const Call& call, const Query& query, const XmlElement& fetch, std::size_t page,
                              std::size_t count)
{
    if (page <= 1) return std::string();
    const std::string* cookie = fetch.attribute("paging-cookie");
    if (cookie && !cookie->empty()) {
        std::optional<std::string> place = cookie_place(*cookie, *query.table);
        if (!place) return invalid_fetch("The paging cookie is not valid.");
        return std::move(*place);
    }
    if (page * count > most_simple_rows)
        return invalid_fetch("Paging without a cookie reaches 50000 rows; use the paging cookie.");
    Outcome<Page> skipped = read_page(call, query, {"", (page - 1) * count}, [](std::string&, const Row&) {});
    if (!skipped) return skipped.refusal();
    return skipped->next_token.empty() ? std::string("end") : std::move(skipped->next_token);
}

} // namespace

Answer fetch_rows(const Call& call, const Table& table)
{
    if (const auto refusal = missing_privilege(call, Verb::read, table)) return refuse(call, *refusal);
    const std::optional<XmlElement> fetch = parse_xml(*call.address.option("fetchXml"));
    const XmlElement* entity = fetch && fetch->name == "fetch" ? fetch->child("entity") : nullptr;
    if (!entity) return refuse(call, invalid_fetch("Malformed FetchXml."));
    const std::string* name = entity->attribute("name");
    if (!name || *name != table.name)
        return refuse(call, invalid_fetch("The entity of the FetchXML is not '" + table.name + "'."));
    if (fetch->attribute("aggregate"))
        return refuse(call, invalid_fetch("Aggregates are not supported here."));
    if (fetch->attribute("top") && (fetch->attribute("page") || fetch->attribute("count")))
        return refuse(call,
                      invalid_fetch("The top attribute can't be specified with paging attribute page."));
    Outcome<Query> query = read_entity(call, table, *entity);
    if (!query) return refuse(call, query.refusal());
    const auto most = static_cast<std::size_t>(call.settings().max_page_size);
    const std::size_t page_number = number_or(*fetch, "page", 1);
    const std::size_t wanted = number_or(*fetch, "count", number_or(*fetch, "top", page_size(call)));
    const std::size_t limit = std::max<std::size_t>(1, std::min(wanted, most));
    Outcome<std::string> start = start_of(call, *query, *fetch, page_number, limit);
    if (!start) return refuse(call, start.refusal());
    Page page;
    if (*start != "end") {
        Outcome<Page> read = read_page(call, *query, {*start, limit}, [&](std::string& out, const Row& row) {
            write_row(out, call, *query, row);
        });
        if (!read) return refuse(call, read.refusal());
        page = std::move(*read);
    }
    std::string extra;
    if (!page.next_token.empty() && !fetch->attribute("top") && call.preferences.annotations.page_facts) {
        extra = ",\"@Microsoft.Dynamics.CRM.fetchxmlpagingcookie\":";
        append_quoted(extra, cookie_annotation(page_number, page.next_token, table));
        extra += ",\"@Microsoft.Dynamics.CRM.morerecords\":true";
    }
    return page_answer(call, table.set, extra, page.rows);
}

} // namespace hawser::server

#include "transport/dataverse/pull.h"

#include "transport/dataverse/json_answer.h"
#include "transport/dataverse/row_plan.h"
#include "transport/dataverse/wire_select.h"
#include "transport/odata/url.h"

#include <boost/json.hpp>

#include <algorithm>

namespace hawser::dataverse {
namespace {

constexpr std::size_t max_page_rows = 5'000;
constexpr std::size_t ids_an_operation = 50;
constexpr std::string_view annotations =
    "odata.include-annotations=\"Microsoft.Dynamics.CRM.lookuplogicalname\"";

std::string preferences(PullMode mode, std::size_t page_rows)
{
    std::string prefer;
    if (mode == PullMode::delta) prefer = "odata.track-changes,";
    prefer += "odata.maxpagesize=" + std::to_string(std::clamp<std::size_t>(page_rows, 1, max_page_rows));
    if (mode != PullMode::sweep) prefer += "," + std::string(annotations);
    return prefer;
}

http::Request page_request(const Service& service, const std::string& path, PullMode mode,
                           std::size_t page_rows, const Guid& request_id)
{
    auto request = get(service, path, request_id);
    request.headers.push_back({"Prefer", preferences(mode, page_rows)});
    return request;
}

BatchItem read_item(std::string path)
{
    Step step;
    step.path = std::move(path);
    return {{std::move(step)}};
}

/// "contactid eq … or contactid eq …", of some of them.
std::string any_of(std::string_view column, std::span<const Guid> ids)
{
    std::string condition;
    for (const Guid& id : ids)
        condition += (condition.empty() ? "" : " or ") + std::string(column) + " eq " + id.text();
    return condition;
}

std::span<const Guid> portion(std::span<const Guid> ids, std::size_t start)
{
    return ids.subspan(start, std::min(ids_an_operation, ids.size() - start));
}

Presence::State presence(const Outcome& outcome)
{
    switch (outcome.kind) {
    case Outcome::Kind::applied:
        return Presence::State::present;
    case Outcome::Kind::gone:
        return Presence::State::gone;
    case Outcome::Kind::access:
    case Outcome::Kind::column_access:
        return Presence::State::no_access;
    default:
        return Presence::State::unknown;
    }
}

/// The participants of many activities, as rows of activityparties.
class PartyRows {
public:
    explicit PartyRows(std::span<const Guid> ids)
    {
        for (const auto& id : ids) by_activity_[id];
    }

    void row(const boost::json::object& object)
    {
        const auto activity = guid_at(object, "_activityid_value");
        const auto found = activity ? by_activity_.find(*activity) : by_activity_.end();
        if (found == by_activity_.end()) return;
        auto& gatherer = found->second;
        gatherer.begin_party();
        for (const auto& [name, value] : object) {
            Slot slot;
            if (value.is_string()) {
                slot.kind = Slot::Kind::text;
                slot.text = value.get_string();
            } else if (value.is_int64()) {
                slot.kind = Slot::Kind::integer;
                slot.integer = value.get_int64();
            }
            gatherer.member(name, slot);
        }
        gatherer.end_party();
    }

    PartyMap map() const
    {
        PartyMap result;
        for (const auto& [id, gatherer] : by_activity_) result.emplace(id, gatherer.collection());
        return result;
    }

private:
    std::map<Guid, PartyGatherer> by_activity_;
};

} // namespace

std::vector<std::string> large_columns(const Table& table, const Layout& layout)
{
    std::vector<std::string> names;
    for (const auto& name : layout.columns) {
        const auto* column = table.column(name);
        if (column && column->type == ColumnType::memo) names.push_back(name);
    }
    return names;
}

http::Request delta_first(const Service& service, const Selection& selection, const Guid& request_id)
{
    const auto path = selection.table.entity_set + "?" +
                      select_option(selection.table, selection.layout, selection.without);
    return page_request(service, path, PullMode::delta, selection.page_rows, request_id);
}

http::Request filter_first(const Service& service, const Selection& selection, std::string_view filter,
                           std::int64_t since, const Guid& request_id)
{
    std::string condition = "versionnumber gt " + std::to_string(since);
    if (!filter.empty()) condition += " and (" + std::string(filter) + ")";
    const auto& table = selection.table;
    const auto path = table.entity_set + "?" + select_option(table, selection.layout, selection.without) +
                      "&$filter=" + odata::encode_option(condition) + "&$orderby=versionnumber%20asc" +
                      expand_option(table, selection.layout, selection.without);
    return page_request(service, path, PullMode::filter, selection.page_rows, request_id);
}

http::Request sweep_first(const Service& service, const Table& table, std::string_view filter,
                          std::size_t page_rows, const Guid& request_id)
{
    auto path = table.entity_set + "?$select=" + table.primary_id;
    if (!filter.empty()) path += "&$filter=" + odata::encode_option(filter);
    path += "&$orderby=" + table.primary_id + "%20asc";
    return page_request(service, path, PullMode::sweep, page_rows, request_id);
}

Result<http::Request> next_page(const Service& service, std::string_view link, PullMode mode,
                                std::size_t page_rows, const Guid& request_id)
{
    auto url = odata::same_service(service.root, link);
    if (!url) return url.error();
    auto request = page_request(service, "", mode, page_rows, request_id);
    request.url = std::move(*url);
    return request;
}

Result<void> check_page(const http::Answer& answer, std::string_view table, Instant now)
{
    const auto outcome = classify(answer, {Asked::Action::pull, {}}, now);
    const auto what = "list " + std::string(table);
    if (outcome.kind != Outcome::Kind::applied) return to_error(outcome, what);
    if (answer.status != 200 || answer.body.empty()) return bad_answer(what, "it is empty");
    return {};
}

std::string etag_of(const http::Answer& answer)
{
    if (const auto* header = answer.header("ETag")) return *header;
    boost::json::error_code failure;
    const auto value = boost::json::parse(answer.body, failure);
    return failure || !value.is_object() ? std::string()
                                         : std::string(text_at(value.get_object(), "@odata.etag"));
}

std::vector<BatchItem> confirm_items(const Table& table, std::span<const Guid> ids)
{
    std::vector<BatchItem> items;
    items.reserve(ids.size());
    for (const auto& id : ids)
        items.push_back(read_item(record_path(table, id) + "?$select=" + table.primary_id));
    return items;
}

std::vector<Presence> parse_confirm(const BatchAnswer& answer, std::span<const Guid> ids, Instant now)
{
    std::vector<Presence> result;
    result.reserve(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        auto& found = result.emplace_back(Presence{ids[i], Presence::State::unknown, {}});
        if (i >= answer.items.size()) continue;
        const auto& item = answer.items[i];
        if (item.state != ItemAnswer::State::answered) continue;
        found.state = presence(classify(item, answer.whole, {Asked::Action::read, ids[i]}, now));
        if (found.state == Presence::State::present) found.etag = etag_of(item.answers.back());
    }
    return result;
}

std::vector<BatchItem> within_items(const Table& table, std::string_view filter, std::span<const Guid> ids)
{
    std::vector<BatchItem> items;
    for (std::size_t start = 0; start < ids.size(); start += ids_an_operation) {
        const std::string condition =
            "(" + any_of(table.primary_id, portion(ids, start)) + ") and (" + std::string(filter) + ")";
        items.push_back(read_item(table.entity_set + "?$select=" + table.primary_id +
                                  "&$filter=" + odata::encode_option(condition)));
    }
    return items;
}

Result<std::set<Guid>> parse_within(const Table& table, const BatchAnswer& answer, Instant now)
{
    const auto what = "look which records of " + table.name + " are in the scope";
    const Asked asked{Asked::Action::read, {}};
    std::set<Guid> within;
    for (const auto& item : answer.items) {
        const auto outcome = classify(item, answer.whole, asked, now);
        if (outcome.kind != Outcome::Kind::applied) return to_error(outcome, what);
        const auto object = parse_object(item.answers.back(), asked, what, now);
        if (!object) return object.error();
        const auto* list = array_at(*object, "value");
        if (!list) return bad_answer(what, "it has no list of rows (\"value\")");
        for (const auto& entry : *list) {
            const auto* row = entry.if_object();
            const auto* id = row ? row->if_contains(table.primary_id) : nullptr;
            const auto guid = id && id->is_string() ? Guid::parse(std::string_view(id->get_string()))
                                                    : std::optional<Guid>();
            if (!guid) return bad_answer(what, "a row has no id");
            within.insert(*guid);
        }
    }
    return within;
}

std::vector<BatchItem> party_items(const Table& table, std::span<const Guid> ids)
{
    std::vector<BatchItem> items;
    if (!has_parties(table)) return items;
    for (std::size_t start = 0; start < ids.size(); start += ids_an_operation)
        items.push_back(read_item("activityparties?$select=_activityid_value,_partyid_value,addressused,"
                                  "participationtypemask&$filter=" +
                                  odata::encode_option(any_of("_activityid_value", portion(ids, start)))));
    return items;
}

std::string next_party_page(const http::Answer& answer)
{
    boost::system::error_code failure;
    const auto value = boost::json::parse(answer.body, failure);
    if (failure || !value.is_object()) return {};
    const auto* link = value.get_object().if_contains("@odata.nextLink");
    return link && link->is_string() ? std::string(link->get_string()) : std::string();
}

Result<PartyMap> parse_parties(const Table& table, const BatchAnswer& answer, std::span<const Guid> ids,
                               Instant now)
{
    const auto what = "list the participants of " + table.name;
    const Asked asked{Asked::Action::read, {}};
    PartyRows rows(ids);
    std::size_t led_to = 0;
    for (const auto& item : answer.items) {
        const auto outcome = classify(item, answer.whole, asked, now);
        if (outcome.kind != Outcome::Kind::applied) return to_error(outcome, what);
        const auto object = parse_object(item.answers.back(), asked, what, now);
        if (!object) return object.error();
        const auto* list = array_at(*object, "value");
        if (!list) return bad_answer(what, "it has no list of rows (\"value\")");
        if (object->if_contains("@odata.nextLink")) ++led_to;
        for (const auto& entry : *list)
            if (const auto* row = entry.if_object()) rows.row(*row);
    }
    const std::size_t asked_for = (ids.size() + ids_an_operation - 1) / ids_an_operation;
    if (answer.items.size() != asked_for + led_to) return bad_answer(what, "a page of it is missing");
    return rows.map();
}

} // namespace hawser::dataverse

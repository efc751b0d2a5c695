#include "transport/dataverse/batch.h"

#include "transport/odata/answer.h"
#include "transport/odata/multipart.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace hawser::dataverse {
namespace {

using Kind = Outcome::Kind;
using State = ItemAnswer::State;

constexpr std::string_view annotations =
    "odata.include-annotations=\"Microsoft.Dynamics.CRM.lookuplogicalname\"";

std::vector<http::Header> step_headers(const Step& step)
{
    std::vector<http::Header> headers{{"Accept", "application/json"}};
    if (!step.body.empty()) headers.push_back({"Content-Type", "application/json"});
    switch (step.condition) {
    case Step::Condition::if_match:
        headers.push_back({"If-Match", step.etag});
        break;
    case Step::Condition::if_absent:
        headers.push_back({"If-None-Match", "*"});
        break;
    case Step::Condition::none:
        if (step.method == Step::Method::get) headers.push_back({"If-None-Match", "null"});
        break;
    }
    if (step.wants == Step::Wants::representation)
        headers.push_back({"Prefer", "return=representation," + std::string(annotations)});
    else if (step.method == Step::Method::get)
        headers.push_back({"Prefer", std::string(annotations)});
    return headers;
}

odata::Operation operation(const Service& service, const Step& step, std::size_t number)
{
    return {std::string(text(step.method)), service.path() + step.path, step_headers(step), step.body,
            std::to_string(number)};
}

bool succeeded(const http::Answer& answer)
{
    return answer.status >= 200 && answer.status < 300;
}

bool failed(const ItemAnswer& item)
{
    return item.state == State::answered && !std::ranges::all_of(item.answers, succeeded);
}

std::optional<std::size_t> number_in(const std::string& text)
{
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Parts of a change set carry their Content-ID; where all do, that order counts.
void sort_parts(std::vector<odata::PartAnswer>& parts)
{
    if (!std::ranges::all_of(parts, [](const auto& part) { return number_in(part.content_id).has_value(); }))
        return;
    std::ranges::stable_sort(parts, {}, [](const auto& part) { return *number_in(part.content_id); });
}

ItemAnswer item_answer(odata::GroupAnswer group, std::size_t steps)
{
    ItemAnswer item;
    sort_parts(group.parts);
    const auto first_failed =
        std::ranges::find_if(group.parts, [](const auto& part) { return !succeeded(part.answer); });
    if (first_failed != group.parts.end()) {
        item.state = State::answered;
        item.answers.push_back(std::move(first_failed->answer));
    } else if (group.parts.size() == steps) {
        item.state = State::answered;
        for (auto& part : group.parts) item.answers.push_back(std::move(part.answer));
    }
    return item;
}

bool is_multipart(const http::Answer& answer)
{
    const auto* type = answer.header("Content-Type");
    return type && http::same_name(std::string_view(*type).substr(0, 15), "multipart/mixed");
}

// These are decided before anything of a batch runs.
bool turned_away(int status)
{
    return status == 401 || status == 413 || status == 429;
}

// So is every refusal of the batch itself in the service's own words: with continue-on-error what a part
// is refused for stands in the part. A page of some gateway proves nothing.
bool nothing_ran(const http::Answer& answer, OnError on_error)
{
    if (turned_away(answer.status)) return true;
    return on_error == OnError::go_on && answer.status >= 400 && answer.status < 500 &&
           answer.status != 408 && odata::parse_error_body(answer).form == odata::ErrorBody::Form::json;
}

BatchAnswer answered_as_a_whole(const http::Answer& answer, std::size_t items, OnError on_error, Instant now)
{
    BatchAnswer result;
    result.items.resize(items);
    auto whole = classify(answer, {Asked::Action::action, {}}, now);
    if (whole.kind == Kind::applied) {
        whole.kind = Kind::unknown;
        whole.text = "the answer to the batch is no batch answer";
    }
    // What fails after the part was carried out fails as a whole, too.
    const bool plain = answer.status < 500 && whole.kind != Kind::unknown && whole.kind != Kind::intercepted;
    if (items == 1 && plain && !turned_away(answer.status)) {
        result.items.front() = {State::answered, {answer}};
        return result;
    }
    if (nothing_ran(answer, on_error))
        for (auto& item : result.items) item.state = State::not_run;
    result.whole = std::move(whole);
    return result;
}

} // namespace

http::Request write_batch(const Service& service, std::span<const BatchItem> items, OnError on_error,
                          const Guid& request_id)
{
    assert(!items.empty());
    std::vector<odata::OperationGroup> groups;
    groups.reserve(items.size());
    std::size_t number = 0;
    for (const auto& item : items) {
        assert(!item.steps.empty());
        auto& group = groups.emplace_back();
        if (item.steps.size() > 1) group.kind = odata::OperationGroup::Kind::change_set;
        for (const auto& step : item.steps) {
            assert(item.steps.size() == 1 || step.method != Step::Method::get);
            group.operations.push_back(operation(service, step, ++number));
        }
    }
    assert(number <= max_batch_operations);
    const auto boundary = "batch_" + request_id.text();
    auto request = get(service, "$batch", request_id);
    request.method = "POST";
    request.timeout = service.batch_timeout;
    request.headers.push_back({"Content-Type", "multipart/mixed; boundary=\"" + boundary + "\""});
    if (on_error == OnError::go_on) request.headers.push_back({"Prefer", "odata.continue-on-error"});
    request.body = odata::write_batch_body(groups, boundary);
    return request;
}

http::Request write_step(const Service& service, const Step& step, const Guid& request_id)
{
    auto request = get(service, step.path, request_id);
    request.method = std::string(text(step.method));
    std::erase_if(request.headers, [](const auto& header) {
        return http::same_name(header.name, "Accept") || http::same_name(header.name, "If-None-Match");
    });
    for (auto& header : step_headers(step)) request.headers.push_back(std::move(header));
    request.body = step.body;
    return request;
}

bool smaller_may_pass(const Outcome& whole)
{
    switch (whole.kind) {
    case Kind::refused:
    case Kind::access:
    case Kind::column_access:
    case Kind::gone:
    case Kind::conflict:
    case Kind::exists:
        return true;
    case Kind::unknown:
        // A gateway that blocked it, with a page of its own.
        return whole.status >= 400 && whole.status < 500 && whole.status != 408;
    default:
        return false;
    }
}

BatchAnswer parse_batch(const http::Answer& answer, std::span<const BatchItem> items, OnError on_error,
                        Instant now)
{
    if (!is_multipart(answer)) return answered_as_a_whole(answer, items.size(), on_error, now);
    BatchAnswer result;
    result.items.resize(items.size());
    auto body = odata::parse_batch_body(*answer.header("Content-Type"), answer.body);
    if (!body || body->groups.size() > items.size()) {
        result.whole =
            Outcome{Kind::unknown,
                    answer.status,
                    {},
                    body ? "the batch answer has more parts than were asked" : body.error().message};
        return result;
    }
    const auto count = body->groups.size();
    for (std::size_t i = 0; i < count; ++i)
        result.items[i] = item_answer(std::move(body->groups[i]), items[i].steps.size());
    if (body->broken) {
        result.whole = Outcome{Kind::unknown, answer.status, {}, body->broken->message};
    } else if (on_error == OnError::stop && count > 0 && failed(result.items[count - 1])) {
        for (auto i = count; i < items.size(); ++i) result.items[i].state = State::not_run;
    }
    return result;
}

Outcome classify(const ItemAnswer& item, const std::optional<Outcome>& whole, const Asked& asked, Instant now)
{
    if (item.state == State::answered) {
        const auto first_failed = std::ranges::find_if_not(item.answers, succeeded);
        return classify(first_failed == item.answers.end() ? item.answers.back() : *first_failed, asked, now);
    }
    if (item.state == State::not_run) {
        if (whole) return *whole;
        return {Kind::not_run, 0, {}, "the batch stopped before it"};
    }
    Outcome outcome{Kind::unknown, 0, {}, "the batch has no answer to it"};
    if (whole) {
        outcome.status = whole->status;
        outcome.text = whole->text;
        outcome.code = whole->code;
        if (whole->kind == Kind::intercepted) outcome.kind = Kind::intercepted;
    }
    return outcome;
}

} // namespace hawser::dataverse

#include "tests/fuzz/targets.h"
#include "tests/unit/dataverse/sample.h"
#include "transport/dataverse/batch.h"
#include "transport/dataverse/identity.h"
#include "transport/dataverse/metadata.h"
#include "transport/dataverse/outcome.h"
#include "transport/dataverse/pull.h"
#include "transport/dataverse/write.h"
#include "transport/odata/answer.h"
#include "transport/odata/multipart.h"

#include <charconv>

namespace hawser::fuzz {
namespace {

using namespace dataverse;

constexpr std::size_t few = 4;

/// A status line and headers, an empty line, the body: as little of HTTP as an answer needs.
http::Answer answer_of(std::string_view input)
{
    http::Answer answer;
    const std::string_view status = take_line(input);
    std::from_chars(status.data(), status.data() + status.size(), answer.status);
    for (std::string_view line = take_line(input); !line.empty(); line = take_line(input)) {
        const auto colon = std::min(line.find(':'), line.size());
        answer.headers.push_back(
            {std::string(line.substr(0, colon)), std::string(line.substr(std::min(colon + 1, line.size())))});
    }
    answer.body = std::string(input);
    return answer;
}

std::vector<BatchItem> some_items()
{
    const Layout layout = sample::layout_of(sample::contact());
    const Fields changed{{"firstname", std::string("Ann")}};
    const auto update =
        *update_steps(sample::contact(), layout, sample::first, "W/\"1\"", changed, {}, sample::sets());
    const auto create = *create_steps(sample::contact(), layout, sample::second, changed, sample::sets());
    std::vector<BatchItem> items;
    items.push_back({update});
    items.push_back({create});
    items.push_back({{update.front(), create.front()}});
    items.push_back({{read_step(sample::contact(), layout, sample::third)}});
    return items;
}

void check(const Outcome& outcome, const http::Answer& answer)
{
    if (outcome.kind == Outcome::Kind::applied) {
        demand(answer.status / 100 == 2, "only a success is taken for one");
        return;
    }
    if (outcome.kind == Outcome::Kind::throttled)
        demand(outcome.retry_after.has_value(), "throttled says for how long");
    if (outcome.retry_after)
        demand(outcome.retry_after->count() >= 0 && *outcome.retry_after <= std::chrono::hours{24},
               "nobody waits for more than a day");
    demand(!to_error(outcome, "list contacts").message.empty(), "an error has words");
}

} // namespace

void read_error(std::string_view input)
{
    const http::Answer answer = answer_of(input);
    const odata::ErrorBody body = odata::parse_error_body(answer);
    demand(body.text.size() <= 2'000, "an error's text is bounded");
    demand(odata::excerpt(answer.body).size() <= 200, "an excerpt is bounded");
    const auto wait = odata::retry_after(answer, sample::now);
    if (wait) demand(wait->count() >= 0 && *wait <= std::chrono::hours{24}, "Retry-After is within a day");
    for (const auto action :
         {Asked::Action::read, Asked::Action::pull, Asked::Action::create, Asked::Action::update,
          Asked::Action::remove, Asked::Action::group, Asked::Action::action}) {
        const Asked asked{action, sample::first, {sample::first, sample::second}};
        const Outcome outcome = classify(answer, asked, sample::now);
        check(outcome, answer);
        if (outcome.kind == Outcome::Kind::gone)
            demand(answer.status == 404, "only a 404 says that a record is gone (I9)");
        if (outcome.kind == Outcome::Kind::rebaseline)
            demand(action == Asked::Action::pull, "only a pull is told to begin anew");
    }
}

void read_batch(std::string_view input)
{
    static const std::vector<BatchItem> items = some_items();
    const http::Answer answer = answer_of(input);
    odata::BatchLimits limits;
    limits.max_parts = few * few;
    const std::string* type = answer.header("Content-Type");
    const auto body =
        odata::parse_batch_body(type ? *type : "multipart/mixed; boundary=b", answer.body, limits);
    if (body) {
        std::size_t parts = 0;
        for (const auto& group : body->groups) parts += group.parts.size();
        demand(parts <= limits.max_parts, "the parts are bounded");
    }
    for (const OnError on_error : {OnError::stop, OnError::go_on}) {
        const BatchAnswer read = parse_batch(answer, items, on_error, sample::now);
        demand(read.items.size() == items.size(), "every item has an answer");
        for (std::size_t i = 0; i < items.size(); ++i) {
            const ItemAnswer& item = read.items[i];
            if (item.state != ItemAnswer::State::answered) continue;
            demand(item.answers.size() == items[i].steps.size() || item.answers.size() == 1,
                   "an item has an answer for each step, or one for all");
            const Outcome outcome =
                classify(item, read.whole, {Asked::Action::update, sample::first, {}}, sample::now);
            if (outcome.kind == Outcome::Kind::applied)
                demand(item.answers.size() == items[i].steps.size(),
                       "an item is applied with all its steps (I2)");
        }
    }
}

namespace {

/// The same answer to each of some reads.
BatchAnswer repeated(const http::Answer& answer, std::size_t items)
{
    BatchAnswer batch;
    for (std::size_t i = 0; i < items; ++i) batch.items.push_back({ItemAnswer::State::answered, {answer}});
    return batch;
}

} // namespace

void read_confirm(std::string_view input)
{
    const http::Answer answer = answer_of(input);
    const Guid ids[] = {sample::first, sample::second};
    const auto found =
        parse_confirm(repeated(answer, confirm_items(sample::contact(), ids).size()), ids, sample::now);
    demand(found.size() == 2, "every id has a word");
    for (const Presence& presence : found) {
        if (presence.state == Presence::State::gone)
            demand(answer.status == 404 &&
                       odata::parse_error_body(answer).form == odata::ErrorBody::Form::json,
                   "only the organization's own 404 says that a record is gone (I9)");
        if (presence.state == Presence::State::present)
            demand(answer.status / 100 == 2, "only a success shows a record");
    }
}

void read_parties(std::string_view input)
{
    const http::Answer answer = answer_of(input);
    const Guid ids[] = {sample::first, sample::second};
    static const Table table = sample::email();
    const BatchAnswer batch = repeated(answer, party_items(table, ids).size());
    (void)next_party_page(answer);
    const auto parties = parse_parties(table, batch, ids, sample::now);
    if (!parties) return;
    for (const Guid& id : ids) demand(parties->contains(id), "every activity has its participants, none too");
}

void read_metadata(std::string_view input)
{
    const http::Answer answer = answer_of(input);
    (void)parse_who_am_i(answer, sample::now);
    (void)parse_version(answer, sample::now);
    (void)parse_organization_settings(answer, sample::now);
    (void)parse_user_privileges(answer, sample::now);
    (void)metadata_version(answer);
    (void)parallelism_hint(answer);
    (void)server_request_id(answer);
    if (const auto sets = parse_entity_sets(answer, sample::now))
        for (const auto& [table, set] : *sets)
            demand(!table.empty() && !set.empty(), "an entity set has names");
    const BatchAnswer batch = repeated(answer, metadata_items("contact").size());
    const auto table = parse_metadata("contact", batch, sample::now);
    if (!table) return;
    for (const Column& column : table->columns) {
        demand(!column.name.empty() && column.name.size() <= 128, "a column has a name of bounded length");
        demand(column.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos,
               "a column's name is an identifier");
    }
}

} // namespace hawser::fuzz

#include "base/decimal.h"
#include "base/filter.h"
#include "base/time_text.h"
#include "conflict/policy_file.h"
#include "tests/fuzz/targets.h"
#include "tests/unit/dataverse/sample.h"
#include "transport/dataverse/pull.h"
#include "transport/odata/url.h"

namespace hawser::fuzz {

void read_scalar(std::string_view input)
{
    if (const auto number = parse_decimal(input)) {
        const auto again = parse_decimal(number->text);
        demand(again && *again == *number, "a number has one spelling");
        demand(number->text.size() <= 400, "a number's text is bounded");
        demand(compare(*number, *number) == 0, "a number is as large as itself");
        demand(add(*number, negate(*number)).text == "0", "a number less itself is nothing");
        demand(compare(add(*number, Decimal{"1"}), *number) > 0, "one more is more");
    }
    if (const auto instant = parse_instant(input)) {
        const auto again = parse_instant(to_text(*instant));
        demand(again && *again == *instant, "a time has one spelling");
    }
    if (const auto day = parse_day(input)) demand(parse_day(*day) == day, "a day has one spelling");
    if (const auto id = Guid::parse(input)) demand(Guid::parse(id->text()) == id, "an id has one spelling");
    demand(odata::percent_decode(odata::percent_encode(input)) == input, "what was encoded is decoded");
    (void)odata::percent_decode(input);
}

void read_link(std::string_view input)
{
    const std::string_view root = take_line(input);
    if (const auto url = odata::parse_url(input)) {
        demand(url->scheme == "http" || url->scheme == "https", "an address is one of the web");
        demand(!url->host.empty() && url->path.starts_with('/'), "an address has a host and a path");
    }
    const auto service = dataverse::parse_service(root);
    if (!service) return;
    const auto home = odata::parse_url(service->root);
    demand(home.has_value(), "a service has an address");
    const auto link = odata::same_service(service->root, input);
    if (!link) return;
    const auto target = odata::parse_url(*link);
    demand(target.has_value(), "a link that is followed is an address");
    demand(target->scheme == home->scheme && target->host == home->host && target->port == home->port,
           "no token leaves for another host");
    demand(target->path.starts_with(home->path), "a link stays on the API's path");
    demand(target->path.find("/../") == std::string::npos, "a link has no dot segments");
    (void)dataverse::next_page(*service, input, dataverse::PullMode::delta, 100, sample::request_id);
}

void read_policy(std::string_view input)
{
    static const Table contact = sample::contact();
    const auto file = conflict::parse_policy_file(input);
    if (!file) {
        demand(!file.error().message.empty(), "a refusal has words");
        return;
    }
    const auto policy = conflict::policy_for(*file, contact);
    if (!policy) return;
    for (const auto& group : policy->groups) {
        demand(group.columns.size() >= 2, "a group has two columns");
        for (const std::string& column : group.columns)
            demand(policy->group_of(column) == &group, "a column is in one group");
    }
}

void read_filter(std::string_view input)
{
    static const Table contact = sample::contact();
    const auto filter = parse_filter(contact, input);
    if (!filter) return;
    const Fields fields{{"firstname", std::string("Ann")}, {"creditlimit", Decimal{"1.5"}}};
    const bool met = matches(*filter, fields);
    // What goes over the wire means the same.
    const std::string wire = dataverse::wire_filter(contact, *filter);
    const auto again = parse_filter(contact, wire);
    demand(again.has_value(), "a filter's wire form is a filter");
    demand(matches(*again, fields) == met, "a filter's wire form means the same");
}

} // namespace hawser::fuzz

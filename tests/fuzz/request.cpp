#include "hawser/random.h"
#include "tests/fuzz/targets.h"
#include "tools/server/core/organization.h"

#include <algorithm>
#include <memory>
#include <string>

namespace hawser::fuzz {
namespace {

constexpr Instant now{std::chrono::seconds{1'700'000'000}};

struct Office {
    std::shared_ptr<Random> random = seeded_random(1);
    std::unique_ptr<server::Organization> organization;

    Office()
    {
        auto opened = server::Organization::open({}, now, *random);
        demand(opened.has_value(), "an organization in memory opens");
        organization = *std::move(opened);
    }
};

} // namespace

/// The first line is method and target, headers follow, the body comes after an empty line.
void read_request(std::string_view input)
{
    // What is made piles up: a new organization now and then.
    constexpr int most_requests = 5'000;
    static std::unique_ptr<Office> kept;
    static int asked = 0;
    if (asked++ % most_requests == 0) kept = std::make_unique<Office>();
    Office& office = *kept;
    server::Request request;
    const std::string_view line = take_line(input);
    const auto space = std::min(line.find(' '), line.size());
    request.method = std::string(line.substr(0, space));
    request.target = std::string(line.substr(std::min(space + 1, line.size())));
    request.headers.emplace_back("Authorization", "Bearer " + office.organization->users().front().token);
    for (std::string_view header = take_line(input); !header.empty(); header = take_line(input)) {
        const auto colon = std::min(header.find(':'), header.size());
        request.headers.emplace_back(header.substr(0, colon),
                                     header.substr(std::min(colon + 1, header.size())));
    }
    request.body = std::string(input);
    const server::Answer answer = office.organization->handle(request, now, *office.random);
    demand(answer.status >= 200 && answer.status < 600, "every request has an answer");
    demand(answer.status != 500, "no bytes of a request are the organization's failure");
}

} // namespace hawser::fuzz

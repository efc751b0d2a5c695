#include "tests/organization_exchange.h"

#include <utility>

namespace hawser::tests {

namespace {

std::string host_of(const std::string& url)
{
    const auto begin = url.find("://") + 3;
    return url.substr(begin, url.find('/', begin) - begin);
}

} // namespace

std::string target_of(const std::string& url)
{
    const auto host = url.find("://");
    const auto path = url.find('/', host == std::string::npos ? 0 : host + 3);
    return path == std::string::npos ? "/" : url.substr(path);
}

http::Answer carry_out(server::Organization& organization, const http::Request& request, Instant now,
                       Random& random)
{
    server::Request asked;
    asked.method = request.method;
    asked.target = target_of(request.url);
    asked.body = request.body;
    asked.headers.emplace_back("Host", host_of(request.url));
    for (const http::Header& header : request.headers) asked.headers.emplace_back(header.name, header.value);
    const server::Answer given = organization.handle(asked, now, random);
    http::Answer answer;
    answer.status = given.status;
    answer.body = given.body;
    for (const auto& [header, value] : given.headers) answer.headers.push_back({header, value});
    return answer;
}

http::Exchange::Ticket OrganizationExchange::send(http::Request request, Done done)
{
    const std::size_t number = seen.size();
    const std::string* token = http::find_header(request.headers, "Authorization");
    seen.push_back({request.method, target_of(request.url), token ? *token : "", request.body.size()});
    const Fault fault = script ? script(number, request) : Fault::none;
    if (fault == Fault::hang || fault == Fault::hang_done) {
        if (fault == Fault::hang_done) carry_out(request);
        return number + 1;
    }
    Result<http::Answer> answer = carry(request, fault);
    if (fault != Fault::late && late_) {
        carry_out(*std::exchange(late_, std::nullopt));
    }
    if (answer && alter) alter(request, *answer);
    if (after) after(number);
    if (answer && answer->body.size() > request.max_body_bytes)
        answer = Error{ErrorKind::refuse, "net.too_large", "the answer is too large"};
    done(std::move(answer));
    return number + 1;
}

void OrganizationExchange::deliver_late()
{
    if (late_) carry_out(*std::exchange(late_, std::nullopt));
}

Result<http::Answer> OrganizationExchange::carry(const http::Request& request, Fault fault)
{
    const Error lost{ErrorKind::retry, "net.lost_answer", "the connection broke before the answer came"};
    switch (fault) {
    case Fault::none:
        return carry_out(request);
    case Fault::unreachable:
        return Error{ErrorKind::offline, "net.unreachable", "no connection to organization.example"};
    case Fault::drop_request:
        return lost;
    case Fault::drop_answer:
        carry_out(request);
        return lost;
    case Fault::late:
        late_ = request;
        return lost;
    case Fault::duplicate:
        carry_out(request);
        return carry_out(request);
    case Fault::portal:
        return http::Answer{200, {{"Content-Type", "text/html"}}, "<html>Welcome to the hotel</html>"};
    case Fault::busy:
        return http::Answer{503, {{"Content-Type", "text/html"}}, "<html>Service Unavailable</html>"};
    case Fault::throttle:
        return http::Answer{429,
                            {{"Content-Type", "application/json"}, {"Retry-After", "3"}},
                            R"({"error":{"code":"0x80072322","message":"Number of requests exceeded"}})"};
    case Fault::truncate: {
        http::Answer answer = carry_out(request);
        answer.body.resize(answer.body.size() / 2);
        return answer;
    }
    case Fault::hang:
    case Fault::hang_done:
        break;
    case Fault::expired_token:
        return http::Answer{401, {{"WWW-Authenticate", "Bearer"}}, ""};
    }
    return lost;
}

} // namespace hawser::tests

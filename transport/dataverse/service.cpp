#include "transport/dataverse/service.h"

#include "transport/odata/url.h"

#include <algorithm>
#include <charconv>

namespace hawser::dataverse {
namespace {

constexpr std::string_view default_api = "/api/data/v9.2";

bool digits(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "…/api/data/v9.2"
bool names_an_api(std::string_view path)
{
    const auto at = path.rfind("/api/data/v");
    if (at == std::string_view::npos) return false;
    const auto version = path.substr(at + 11);
    const auto dot = version.find('.');
    return dot != std::string_view::npos && digits(version.substr(0, dot)) && digits(version.substr(dot + 1));
}

bool is_default_port(const odata::Url& url)
{
    return url.port == (url.scheme == "https" ? 443 : 80);
}

} // namespace

std::string Service::path() const
{
    const auto start = root.find('/', root.find("://") + 3);
    return start == std::string::npos ? "/" : root.substr(start);
}

std::string Service::host() const
{
    const auto start = root.find("://") + 3;
    return root.substr(start, root.find('/', start) - start);
}

Result<Service> parse_service(std::string_view organization_url)
{
    const auto url = odata::parse_url(organization_url);
    if (!url) return url.error();
    if (!url->query.empty())
        return Error{ErrorKind::refuse, "odata.bad_url",
                     "\"" + std::string(organization_url.substr(0, 200)) +
                         "\" holds a query; give the organization's address alone"};
    auto path = std::string_view(url->path);
    while (path.ends_with('/')) path.remove_suffix(1);
    Service service;
    service.root = url->scheme + "://" + url->host;
    if (!is_default_port(*url)) service.root += ":" + std::to_string(url->port);
    service.root += path;
    if (!names_an_api(path)) service.root += default_api;
    service.root += '/';
    return service;
}

http::Request get(const Service& service, std::string_view path, const Guid& request_id)
{
    http::Request request;
    request.url = service.root + std::string(path);
    request.timeout = service.timeout;
    request.max_body_bytes = service.max_answer_bytes;
    request.headers = {{"Accept", "application/json"},
                       {"OData-MaxVersion", "4.0"},
                       {"OData-Version", "4.0"},
                       {"If-None-Match", "null"},
                       {"x-ms-client-request-id", request_id.text()}};
    return request;
}

std::optional<int> parallelism_hint(const http::Answer& answer)
{
    const auto* header = answer.header("x-ms-dop-hint");
    if (!header) return std::nullopt;
    int hint = 0;
    const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), hint);
    if (error != std::errc() || end != header->data() + header->size() || hint < 1) return std::nullopt;
    return std::min(hint, 52);
}

std::string server_request_id(const http::Answer& answer)
{
    for (const auto* name : {"x-ms-service-request-id", "REQ_ID"})
        if (const auto* header = answer.header(name)) return header->substr(0, 64);
    return {};
}

} // namespace hawser::dataverse

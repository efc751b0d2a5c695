#include "transport/http/curl_transfer.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <system_error>

namespace hawser::http {
namespace {

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

std::string part_of(CURLU* url, CURLUPart part)
{
    char* text = nullptr;
    if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
    std::string result(text);
    curl_free(text);
    return result;
}

bool is_loopback_literal(const std::string& host)
{
    in_addr four{};
    if (inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
    in6_addr six{};
    return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

Error bad_url(const std::string& url)
{
    return {ErrorKind::refuse, "net.bad_url",
            "\"" + url.substr(0, 200) +
                "\" is no address to send to; it must begin with https:// or http://"};
}

bool breaks_lines(const Request& request)
{
    const auto broken = [](const std::string& text) {
        return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
    };
    return broken(request.url) || broken(request.method) ||
           std::ranges::any_of(request.headers, [&](const Header& header) {
               return broken(header.name) || broken(header.value);
           });
}

enum class Cause { name, unreachable, tls, timeout, lost, too_large, bad_answer, bad_url, internal };

Cause cause_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return Cause::name;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_INTERFACE_FAILED:
        return Cause::unreachable;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
        return Cause::tls;
    case CURLE_OPERATION_TIMEDOUT:
        return Cause::timeout;
    case CURLE_FILESIZE_EXCEEDED:
        return Cause::too_large;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return Cause::bad_answer;
    case CURLE_URL_MALFORMAT:
        return Cause::bad_url;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
        return Cause::internal;
    default:
        return Cause::lost;
    }
}

} // namespace

std::string Destination::text() const
{
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

Result<Destination> check_destination(const Request& request)
{
    if (breaks_lines(request)) return bad_url(request.url);
    const UrlHandle url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, request.url.c_str(), 0) != CURLUE_OK)
        return bad_url(request.url);
    const auto scheme = part_of(url.get(), CURLUPART_SCHEME);
    if (scheme != "https" && scheme != "http") return bad_url(request.url);
    Destination destination;
    destination.scheme = scheme == "http" ? Destination::Scheme::http : Destination::Scheme::https;
    destination.host = part_of(url.get(), CURLUPART_HOST);
    if (destination.host.starts_with('['))
        destination.host = destination.host.substr(1, destination.host.size() - 2);
    destination.port = part_of(url.get(), CURLUPART_PORT);
    if (is_loopback_literal(destination.host)) destination.reach = Destination::Reach::loopback;
    const bool open =
        destination.scheme == Destination::Scheme::http && destination.reach == Destination::Reach::network;
    if (open && find_header(request.headers, "Authorization"))
        return Error{ErrorKind::refuse, "net.insecure",
                     "nothing was sent to " + destination.text() +
                         ": a sign-in token travels only over https, or over http to 127.0.0.1 or [::1]"};
    return destination;
}

bool CurlTransfer::certainly_not_sent() const
{
    curl_off_t started = 0;
    curl_easy_getinfo(handle_, CURLINFO_PRETRANSFER_TIME_T, &started);
    return started == 0 && attempts_ == 0;
}

std::string CurlTransfer::reason(CURLcode code) const
{
    long number = 0;
    curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &number);
    std::string text;
    if (code == CURLE_COULDNT_CONNECT && number != 0)
        text = std::generic_category().message(static_cast<int>(number));
    else
        text = words_.front() != '\0' ? words_.data() : curl_easy_strerror(code);
    const bool acronym = text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1]));
    if (!text.empty() && !acronym)
        text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return text;
}

Error CurlTransfer::error_of(ErrorKind kind, const char* code, const std::string& message) const
{
    return {kind, code, destination_.text() + " " + message};
}

Error CurlTransfer::failure(CURLcode code)
{
    switch (excess_) {
    case Excess::none:
        break;
    case Excess::size:
        return error_of(ErrorKind::refuse, "net.too_large",
                        "sent more than the " + std::to_string(request_.max_body_bytes) +
                            " bytes that were allowed");
    case Excess::ratio:
        return error_of(ErrorKind::refuse, "net.too_large",
                        "sent an answer that unpacks to more than " + std::to_string(options_.max_ratio) +
                            " times its size");
    case Excess::headers:
        return error_of(ErrorKind::refuse, "net.too_large", "sent more than 256 KB of headers");
    }
    const auto where = "cannot reach " + destination_.text() + ": ";
    const auto cause = cause_of(code);
    switch (cause) {
    case Cause::name:
        return {ErrorKind::offline, "net.name", where + reason(code)};
    case Cause::unreachable:
        return {ErrorKind::offline, "net.unreachable", where + reason(code)};
    case Cause::bad_url:
        return bad_url(request_.url);
    case Cause::internal:
        return {ErrorKind::stop, "net.internal", "the network library cannot work: " + reason(code)};
    case Cause::too_large:
        return error_of(ErrorKind::refuse, "net.too_large",
                        "sent more than the " + std::to_string(request_.max_body_bytes) +
                            " bytes that were allowed");
    case Cause::tls:
        if (certainly_not_sent())
            return {ErrorKind::offline, "net.tls",
                    "no secure connection to " + destination_.text() + ": " + reason(code)};
        break;
    case Cause::timeout:
        if (certainly_not_sent())
            return {ErrorKind::offline, "net.unreachable", where + "no connection in time"};
        return error_of(ErrorKind::retry, "net.timeout", "did not answer in time");
    case Cause::bad_answer:
        return error_of(ErrorKind::retry, "net.bad_answer",
                        "sent an answer that cannot be read: " + reason(code));
    case Cause::lost:
        break;
    }
    if (certainly_not_sent()) return {ErrorKind::offline, "net.unreachable", where + reason(code)};
    return error_of(ErrorKind::retry, "net.lost_answer",
                    "broke the connection before its answer was complete");
}

} // namespace hawser::http

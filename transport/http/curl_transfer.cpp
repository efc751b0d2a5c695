#include "transport/http/curl_transfer.h"

#include <algorithm>
#include <cassert>

namespace hawser::http {
namespace {

constexpr std::size_t max_header_bytes = std::size_t{256} << 10;
constexpr std::size_t ratio_counts_from = std::size_t{1} << 20;

template <class Value>
void set(CURL* handle, CURLoption option, Value value)
{
    [[maybe_unused]] const auto code = curl_easy_setopt(handle, option, value);
    assert(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY || code == CURLE_NOT_BUILT_IN);
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    return text;
}

} // namespace

CurlTransfer::CurlTransfer(Exchange::Ticket ticket, Request request, Destination destination,
                           Exchange::Done done, const CurlOptions& options)
    : ticket_(ticket),
      request_(std::move(request)),
      destination_(std::move(destination)),
      done_(std::move(done)),
      options_(options),
      handle_(curl_easy_init())
{
    if (request_.room) answer_.body = std::move(*request_.room);
    answer_.body.clear();
    if (handle_) prepare();
}

CurlTransfer::~CurlTransfer()
{
    if (handle_) curl_easy_cleanup(handle_);
    curl_slist_free_all(header_lines_);
}

void CurlTransfer::prepare()
{
    set(handle_, CURLOPT_PRIVATE, this);
    set(handle_, CURLOPT_URL, request_.url.c_str());
    set(handle_, CURLOPT_PATH_AS_IS, 1L);
    set(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle_, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(handle_, CURLOPT_PIPEWAIT, 1L);
    set(handle_, CURLOPT_ACCEPT_ENCODING, "gzip");
    set(handle_, CURLOPT_TCP_NODELAY, 1L);
    set(handle_, CURLOPT_TCP_KEEPALIVE, 1L);
    set(handle_, CURLOPT_NOSIGNAL, 1L);
    set(handle_, CURLOPT_USERAGENT, options_.user_agent.c_str());
    set(handle_, CURLOPT_ERRORBUFFER, words_.data());

    set(handle_, CURLOPT_SSL_VERIFYPEER, 1L);
    set(handle_, CURLOPT_SSL_VERIFYHOST, 2L);
    set(handle_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options_.ca_file.empty()) set(handle_, CURLOPT_CAINFO, options_.ca_file.c_str());
    // An empty text also keeps curl from reading the environment.
    const bool direct = destination_.reach == Destination::Reach::loopback;
    set(handle_, CURLOPT_PROXY, direct ? "" : options_.proxy.c_str());
    set(handle_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);

    set(handle_, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
    set(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    set(handle_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(handle_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout.count()));
    // What comes with a hundred reads in a row is not slowed down.
    if (options_.bytes_a_second > 0) set(handle_, CURLOPT_BUFFERSIZE, 1'024L);
    set(handle_, CURLOPT_MAX_RECV_SPEED_LARGE, static_cast<curl_off_t>(options_.bytes_a_second));
    set(handle_, CURLOPT_MAX_SEND_SPEED_LARGE, static_cast<curl_off_t>(options_.bytes_a_second));
    set(handle_, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.max_body_bytes));

    set(handle_, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
    set(handle_, CURLOPT_HEADERDATA, this);
    set(handle_, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
    set(handle_, CURLOPT_WRITEDATA, this);
    set(handle_, CURLOPT_PREREQFUNCTION, &CurlTransfer::on_request);
    set(handle_, CURLOPT_PREREQDATA, this);
    prepare_body();
    prepare_headers();
}

void CurlTransfer::prepare_body()
{
    if (request_.method == "GET" && request_.body.empty()) {
        set(handle_, CURLOPT_HTTPGET, 1L);
        return;
    }
    if (request_.method == "HEAD") {
        set(handle_, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request_.method != "DELETE" || !request_.body.empty()) {
        set(handle_, CURLOPT_POST, 1L);
        set(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        set(handle_, CURLOPT_POSTFIELDS, request_.body.c_str());
    }
    set(handle_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void CurlTransfer::prepare_headers()
{
    const auto add = [&](const std::string& line) {
        if (auto* longer = curl_slist_append(header_lines_, line.c_str())) header_lines_ = longer;
    };
    for (const auto& header : request_.headers)
        add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
    add("Expect:");
    if (!find_header(request_.headers, "Content-Type")) add("Content-Type:");
    set(handle_, CURLOPT_HTTPHEADER, header_lines_);
}

std::size_t CurlTransfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self)
{
    return static_cast<CurlTransfer*>(self)->take_header({bytes, size * count});
}

std::size_t CurlTransfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self)
{
    return static_cast<CurlTransfer*>(self)->take_body(bytes, size * count);
}

// When a kept-alive connection dies under a request, curl sends it again by itself. A write that may
// have arrived must not be repeated unasked; a read may.
int CurlTransfer::on_request(void* self, char*, char*, int, int)
{
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const bool again = transfer.attempts_++ > 0;
    return again && transfer.request_.method != "GET" ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::size_t CurlTransfer::take_header(std::string_view line)
{
    header_bytes_ += line.size();
    if (header_bytes_ > max_header_bytes) {
        excess_ = Excess::headers;
        return 0;
    }
    const auto colon = line.find(':');
    if (line.starts_with("HTTP/")) {
        answer_.headers.clear();
        headers_whole_ = false;
    } else if (line == "\r\n" || line == "\n") {
        headers_whole_ = true;
    } else if (colon != std::string_view::npos) {
        answer_.headers.push_back(
            {std::string(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1)))});
    }
    return line.size();
}

std::size_t CurlTransfer::take_body(const char* bytes, std::size_t size)
{
    const auto total = answer_.body.size() + size;
    if (total > request_.max_body_bytes) {
        excess_ = Excess::size;
        return 0;
    }
    if (total > ratio_counts_from) {
        curl_off_t received = 0;
        curl_easy_getinfo(handle_, CURLINFO_SIZE_DOWNLOAD_T, &received);
        if (total / options_.max_ratio > static_cast<std::size_t>(std::max<curl_off_t>(received, 1))) {
            excess_ = Excess::ratio;
            return 0;
        }
    }
    answer_.body.append(bytes, size);
    return size;
}

void CurlTransfer::finish(CURLcode code)
{
    auto outcome = result(code);
    std::exchange(done_, nullptr)(std::move(outcome));
}

void CurlTransfer::finish(Error error)
{
    std::exchange(done_, nullptr)(std::move(error));
}

Result<Answer> CurlTransfer::result(CURLcode code)
{
    if (code != CURLE_OK) return failure(code);
    // curl takes headers that break off for whole ones.
    if (!headers_whole_) return failure(CURLE_RECV_ERROR);
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    if (status < 100 || status > 999)
        return error_of(ErrorKind::retry, "net.bad_answer", "answered without a status");
    answer_.status = static_cast<int>(status);
    return std::move(answer_);
}

} // namespace hawser::http

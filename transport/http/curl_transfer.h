#pragma once

#include "transport/http/curl_exchange.h"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

namespace hawser::http {

/// Where a request goes, as curl itself reads the address.
struct Destination {
    std::string host; ///< IPv6 without brackets.
    std::string port;
    enum class Scheme { http, https };
    Scheme scheme = Scheme::https;
    enum class Reach { network, loopback };
    Reach reach = Reach::network;

    std::string text() const; ///< "org.example:443"
};

/// Refuses what must not be sent at all: net.bad_url, net.insecure.
Result<Destination> check_destination(const Request& request);

/// One request on one easy handle: prepares it, gathers the answer within the limits and says in the
/// end what came of it. Lives on the exchange's thread only; must not move once prepared.
class CurlTransfer {
public:
    CurlTransfer(Exchange::Ticket ticket, Request request, Destination destination, Exchange::Done done,
                 const CurlOptions& options);
    ~CurlTransfer();
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;

    /// Null when there was no memory.
    CURL* handle() const { return handle_; }
    Exchange::Ticket ticket() const { return ticket_; }

    /// Calls `done` with what curl's result means. Once.
    void finish(CURLcode code);
    void finish(Error error);

private:
    enum class Excess { none, size, ratio, headers };

    void prepare();
    void prepare_body();
    void prepare_headers();
    Result<Answer> result(CURLcode code);
    Error failure(CURLcode code);
    Error error_of(ErrorKind kind, const char* code, const std::string& message) const;
    bool certainly_not_sent() const;
    std::string reason(CURLcode code) const;
    std::size_t take_header(std::string_view line);
    std::size_t take_body(const char* bytes, std::size_t size);

    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static int on_request(void* self, char*, char*, int, int);

    Exchange::Ticket ticket_;
    Request request_;
    Destination destination_;
    Exchange::Done done_;
    const CurlOptions& options_;
    CURL* handle_ = nullptr;
    curl_slist* header_lines_ = nullptr;
    std::array<char, CURL_ERROR_SIZE> words_{};
    Answer answer_;
    std::size_t header_bytes_ = 0;
    bool headers_whole_ = false; ///< The empty line behind them has come.
    Excess excess_ = Excess::none;
    int attempts_ = 0;
};

} // namespace hawser::http

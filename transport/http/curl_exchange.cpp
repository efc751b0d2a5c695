#include "transport/http/curl_exchange.h"

#include "transport/http/curl_transfer.h"

#include <cassert>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace hawser::http {
namespace {

void start_curl()
{
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

Error cancelled()
{
    return {ErrorKind::retry, "net.cancelled", "the request was given up"};
}

class CurlExchange final : public Exchange {
public:
    explicit CurlExchange(CurlOptions options) : options_(std::move(options))
    {
        start_curl();
        multi_ = curl_multi_init();
        if (!multi_) return;
        curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, options_.max_connections);
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options_.max_connections);
        curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
        thread_ = std::thread([this] { run(); });
    }

    ~CurlExchange() override
    {
        if (!multi_) return;
        assert(std::this_thread::get_id() != thread_.get_id());
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        curl_multi_wakeup(multi_);
        thread_.join();
        curl_multi_cleanup(multi_);
    }

    CurlExchange(const CurlExchange&) = delete;
    CurlExchange& operator=(const CurlExchange&) = delete;

    Ticket send(Request request, Done done) override
    {
        auto destination = check_destination(request);
        if (!destination) {
            done(std::move(destination.error()));
            return 0;
        }
        if (!multi_) {
            done(Error{ErrorKind::stop, "net.internal", "the network library cannot work: no memory"});
            return 0;
        }
        Ticket ticket = 0;
        {
            const std::lock_guard lock(mutex_);
            ticket = ++last_ticket_;
            waiting_.push_back({ticket, std::move(request), std::move(*destination), std::move(done)});
        }
        curl_multi_wakeup(multi_);
        return ticket;
    }

    void cancel(Ticket ticket) override
    {
        if (!multi_) return;
        {
            const std::lock_guard lock(mutex_);
            cancelled_.push_back(ticket);
        }
        curl_multi_wakeup(multi_);
    }

private:
    struct Waiting {
        Ticket ticket;
        Request request;
        Destination destination;
        Done done;
    };
    struct Orders {
        std::deque<Waiting> sends;
        std::vector<Ticket> cancels;
        bool stop = false;
    };

    Orders take_orders()
    {
        const std::lock_guard lock(mutex_);
        Orders orders;
        orders.sends.swap(waiting_);
        orders.cancels.swap(cancelled_);
        orders.stop = stopping_;
        return orders;
    }

    void run()
    {
        constexpr int longest_sleep_ms = 60'000;
        while (true) {
            auto orders = take_orders();
            for (auto& waiting : orders.sends) begin(std::move(waiting));
            for (const auto ticket : orders.cancels) end(ticket, cancelled());
            if (orders.stop) break;
            int running = 0;
            curl_multi_perform(multi_, &running);
            if (complete() > 0) continue;
            curl_multi_poll(multi_, nullptr, 0, longest_sleep_ms, nullptr);
        }
        // A `done` may send again; its request is ended like the others.
        for (bool more = true; more;) {
            while (!transfers_.empty()) end(transfers_.begin()->first, cancelled());
            auto late = take_orders();
            for (auto& waiting : late.sends) waiting.done(cancelled());
            more = !late.sends.empty();
        }
    }

    void begin(Waiting waiting)
    {
        auto transfer =
            std::make_unique<CurlTransfer>(waiting.ticket, std::move(waiting.request),
                                           std::move(waiting.destination), std::move(waiting.done), options_);
        if (!transfer->handle() || curl_multi_add_handle(multi_, transfer->handle()) != CURLM_OK) {
            transfer->finish(
                Error{ErrorKind::stop, "net.internal", "the network library cannot work: no memory"});
            return;
        }
        transfers_.emplace(waiting.ticket, std::move(transfer));
    }

    std::unique_ptr<CurlTransfer> take(Ticket ticket)
    {
        const auto found = transfers_.find(ticket);
        if (found == transfers_.end()) return nullptr;
        auto transfer = std::move(found->second);
        transfers_.erase(found);
        curl_multi_remove_handle(multi_, transfer->handle());
        return transfer;
    }

    void end(Ticket ticket, Error error)
    {
        if (const auto transfer = take(ticket)) transfer->finish(std::move(error));
    }

    std::size_t complete()
    {
        std::size_t count = 0;
        int left = 0;
        while (const auto* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const auto code = message->data.result;
            CurlTransfer* done = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &done);
            if (const auto transfer = take(done->ticket())) transfer->finish(code);
            ++count;
        }
        return count;
    }

    const CurlOptions options_;
    CURLM* multi_ = nullptr;
    std::map<Ticket, std::unique_ptr<CurlTransfer>> transfers_; ///< The thread's own.

    std::mutex mutex_; ///< Guards what follows.
    std::deque<Waiting> waiting_;
    std::vector<Ticket> cancelled_;
    Ticket last_ticket_ = 0;
    bool stopping_ = false;

    std::thread thread_;
};

} // namespace

std::shared_ptr<Exchange> curl_exchange(CurlOptions options)
{
    return std::make_shared<CurlExchange>(std::move(options));
}

} // namespace hawser::http

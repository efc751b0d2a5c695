#include "tests/bench/traced_exchange.h"

#include <boost/json.hpp>

#include <atomic>
#include <fstream>
#include <mutex>

namespace hawser::bench {

struct TracedExchange::State {
    std::shared_ptr<http::Exchange> inner;
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> bytes{0};
    std::mutex mutex;
    std::ofstream file;
};

TracedExchange::TracedExchange(std::shared_ptr<http::Exchange> inner, const std::string& file)
    : state_(std::make_shared<State>())
{
    state_->inner = std::move(inner);
    if (!file.empty()) state_->file.open(file);
}

TracedExchange::~TracedExchange() = default;

http::Exchange::Ticket TracedExchange::send(http::Request request, Done done)
{
    ++state_->requests;
    if (state_->file.is_open()) {
        boost::json::array headers;
        for (const http::Header& header : request.headers)
            if (!http::same_name(header.name, "Authorization"))
                headers.push_back(boost::json::string(header.name + ": " + header.value));
        const boost::json::object line{{"method", request.method},
                                       {"url", request.url},
                                       {"headers", std::move(headers)},
                                       {"body", request.body}};
        const std::lock_guard lock(state_->mutex);
        state_->file << boost::json::serialize(line) << std::endl;
    }
    auto counted = [state = state_, done = std::move(done)](Result<http::Answer> answer) {
        if (answer) state->bytes += answer->body.size();
        done(std::move(answer));
    };
    return state_->inner->send(std::move(request), std::move(counted));
}

void TracedExchange::cancel(Ticket ticket)
{
    state_->inner->cancel(ticket);
}

std::uint64_t TracedExchange::requests() const
{
    return state_->requests;
}

std::uint64_t TracedExchange::bytes() const
{
    return state_->bytes;
}

} // namespace hawser::bench

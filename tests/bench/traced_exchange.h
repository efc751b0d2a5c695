#pragma once

#include "transport/http/exchange.h"

#include <memory>
#include <string>

namespace hawser::bench {

/// Counts the requests and the bytes that pass and, given a file, writes each as a line of JSON without its
/// Authorization header, so that the floor can send the same ones.
class TracedExchange : public http::Exchange {
public:
    TracedExchange(std::shared_ptr<http::Exchange> inner, const std::string& file);
    ~TracedExchange() override;

    Ticket send(http::Request request, Done done) override;
    void cancel(Ticket ticket) override;

    std::uint64_t requests() const;
    std::uint64_t bytes() const; ///< Of the answers' bodies, decoded.

private:
    struct State;
    std::shared_ptr<State> state_; ///< Late answers reach it too.
};

} // namespace hawser::bench

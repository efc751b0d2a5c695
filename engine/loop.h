#pragma once

#include "hawser/clock.h"
#include "hawser/result.h"
#include "hawser/synchronizer.h"
#include "transport/http/exchange.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace hawser::engine {

namespace asio = boost::asio;

/// Wakes a `Loop::rest` early. Belongs to the loop's thread.
class Bell {
public:
    /// Ends the rest under way, or the next one at once.
    void ring()
    {
        rung_ = true;
        if (wake_) wake_();
    }

private:
    friend class Loop;
    bool rung_ = false;
    std::function<void()> wake_;
};

/// The bridge between callback ports and the engine's coroutines: every port's answer is posted to
/// the io_context before a coroutine sees it, so the engine runs on the io_context's thread only.
///
/// Destruction drops every wait: what waited never goes on, its ports are told to cancel, and late
/// callbacks find nothing. The coroutine frames are unwound by the io_context afterwards, so their
/// locals must not touch the engine in destructors. The io_context must outlive the Loop.
///
/// Threads: one at a time, the io_context's. Port callbacks may come from any thread.
class Loop {
public:
    Loop(asio::io_context& context, std::shared_ptr<Clock> clock);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    Clock& clock() const { return *clock_; }

    /// Starts a coroutine and runs it to its first suspension. On the io_context's thread only.
    /// An exception that leaves it leaves `io_context::run`.
    void start(std::function<asio::awaitable<void>()> body);

    asio::awaitable<void> sleep(Clock::Milliseconds time);
    asio::awaitable<Result<http::Answer>> exchange(http::Exchange& exchange, http::Request request);
    asio::awaitable<Result<std::string>> token(TokenProvider& provider, bool refresh);
    /// A yes or no from the embedder.
    asio::awaitable<bool> ask(std::function<void(std::function<void(bool)>)> question);

    /// Waits until the bell rings, or the time is over when there is one. The bell must outlive it.
    asio::awaitable<void> rest(Bell& bell, std::optional<Clock::Milliseconds> time);

    /// Ends every wait early: exchanges and tokens fail with net.cancelled, sleeps end, questions are
    /// answered no. For stopping and for leaving at once.
    void interrupt();

private:
    struct Shared;
    template <class T>
    struct Slot;
    template <class T>
    using Begin = std::function<std::function<void()>(std::function<void(T)> done)>;

    template <class T>
    asio::awaitable<T> wait(Begin<T> begin, T when_interrupted);

    asio::io_context& context_;
    std::shared_ptr<Clock> clock_;
    std::shared_ptr<Shared> shared_;
};

} // namespace hawser::engine

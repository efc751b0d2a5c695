#pragma once

#include "engine/context.h"
#include "engine/task.h"
#include "hawser/clock.h"
#include "hawser/result.h"
#include "hawser/synchronizer.h"
#include "transport/http/exchange.h"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace hawser::engine {

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
/// the context before a coroutine sees it, so the engine runs on the context's thread only.
///
/// Destruction drops every wait: what waited never goes on, its ports are told to cancel, late
/// callbacks find nothing, and the coroutines' frames are destroyed. Their locals must not touch the
/// engine in destructors, for parts of it are gone. The context must outlive the Loop.
///
/// Threads: one at a time, the context's. Port callbacks may come from any thread.
class Loop {
public:
    Loop(Context& context, std::shared_ptr<Clock> clock);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    Clock& clock() const { return *clock_; }

    /// Starts a coroutine and runs it to its first suspension. On the context's thread only.
    /// An exception that leaves it leaves this call, or `Context::run`.
    void start(std::function<Task<void>()> body);

    Task<void> sleep(Clock::Milliseconds time);
    Task<Result<http::Answer>> exchange(http::Exchange& exchange, http::Request request);
    Task<Result<std::string>> token(TokenProvider& provider, bool refresh);
    /// A yes or no from the embedder.
    Task<bool> ask(std::function<void(std::function<void(bool)>)> question);

    /// Waits until the bell rings, or the time is over when there is one. The bell must outlive it.
    Task<void> rest(Bell& bell, std::optional<Clock::Milliseconds> time);

    /// Ends every wait early: exchanges and tokens fail with net.cancelled, sleeps end, questions are
    /// answered no. Until `go_on` what would wait for them ends at once like that and asks nobody;
    /// only `rest` waits. For stopping and for leaving at once.
    void interrupt();
    void go_on() { interrupted_ = false; }
    bool is_interrupted() const { return interrupted_; }

private:
    class Root;
    struct Shared;
    template <class T>
    struct Slot;
    template <class T>
    using Begin = std::function<std::function<void()>(std::function<void(T)> done)>;

    template <class T>
    Task<T> wait(Begin<T> begin, T when_interrupted);
    template <class T>
    Task<T> ask_others(Begin<T> begin, T when_interrupted);

    static Root run(std::function<Task<void>()> body);
    /// Destroys the coroutines that have ended.
    void sweep();

    std::shared_ptr<Clock> clock_;
    std::shared_ptr<Shared> shared_;
    std::list<Root> roots_;
    bool interrupted_ = false;
};

} // namespace hawser::engine

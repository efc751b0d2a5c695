#include "engine/loop.h"

#include <boost/asio/co_spawn.hpp>

#include <cassert>
#include <exception>

namespace hawser::engine {

namespace {

Error cancelled()
{
    return {ErrorKind::retry, "net.cancelled", "the engine was stopped while it waited for an answer"};
}

} // namespace

/// What outlives the Loop: late callbacks reach only this.
struct Loop::Shared {
    struct Entry {
        virtual ~Entry() = default;
        virtual void finish() = 0;    ///< Resume with the value that is there.
        virtual void interrupt() = 0; ///< Make the interruption's value the one that is there.
        virtual void abandon() = 0;   ///< Never resume.
        std::function<void()> cancel;
    };

    std::mutex mutex;
    asio::io_context* context = nullptr; ///< Null once the Loop is gone.
    std::uint64_t last = 0;
    std::map<std::uint64_t, std::shared_ptr<Entry>> waiting;

    std::uint64_t add(std::shared_ptr<Entry> entry)
    {
        const std::lock_guard lock(mutex);
        waiting.emplace(++last, std::move(entry));
        return last;
    }

    std::shared_ptr<Entry> take(std::uint64_t number)
    {
        const std::lock_guard lock(mutex);
        const auto found = waiting.find(number);
        if (found == waiting.end()) return nullptr;
        auto entry = std::move(found->second);
        waiting.erase(found);
        return entry;
    }

    /// Called from any thread: the entry's value is there.
    static void ready(const std::shared_ptr<Shared>& shared, std::uint64_t number)
    {
        const std::lock_guard lock(shared->mutex);
        if (!shared->context) return;
        asio::post(*shared->context, [shared, number] {
            if (const auto entry = shared->take(number)) entry->finish();
        });
    }
};

template <class T>
struct Loop::Slot : Loop::Shared::Entry {
    /// The suspended coroutine, whatever its handler's type.
    struct Suspended {
        virtual ~Suspended() = default;
        virtual void resume(T value) = 0;
    };
    template <class Handler>
    struct SuspendedIn : Suspended {
        explicit SuspendedIn(Handler suspended) : handler(std::move(suspended)) {}
        void resume(T value) override { std::move(handler)(std::move(value)); }
        Handler handler;
    };

    explicit Slot(T interrupted) : when_interrupted(std::move(interrupted)) {}

    void finish() override
    {
        std::optional<T> result;
        {
            const std::lock_guard lock(mutex);
            result.swap(value);
        }
        const auto coroutine = std::move(suspended);
        coroutine->resume(std::move(*result));
    }

    void interrupt() override { put(T(when_interrupted)); }

    void abandon() override { suspended.reset(); }

    bool put(T given)
    {
        const std::lock_guard lock(mutex);
        if (settled) return false;
        settled = true;
        value.emplace(std::move(given));
        return true;
    }

    std::mutex mutex;
    bool settled = false;
    std::optional<T> value;
    T when_interrupted;
    std::unique_ptr<Suspended> suspended;
};

Loop::Loop(asio::io_context& context, std::shared_ptr<Clock> clock)
    : context_(context), clock_(std::move(clock)), shared_(std::make_shared<Shared>())
{
    shared_->context = &context;
}

Loop::~Loop()
{
    std::map<std::uint64_t, std::shared_ptr<Shared::Entry>> dropped;
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->context = nullptr;
        dropped.swap(shared_->waiting);
    }
    for (const auto& [number, entry] : dropped) {
        if (entry->cancel) entry->cancel();
        entry->abandon();
    }
}

void Loop::start(std::function<asio::awaitable<void>()> body)
{
    // A coroutine lambda's captures live in the lambda: keep it until the end.
    const auto kept = std::make_shared<std::function<asio::awaitable<void>()>>(std::move(body));
    asio::co_spawn(context_, (*kept)(), [kept](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
}

template <class T>
asio::awaitable<T> Loop::wait(Begin<T> begin, T when_interrupted)
{
    auto slot = std::make_shared<Slot<T>>(std::move(when_interrupted));
    auto initiate = [slot, begin = std::move(begin), shared = shared_](auto handler) {
        using Suspended = typename Slot<T>::template SuspendedIn<decltype(handler)>;
        slot->suspended = std::make_unique<Suspended>(std::move(handler));
        const std::uint64_t number = shared->add(slot);
        auto cancel = begin([slot, shared, number](T value) {
            if (slot->put(std::move(value))) Shared::ready(shared, number);
        });
        const std::lock_guard lock(shared->mutex);
        slot->cancel = std::move(cancel);
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(std::move(initiate),
                                                                        asio::use_awaitable);
}

asio::awaitable<void> Loop::sleep(Clock::Milliseconds time)
{
    Begin<bool> begin = [clock = clock_, time](std::function<void(bool)> done) -> std::function<void()> {
        const Clock::Timer timer = clock->call_after(time, [done] { done(true); });
        return [clock, timer] { clock->cancel(timer); };
    };
    auto waiting = wait<bool>(std::move(begin), false);
    (void)co_await std::move(waiting);
}

asio::awaitable<void> Loop::rest(Bell& bell, std::optional<Clock::Milliseconds> time)
{
    if (std::exchange(bell.rung_, false)) co_return;
    auto timer = std::make_shared<std::optional<Clock::Timer>>();
    Begin<bool> begin = [&bell, timer, clock = clock_,
                         time](std::function<void(bool)> done) -> std::function<void()> {
        bell.wake_ = [done] { done(true); };
        if (!time) return {};
        *timer = clock->call_after(*time, [done] { done(false); });
        return [clock, timer] { clock->cancel(**timer); };
    };
    auto waiting = wait<bool>(std::move(begin), false);
    (void)co_await std::move(waiting);
    if (*timer) clock_->cancel(**timer);
    bell.wake_ = nullptr;
    bell.rung_ = false;
}

asio::awaitable<Result<http::Answer>> Loop::exchange(http::Exchange& exchange, http::Request request)
{
    Begin<Result<http::Answer>> begin =
        [&exchange, kept = std::make_shared<http::Request>(std::move(request))](
            std::function<void(Result<http::Answer>)> done) -> std::function<void()> {
        const http::Exchange::Ticket ticket = exchange.send(std::move(*kept), std::move(done));
        return [&exchange, ticket] { exchange.cancel(ticket); };
    };
    return wait<Result<http::Answer>>(std::move(begin), cancelled());
}

asio::awaitable<Result<std::string>> Loop::token(TokenProvider& provider, bool refresh)
{
    Begin<Result<std::string>> begin = [&provider,
                                        refresh](TokenProvider::Done done) -> std::function<void()> {
        provider.request(refresh, std::move(done));
        return [&provider] { provider.cancel(); };
    };
    return wait<Result<std::string>>(std::move(begin), cancelled());
}

asio::awaitable<bool> Loop::ask(std::function<void(std::function<void(bool)>)> question)
{
    Begin<bool> begin = [question =
                             std::move(question)](std::function<void(bool)> done) -> std::function<void()> {
        question(std::move(done));
        return {};
    };
    return wait<bool>(std::move(begin), false);
}

void Loop::interrupt()
{
    std::map<std::uint64_t, std::shared_ptr<Shared::Entry>> waiting;
    {
        const std::lock_guard lock(shared_->mutex);
        waiting = shared_->waiting;
    }
    for (const auto& [number, entry] : waiting) {
        entry->interrupt();
        if (entry->cancel) entry->cancel();
        Shared::ready(shared_, number);
    }
}

} // namespace hawser::engine

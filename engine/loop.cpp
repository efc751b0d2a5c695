#include "engine/loop.h"

#include <coroutine>
#include <exception>
#include <mutex>

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
        std::function<void()> cancel;
    };

    std::mutex mutex;
    Context* context = nullptr; ///< Null once the Loop is gone.
    Loop* loop = nullptr;       ///< The same; for the loop's thread.
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
        shared->context->post([shared, number] {
            if (const auto entry = shared->take(number)) entry->finish();
            if (shared->loop) shared->loop->sweep();
        });
    }
};

template <class T>
struct Loop::Slot : Loop::Shared::Entry {
    explicit Slot(T interrupted) : when_interrupted(std::move(interrupted)) {}

    void finish() override { suspended.resume(); }

    void interrupt() override { put(T(when_interrupted)); }

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
    std::coroutine_handle<> suspended;
};

/// A started coroutine, the outermost frame.
class Loop::Root {
public:
    struct promise_type {
        Root get_return_object() { return Root(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_always final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() noexcept { failure = std::current_exception(); }
        std::exception_ptr failure{};
    };

    explicit Root(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
    Root(Root&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
    Root& operator=(Root&&) = delete;
    ~Root()
    {
        if (frame_) frame_.destroy();
    }

    void begin() const { frame_.resume(); }
    bool ended() const { return frame_.done(); }
    std::exception_ptr failure() const { return frame_.promise().failure; }

private:
    std::coroutine_handle<promise_type> frame_;
};

Loop::Loop(Context& context, std::shared_ptr<Clock> clock)
    : clock_(std::move(clock)), shared_(std::make_shared<Shared>())
{
    shared_->context = &context;
    shared_->loop = this;
}

Loop::~Loop()
{
    std::map<std::uint64_t, std::shared_ptr<Shared::Entry>> dropped;
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->context = nullptr;
        shared_->loop = nullptr;
        dropped.swap(shared_->waiting);
    }
    for (const auto& [number, entry] : dropped)
        if (entry->cancel) entry->cancel();
}

void Loop::start(std::function<Task<void>()> body)
{
    const auto root = roots_.insert(roots_.end(), run(std::move(body)));
    root->begin();
    sweep();
}

// The body's captures live in the body: the frame keeps it until the end.
Loop::Root Loop::run(std::function<Task<void>()> body)
{
    auto task = body();
    co_await std::move(task);
}

void Loop::sweep()
{
    for (auto root = roots_.begin(); root != roots_.end();) {
        if (!root->ended()) {
            ++root;
            continue;
        }
        const std::exception_ptr failure = root->failure();
        root = roots_.erase(root);
        if (failure) std::rethrow_exception(failure);
    }
}

template <class T>
Task<T> Loop::wait(Begin<T> begin, T when_interrupted)
{
    struct Wait {
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> awaiting) const
        {
            slot->suspended = awaiting;
            const std::uint64_t number = shared->add(slot);
            auto cancel = begin([slot = slot, shared = shared, number](T value) {
                if (slot->put(std::move(value))) Shared::ready(shared, number);
            });
            const std::lock_guard lock(shared->mutex);
            slot->cancel = std::move(cancel);
        }
        T await_resume() const { return std::move(*slot->value); }

        std::shared_ptr<Slot<T>> slot;
        std::shared_ptr<Shared> shared;
        Begin<T> begin;
    };
    const Wait waiting{std::make_shared<Slot<T>>(std::move(when_interrupted)), shared_, std::move(begin)};
    co_return co_await waiting;
}

/// A wait that is not begun while the loop is interrupted: one request is often followed by another.
template <class T>
Task<T> Loop::ask_others(Begin<T> begin, T when_interrupted)
{
    if (interrupted_) co_return when_interrupted;
    auto waiting = wait<T>(std::move(begin), std::move(when_interrupted));
    co_return co_await std::move(waiting);
}

Task<void> Loop::sleep(Clock::Milliseconds time)
{
    Begin<bool> begin = [clock = clock_, time](std::function<void(bool)> done) -> std::function<void()> {
        const Clock::Timer timer = clock->call_after(time, [done] { done(true); });
        return [clock, timer] { clock->cancel(timer); };
    };
    auto waiting = ask_others<bool>(std::move(begin), false);
    (void)co_await std::move(waiting);
}

Task<void> Loop::rest(Bell& bell, std::optional<Clock::Milliseconds> time)
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

Task<Result<http::Answer>> Loop::exchange(http::Exchange& exchange, http::Request request)
{
    Begin<Result<http::Answer>> begin =
        [&exchange, kept = std::make_shared<http::Request>(std::move(request))](
            std::function<void(Result<http::Answer>)> done) -> std::function<void()> {
        const http::Exchange::Ticket ticket = exchange.send(std::move(*kept), std::move(done));
        return [&exchange, ticket] { exchange.cancel(ticket); };
    };
    return ask_others<Result<http::Answer>>(std::move(begin), cancelled());
}

Task<Result<std::string>> Loop::token(TokenProvider& provider, bool refresh)
{
    Begin<Result<std::string>> begin = [&provider,
                                        refresh](TokenProvider::Done done) -> std::function<void()> {
        provider.request(refresh, std::move(done));
        return [&provider] { provider.cancel(); };
    };
    return ask_others<Result<std::string>>(std::move(begin), cancelled());
}

Task<bool> Loop::ask(std::function<void(std::function<void(bool)>)> question)
{
    Begin<bool> begin = [question =
                             std::move(question)](std::function<void(bool)> done) -> std::function<void()> {
        question(std::move(done));
        return {};
    };
    return ask_others<bool>(std::move(begin), false);
}

void Loop::interrupt()
{
    interrupted_ = true;
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

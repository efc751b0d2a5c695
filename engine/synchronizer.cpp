#include "hawser/synchronizer.h"

#include "engine/copied.h"
#include "engine/diagnosis.h"
#include "engine/engine.h"
#include "engine/ports.h"
#include "engine/replica_implementation.h"
#include "engine/status.h"
#include "localstore/engine_lock.h"
#include "localstore/transaction.h"

#include <atomic>
#include <cerrno>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace hawser {

namespace {

using Body = std::function<engine::Task<void>(engine::Engine&)>;

/// The lock adds the process's number.
std::string holder_text()
{
    return ::program_invocation_short_name;
}

Error locked(const Error& error)
{
    return {error.kind, "engine.locked", error.message};
}

/// Callbacks run where the embedder's post hook puts them.
SynchronizerOptions posted(SynchronizerOptions options,
                           const std::function<void(std::function<void()>)>& post)
{
    if (!post) return options;
    if (options.progress)
        options.progress = [post, told = options.progress](const Progress& progress) {
            post([told, progress] { told(progress); });
        };
    if (options.cycle_finished)
        options.cycle_finished = [post, told = options.cycle_finished](const CycleReport& report) {
            post([told, report] { told(report); });
        };
    if (options.ask_mass_change)
        options.ask_mass_change = [post, asked = options.ask_mass_change](const MassChange& change,
                                                                          std::function<void(bool)> answer) {
            post([asked, change, answer] { asked(change, answer); });
        };
    return options;
}

Error not_running()
{
    return {ErrorKind::refuse, "engine.stopped", "the synchronizer was stopped; make another one"};
}

/// What a caller waits for. An operation that is dropped half-way, because the engine ends, answers
/// for itself: nobody waits for good.
template <class T>
class Answer {
public:
    Answer() = default;
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    ~Answer()
    {
        if (!given_) promise_.set_value(not_running());
    }

    std::future<Result<T>> future() { return promise_.get_future(); }
    void give(Result<T> result)
    {
        given_ = true;
        promise_.set_value(std::move(result));
    }

private:
    std::promise<Result<T>> promise_;
    bool given_ = false;
};

} // namespace

/// Owns the thread and its work; everything else is the Engine's.
class Synchronizer::Impl {
public:
    Impl(Replica replica, SynchronizerOptions options, Ports ports)
        : replica_(std::move(replica)),
          options_(posted(std::move(options), shared().options.post)),
          ports_(engine::real_ports(std::move(ports), options_, replica_.binding()))
    {
    }

    ~Impl() { end(); }

    const Replica& replica() const { return replica_; }

    /// Runs an operation on the engine's thread and waits for it. With `writes` it holds the lock.
    enum class Right { reads, writes };
    template <class T>
    Result<T> call(Right right, std::function<engine::Task<Result<T>>(engine::Engine&)> operation)
    {
        const Result<void> ready = begin_call(right);
        if (!ready) return ready.error();
        auto answer = std::make_shared<Answer<T>>();
        auto future = answer->future();
        post([this, answer = std::move(answer), operation = std::move(operation)] {
            loop_->start([this, answer, operation]() -> engine::Task<void> {
                auto running = operation(*engine_);
                answer->give(co_await std::move(running));
            });
        });
        Result<T> result = future.get();
        finish(right);
        return result;
    }

    Result<void> start()
    {
        // One lock for both: what is observed after the end would be told to nobody.
        const std::lock_guard lock(mutex_);
        const Result<void> ready = begin(Right::writes);
        if (!ready) return ready;
        if (std::exchange(started_, true)) return {};
        observer_ = shared().store->observe([this](const localstore::CommitNotice& notice) {
            if (notice.queue && std::this_thread::get_id() != engine_thread_) tell(&engine::Engine::nudge);
        });
        others_ = shared().watchers->hear_others([this] { others_wrote(); });
        context_.post([this] { engine_->run_in_background(); });
        return {};
    }

    void tell(void (engine::Engine::*word)())
    {
        post([this, word] { (engine_.get()->*word)(); });
    }

    void reachable(bool yes)
    {
        post([this, yes] { engine_->reachable(yes); });
    }

    /// Waits until nothing runs; false when that took longer.
    bool drained(std::optional<std::chrono::milliseconds> deadline)
    {
        auto answer = std::make_shared<Answer<void>>();
        auto future = answer->future();
        post([this, answer = std::move(answer)] {
            loop_->start([this, answer]() -> engine::Task<void> {
                auto waiting = engine_->settle_down();
                co_await std::move(waiting);
                answer->give({});
            });
        });
        if (!deadline) {
            future.wait();
            return true;
        }
        return future.wait_for(*deadline) == std::future_status::ready;
    }

    bool stop(std::chrono::milliseconds deadline)
    {
        tell(&engine::Engine::leave);
        const bool in_time = drained(deadline);
        if (!in_time) {
            tell(&engine::Engine::leave_now);
            drained(std::nullopt);
        }
        end();
        return in_time;
    }

private:
    const Replica::Impl& shared() const { return *replica_.impl(); }

    /// Work for the engine's thread; dropped when that never ran or is about to end.
    void post(std::function<void()> work)
    {
        const std::lock_guard lock(mutex_);
        if (!ended_ && thread_.joinable()) context_.post(std::move(work));
    }

    Result<void> begin_call(Right right)
    {
        const std::lock_guard lock(mutex_);
        return begin(right);
    }

    /// The thread and the engine, from the first operation on; the lock while somebody writes. With
    /// `mutex_` held.
    Result<void> begin(Right right)
    {
        if (ended_) return not_running();
        if (!engine_) {
            auto made =
                engine::Engine::make({context_, *shared().store, *shared().policies, shared().options.clock,
                                      shared().options.random, ports_.exchange, ports_.tokens, options_});
            if (!made) return made.error();
            engine_ = std::move(*made);
            loop_ = std::make_unique<engine::Loop>(context_, shared().options.clock);
            thread_ = std::thread([this] { context_.run(); });
            engine_thread_ = thread_.get_id();
        }
        if (right == Right::reads) return {};
        if (!lock_) {
            auto taken = localstore::EngineLock::acquire(*shared().store, holder_text(), shared().random());
            if (!taken) return locked(taken.error());
            const Result<void> known = meet((*taken)->provenance());
            if (!known) return known;
            lock_ = std::move(*taken);
        }
        ++writers_;
        return {};
    }

    void finish(Right right)
    {
        if (right == Right::reads) return;
        const std::lock_guard lock(mutex_);
        if (--writers_ == 0 && !started_ && !ended_) lock_.reset();
    }

    /// A copy of the file is another installation; what it holds is compared before it sends anything.
    Result<void> meet(localstore::Provenance provenance)
    {
        if (provenance == localstore::Provenance::same) return {};
        return engine::begin_as_copy(*shared().store, Guid::make(shared().random()), shared().now());
    }

    /// Another process has written: edits of its own, or waiting ones that it set free.
    void others_wrote()
    {
        const auto figures = shared().store->queue_figures();
        if (figures && figures->queued > 0) tell(&engine::Engine::nudge);
    }

    /// Whoever is second waits: when it returns, all has ended.
    void end()
    {
        const std::lock_guard ending(ending_);
        {
            const std::lock_guard lock(mutex_);
            if (std::exchange(ended_, true)) return;
        }
        if (observer_) shared().store->forget(*observer_);
        if (others_) shared().watchers->remove(*others_);
        if (!thread_.joinable()) return;
        context_.post([this] {
            engine_.reset();
            loop_.reset();
            context_.finish();
        });
        thread_.join();
        lock_.reset();
    }

    Replica replica_;
    SynchronizerOptions options_;
    Ports ports_;
    engine::Context context_;

    std::mutex ending_; ///< Before `mutex_`, never within it.
    std::mutex mutex_;
    std::thread thread_;
    std::thread::id engine_thread_; ///< Set before anything is observed, and never again.
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<engine::Loop> loop_; ///< For the operations that callers wait for.
    std::unique_ptr<localstore::EngineLock> lock_;
    std::optional<std::uint64_t> observer_;
    std::optional<std::uint64_t> others_;
    int writers_ = 0;
    bool started_ = false;
    bool ended_ = false;
};

Synchronizer::Synchronizer(Replica replica, SynchronizerOptions options, Ports ports)
    : impl_(std::make_unique<Impl>(std::move(replica), std::move(options), std::move(ports)))
{
}
Synchronizer::Synchronizer(Synchronizer&&) noexcept = default;
Synchronizer::~Synchronizer() = default;

Result<Binding> Synchronizer::identify(const std::string& organization_url, const std::string& mailbox,
                                       const SynchronizerOptions& options, const Ports& ports,
                                       std::shared_ptr<Clock> clock, std::shared_ptr<Random> random)
{
    return engine::identify(organization_url, mailbox, options, ports, std::move(clock), std::move(random));
}

Probe Synchronizer::probe(const std::string& organization_url, const SynchronizerOptions& options,
                          const Ports& ports, std::shared_ptr<Clock> clock, std::shared_ptr<Random> random)
{
    return engine::probe(organization_url, options, ports, std::move(clock), std::move(random));
}

Result<void> Synchronizer::start()
{
    return impl_->start();
}

Result<void> Synchronizer::connect()
{
    return impl_->call<void>(Impl::Right::writes, [](engine::Engine& engine) { return engine.connect(); });
}

Result<CycleReport> Synchronizer::cycle(const CycleOptions& options)
{
    engine::CycleRequest request;
    request.tables = options.tables;
    if (options.full) request.extent = engine::Puller::Extent::full;
    return impl_->call<CycleReport>(Impl::Right::writes,
                                    [request](engine::Engine& engine) { return engine.cycle(request); });
}

Result<void> Synchronizer::go_offline(Departure departure)
{
    return impl_->call<void>(Impl::Right::writes,
                             [departure](engine::Engine& engine) { return engine.go_offline(departure); });
}

Result<CycleReport> Synchronizer::go_online()
{
    return impl_->call<CycleReport>(Impl::Right::writes,
                                    [](engine::Engine& engine) { return engine.go_online(); });
}

Result<Status> Synchronizer::status() const
{
    return engine::status_from_disk(impl_->replica());
}

Result<Status> Synchronizer::status(const Replica& replica)
{
    return engine::status_from_disk(replica);
}

Result<Plan> Synchronizer::plan(const CycleOptions& options)
{
    return impl_->call<Plan>(Impl::Right::reads, [tables = options.tables](engine::Engine& engine) {
        return engine.plan(tables);
    });
}

Result<Verification> Synchronizer::verify()
{
    return impl_->call<Verification>(Impl::Right::reads,
                                     [](engine::Engine& engine) { return engine.verify(); });
}

Result<Sighting> Synchronizer::look(const RecordKey& record)
{
    return impl_->call<Sighting>(Impl::Right::reads,
                                 [record](engine::Engine& engine) { return engine.look(record); });
}

void Synchronizer::nudge()
{
    impl_->tell(&engine::Engine::nudge);
}

void Synchronizer::reachable(bool yes)
{
    impl_->reachable(yes);
}

void Synchronizer::suspend()
{
    impl_->tell(&engine::Engine::suspend);
    impl_->drained(std::nullopt);
}

void Synchronizer::resume()
{
    impl_->tell(&engine::Engine::resume);
}

bool Synchronizer::stop(std::chrono::milliseconds deadline)
{
    return impl_->stop(deadline);
}

} // namespace hawser

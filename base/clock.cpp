#include "hawser/clock.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

namespace hawser {
namespace {

using Steady = std::chrono::steady_clock;

/// What the timer thread and the clock share; outlives whichever of them ends last.
class Timers {
public:
    Clock::Timer set(Steady::time_point due, std::function<void()> wake)
    {
        const std::lock_guard lock(mutex_);
        const Clock::Timer timer = ++last_timer_;
        const bool earliest = waiting_.empty() || due < waiting_.begin()->first.first;
        waiting_.emplace(std::pair{due, timer}, std::move(wake));
        due_of_.emplace(timer, due);
        if (earliest) changed_.notify_all();
        return timer;
    }

    void cancel(Clock::Timer timer)
    {
        std::function<void()> dropped; // destroyed after the lock is released
        std::unique_lock lock(mutex_);
        if (const auto due = due_of_.find(timer); due != due_of_.end()) {
            const auto found = waiting_.find(std::pair{due->second, timer});
            dropped = std::move(found->second);
            waiting_.erase(found);
            due_of_.erase(due);
        } else if (runner_ != std::this_thread::get_id()) {
            finished_.wait(lock, [&] { return running_ != timer; });
        }
    }

    void stop()
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }

    void run()
    {
        std::unique_lock lock(mutex_);
        runner_ = std::this_thread::get_id();
        while (!stopping_) {
            if (waiting_.empty()) {
                changed_.wait(lock);
                continue;
            }
            const Steady::time_point due = waiting_.begin()->first.first;
            if (Steady::now() < due) {
                changed_.wait_until(lock, due);
                continue;
            }
            run_first(lock);
        }
    }

private:
    void run_first(std::unique_lock<std::mutex>& lock)
    {
        auto node = waiting_.extract(waiting_.begin());
        running_ = node.key().second;
        due_of_.erase(running_);
        lock.unlock();
        node.mapped()();
        node.mapped() = nullptr;
        lock.lock();
        running_ = 0;
        finished_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::condition_variable finished_;
    std::map<std::pair<Steady::time_point, Clock::Timer>, std::function<void()>> waiting_;
    std::unordered_map<Clock::Timer, Steady::time_point> due_of_;
    Clock::Timer last_timer_ = 0;
    Clock::Timer running_ = 0;
    std::thread::id runner_;
    bool stopping_ = false;
};

class SystemClock final : public Clock {
public:
    SystemClock() = default;
    SystemClock(const SystemClock&) = delete;
    SystemClock& operator=(const SystemClock&) = delete;

    ~SystemClock() override
    {
        timers_->stop();
        if (!thread_.joinable()) return;
        // The program may end from within a timer's wake; a thread cannot join itself.
        if (thread_.get_id() == std::this_thread::get_id())
            thread_.detach();
        else
            thread_.join();
    }

    Instant now() const override
    {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }

    Milliseconds elapsed() const override
    {
        return std::chrono::duration_cast<Milliseconds>(Steady::now().time_since_epoch());
    }

    Timer call_after(Milliseconds after, std::function<void()> wake) override
    {
        std::call_once(started_, [this] { thread_ = std::thread([timers = timers_] { timers->run(); }); });
        // Anything longer would overflow the time point, and nothing waits ten years.
        constexpr Milliseconds longest = std::chrono::hours{24 * 3650};
        return timers_->set(Steady::now() + std::clamp(after, Milliseconds{0}, longest), std::move(wake));
    }

    void cancel(Timer timer) override { timers_->cancel(timer); }

private:
    std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
    std::once_flag started_;
    std::thread thread_;
};

} // namespace

std::shared_ptr<Clock> system_clock()
{
    static const auto clock = std::make_shared<SystemClock>();
    return clock;
}

} // namespace hawser

#include "hawser/clock.h"
#include "tests/catch.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Collects what timers report and lets a test wait for it.
class Reports {
public:
    void add(int number)
    {
        const std::lock_guard lock(mutex_);
        numbers_.push_back(number);
        changed_.notify_all();
    }

    std::vector<int> wait_for(std::size_t count)
    {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, 30s, [&] { return numbers_.size() >= count; });
        return numbers_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<int> numbers_;
};

} // namespace

TEST_CASE("Timers fire in the order of their moments, not before their time")
{
    const auto clock = hawser::system_clock();
    Reports reports;
    const auto begin = clock->elapsed();
    clock->call_after(60ms, [&] { reports.add(3); });
    clock->call_after(30ms, [&] { reports.add(2); });
    clock->call_after(-5ms, [&] { reports.add(1); });
    CHECK(reports.wait_for(3) == std::vector{1, 2, 3});
    CHECK(clock->elapsed() - begin >= 59ms);
}

TEST_CASE("Timers set for one moment fire in the order they were set")
{
    const auto clock = hawser::system_clock();
    Reports reports;
    std::vector<int> expected;
    for (int i = 0; i < 100; ++i) {
        clock->call_after(0ms, [&reports, i] { reports.add(i); });
        expected.push_back(i);
    }
    CHECK(reports.wait_for(100) == expected);
}

TEST_CASE("A cancelled timer never fires")
{
    const auto clock = hawser::system_clock();
    Reports reports;
    const auto timer = clock->call_after(20ms, [&] { reports.add(1); });
    clock->cancel(timer);
    clock->cancel(timer);
    clock->cancel(987654321);
    clock->call_after(40ms, [&] { reports.add(2); });
    CHECK(reports.wait_for(1) == std::vector{2});
}

TEST_CASE("Cancelling a timer that is firing waits until it has finished")
{
    const auto clock = hawser::system_clock();
    Reports reports;
    std::mutex mutex;
    std::condition_variable changed;
    bool entered = false;
    bool leave = false;
    const auto timer = clock->call_after(0ms, [&] {
        std::unique_lock lock(mutex);
        entered = true;
        changed.notify_all();
        changed.wait(lock, [&] { return leave; });
        reports.add(1);
    });
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return entered; });
    }
    std::thread canceller([&] {
        clock->cancel(timer);
        reports.add(2);
    });
    {
        const std::lock_guard lock(mutex);
        leave = true;
        changed.notify_all();
    }
    canceller.join();
    CHECK(reports.wait_for(2) == std::vector{1, 2});
}

TEST_CASE("A timer may set and cancel other timers from within its wake")
{
    const auto clock = hawser::system_clock();
    Reports reports;
    const auto later = clock->call_after(1h, [&] { reports.add(9); });
    clock->call_after(0ms, [&] {
        clock->cancel(later);
        clock->call_after(0ms, [&] { reports.add(2); });
        reports.add(1);
    });
    CHECK(reports.wait_for(2) == std::vector{1, 2});
}

TEST_CASE("A timer that is never due does not overflow the clock")
{
    const auto clock = hawser::system_clock();
    Reports reports;
    const auto timer = clock->call_after(hawser::Clock::Milliseconds::max(), [&] { reports.add(1); });
    clock->call_after(0ms, [&] { reports.add(2); });
    CHECK(reports.wait_for(1) == std::vector{2});
    clock->cancel(timer);
}

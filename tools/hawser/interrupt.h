#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace hawser::cli {

/// Turns the first SIGINT or SIGTERM into a call, on a thread of its own; the second one ends the
/// process at once, which is safe because everything that was promised is on the disk.
///
/// Must be made before the threads that shall not be hit by the signals, on the main thread.
class InterruptWatch {
public:
    InterruptWatch();
    ~InterruptWatch(); ///< Waits for a call under way.
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

    /// What to do at the first signal. An empty one takes it back and waits for a call under way.
    void on_interrupt(std::function<void()> action);

    bool interrupted() const { return interrupted_.load(); }
    const std::atomic<bool>& flag() const { return interrupted_; }

    /// Blocks until the first signal.
    void wait();
    /// The same, for so long at most. Whether there was one.
    bool wait_for(std::chrono::milliseconds longest);

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::function<void()> action_;
    std::atomic<bool> interrupted_{false};
    std::atomic<bool> ending_{false};
    std::thread acting_; ///< Started by the first signal.
    std::thread watching_;
};

} // namespace hawser::cli

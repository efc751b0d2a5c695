#include "tools/hawser/interrupt.h"

#include "tools/hawser/exit_code.h"

#include <csignal>
#include <cstdlib>

namespace hawser::cli {

namespace {

sigset_t watched_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

} // namespace

InterruptWatch::InterruptWatch()
{
    const sigset_t signals = watched_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    watching_ = std::thread([this] { run(); });
}

InterruptWatch::~InterruptWatch()
{
    ending_ = true;
    pthread_kill(watching_.native_handle(), SIGINT);
    watching_.join();
    if (acting_.joinable()) acting_.join();
    const sigset_t signals = watched_signals();
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void InterruptWatch::on_interrupt(std::function<void()> action)
{
    const std::lock_guard lock(mutex_);
    action_ = std::move(action);
}

void InterruptWatch::wait()
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return interrupted_.load(); });
}

bool InterruptWatch::wait_for(std::chrono::milliseconds longest)
{
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, longest, [this] { return interrupted_.load(); });
}

void InterruptWatch::run()
{
    const sigset_t signals = watched_signals();
    for (int signal = 0; sigwait(&signals, &signal) == 0 && !ending_;) {
        if (interrupted_.exchange(true)) std::_Exit(static_cast<int>(ExitCode::failed));
        // The action may take its time, and a second signal must end the process meanwhile.
        acting_ = std::thread([this] {
            const std::lock_guard lock(mutex_);
            if (action_) action_();
            changed_.notify_all();
        });
    }
}

} // namespace hawser::cli

#pragma once

#include "hawser/clock.h"
#include "hawser/synchronizer.h"
#include "tools/hawser/invocation.h"

#include <memory>
#include <mutex>
#include <string>

namespace hawser::cli {

/// The text of one bar: "pull contact  [#####.....]  12,000 of 24,000", at most `width` cells. Without
/// a total the bar is left out.
std::string progress_text(const Progress& progress, std::size_t width);

/// A line on standard error that says how far a long job is. It shows itself only on a terminal,
/// only when the job takes over a second, at most ten times a second, and it removes itself.
///
/// Threads: `show` may be called from any thread.
class ProgressBar {
public:
    ProgressBar(const Invocation& invocation, std::shared_ptr<Clock> clock);
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void show(const Progress& progress);

    /// Removes the line, so that something else can be printed; the next `show` draws it again.
    void clear();

    /// The same, and starts the second anew: for a process that does one job after the other.
    void restart();

private:
    void erase_line();

    std::mutex mutex_;
    std::shared_ptr<Clock> clock_;
    bool enabled_ = false;
    bool shown_ = false;
    Clock::Milliseconds started_{};
    Clock::Milliseconds drawn_{};
};

} // namespace hawser::cli

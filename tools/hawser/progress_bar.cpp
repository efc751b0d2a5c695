#include "tools/hawser/progress_bar.h"

#include "tools/hawser/output.h"
#include "tools/hawser/text_width.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hawser::cli {

namespace {

using namespace std::chrono_literals;
constexpr Clock::Milliseconds patience = 1s;
constexpr Clock::Milliseconds between_drawings = 100ms;
constexpr std::size_t bar_cells_most = 24;
constexpr std::size_t bar_cells_least = 5;

std::size_t error_width()
{
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string_view phase_word(std::string_view phase)
{
    if (phase == "connect") return "connecting";
    if (phase == "pull") return "pulling";
    if (phase == "push") return "sending";
    if (phase == "sweep") return "comparing";
    if (phase == "verify") return "verifying";
    return phase;
}

} // namespace

std::string progress_text(const Progress& progress, std::size_t width)
{
    std::string text(phase_word(progress.phase));
    if (!progress.table.empty()) text += " " + progress.table;
    if (progress.total > 0) {
        const std::uint64_t done = std::min(progress.done, progress.total);
        const std::string count = fmt::format("  {} of {}", grouped(done), grouped(progress.total));
        const std::size_t taken = display_width(text) + count.size() + 4; // Two spaces, two brackets.
        const std::size_t cells = width > taken ? std::min(width - taken, bar_cells_most) : 0;
        const auto filled = static_cast<std::size_t>(static_cast<double>(done) * static_cast<double>(cells) /
                                                     static_cast<double>(progress.total));
        if (cells >= bar_cells_least)
            text += fmt::format("  [{}{}]", std::string(filled, '#'), std::string(cells - filled, '.'));
        text += count;
    } else if (progress.done > 0) {
        text += fmt::format("  {}", grouped(progress.done));
    }
    return cut_to_width(one_safe_line(text), width);
}

ProgressBar::ProgressBar(const Invocation& invocation, std::shared_ptr<Clock> clock)
    : clock_(std::move(clock)),
      enabled_(!invocation.quiet && is_terminal(stderr)),
      started_(clock_->elapsed())
{
}

ProgressBar::~ProgressBar()
{
    clear();
}

void ProgressBar::show(const Progress& progress)
{
    const std::lock_guard lock(mutex_);
    const Clock::Milliseconds now = clock_->elapsed();
    if (!enabled_ || now - started_ < patience) return;
    if (shown_ && now - drawn_ < between_drawings) return;
    const std::size_t width = error_width();
    const std::string line = "\r\x1b[K" + progress_text(progress, width > 1 ? width - 1 : 1);
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
    shown_ = true;
    drawn_ = now;
}

void ProgressBar::erase_line()
{
    if (!shown_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    shown_ = false;
}

void ProgressBar::clear()
{
    const std::lock_guard lock(mutex_);
    erase_line();
}

void ProgressBar::restart()
{
    const std::lock_guard lock(mutex_);
    erase_line();
    started_ = clock_->elapsed();
}

} // namespace hawser::cli

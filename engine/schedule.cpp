#include "engine/schedule.h"

#include <cassert>

namespace hawser::engine {

std::string_view to_text(Reason reason)
{
    switch (reason) {
    case Reason::asked:
        return "asked";
    case Reason::edited:
        return "local edits";
    case Reason::timer:
        return "timer";
    case Reason::reconnected:
        return "reconnected";
    case Reason::resumed:
        return "resumed";
    case Reason::started:
        return "started";
    }
    return "asked";
}

Reason WorkReasons::take()
{
    assert(any());
    const Reason foremost = *reasons_.begin();
    reasons_.clear();
    return foremost;
}

void Timetable::nudged(Milliseconds now)
{
    next_ = std::min(next_, std::max(now + options_.nudge_delay, retry_));
}

void Timetable::hurried(Milliseconds now)
{
    next_ = now;
    retry_ = Milliseconds{0};
}

void Timetable::succeeded(Milliseconds now)
{
    backoff_.succeeded();
    retry_ = hold_ = Milliseconds{0};
    next_ = now + options_.interval;
}

void Timetable::failed(const Error& error, Milliseconds now, Random& random)
{
    retry_ = now + backoff_.failed(random);
    if (error.retry_after) hold_ = std::max(hold_, now + Milliseconds{*error.retry_after});
    next_ = std::max(retry_, hold_);
}

} // namespace hawser::engine

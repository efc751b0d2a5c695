#include "engine/schedule.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace hawser::engine {

namespace {

using Milliseconds = Timetable::Milliseconds;

/// Up to the time that the server asked for, twice that after the next refusal, and so on.
Milliseconds drawn_distance(Milliseconds asked, int failures, Milliseconds most, Random& random)
{
    Milliseconds widest = asked;
    for (int i = 1; i < failures && widest < most; ++i) widest *= 2;
    widest = std::min(widest, most);
    return Milliseconds{static_cast<std::int64_t>(
        below(random, static_cast<std::uint64_t>(std::max<std::int64_t>(widest.count(), 0)) + 1))};
}

} // namespace

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
    if (error.retry_after) {
        const Milliseconds asked{*error.retry_after};
        hold_ = std::max(hold_, now + asked);
        // The server tells everybody the same time, and must not meet all of them again at its end.
        retry_ = std::max(retry_, hold_ + drawn_distance(asked, failures(), options_.backoff_most, random));
    }
    next_ = std::max(retry_, hold_);
}

} // namespace hawser::engine

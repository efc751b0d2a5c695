#include "localstore/gate.h"

#include <algorithm>

namespace hawser::localstore {

WriteGate::Pass WriteGate::enter(Turn turn)
{
    std::unique_lock lock(mutex_);
    if (!taken_ && waiting_.empty()) {
        taken_ = true;
        return Pass(*this);
    }
    const auto waiter = waiting_.emplace(waiting_.end(), turn);
    if (turn == Turn::user) ++users_waiting_;
    waiter->wake.wait(lock, [&] { return waiter->called; });
    waiting_.erase(waiter);
    return Pass(*this);
}

std::size_t WriteGate::waiting()
{
    const std::lock_guard lock(mutex_);
    return waiting_.size();
}

void WriteGate::leave()
{
    const std::lock_guard lock(mutex_);
    taken_ = false;
    call_next();
}

/// A called waiter owns the gate already, so that nobody slips in before it wakes.
void WriteGate::call_next()
{
    const auto of = [this](Turn turn) {
        return std::find_if(waiting_.begin(), waiting_.end(),
                            [turn](const Waiter& waiter) { return waiter.turn == turn && !waiter.called; });
    };
    auto next = of(Turn::user);
    const auto engine = of(Turn::engine);
    if (next == waiting_.end() || (engine != waiting_.end() && users_in_a_row_ >= most_users_in_a_row))
        next = engine;
    if (next == waiting_.end()) {
        users_in_a_row_ = 0;
        return;
    }
    users_in_a_row_ = next->turn == Turn::user ? users_in_a_row_ + 1 : 0;
    if (next->turn == Turn::user) --users_waiting_;
    taken_ = true;
    next->called = true;
    next->wake.notify_one();
}

} // namespace hawser::localstore

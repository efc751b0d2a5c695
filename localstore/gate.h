#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>

namespace hawser::localstore {

enum class Turn { user, engine };

/// Who may write next in this process. Users come before the engine, each kind in the order of
/// arrival; after `most_users_in_a_row` users a waiting engine has its turn, so that neither starves.
/// Any thread.
class WriteGate {
public:
    class Pass {
    public:
        explicit Pass(WriteGate& gate) : gate_(&gate) {}
        Pass(Pass&& other) noexcept : gate_(other.gate_) { other.gate_ = nullptr; }
        Pass& operator=(Pass&&) = delete;
        ~Pass()
        {
            if (gate_ != nullptr) gate_->leave();
        }

    private:
        WriteGate* gate_;
    };

    /// Waits for the turn. The gate is free again when the pass is gone.
    Pass enter(Turn turn);

    /// Whether a user waits: a bulk transaction commits soon.
    bool someone_waits() const { return users_waiting_.load(std::memory_order_relaxed) > 0; }

    /// How many wait in all.
    std::size_t waiting();

private:
    static constexpr int most_users_in_a_row = 16;

    struct Waiter {
        explicit Waiter(Turn its) : turn(its) {}
        Turn turn;
        bool called = false;
        std::condition_variable wake{};
    };

    void leave();
    void call_next();

    std::mutex mutex_;
    std::list<Waiter> waiting_;
    std::atomic<int> users_waiting_{0};
    int users_in_a_row_ = 0;
    bool taken_ = false;
};

} // namespace hawser::localstore

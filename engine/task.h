#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace hawser::engine {

template <class T>
class Task;

/// What every task's promise does, whatever it returns. Not for callers.
class TaskPromise {
public:
    struct Final {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> done) const noexcept
        {
            // The awaiting coroutine may destroy this frame: nothing of it is touched afterwards.
            if (const std::coroutine_handle<> next = done.promise().continuation_) next.resume();
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    Final final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { failure_ = std::current_exception(); }

    void continue_with(std::coroutine_handle<> awaiting) noexcept { continuation_ = awaiting; }

protected:
    void rethrow() const
    {
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    std::coroutine_handle<> continuation_{};
    std::exception_ptr failure_{};
};

template <class T>
class TaskPromiseOf : public TaskPromise {
public:
    Task<T> get_return_object() noexcept;
    template <class U>
    void return_value(U&& value)
    {
        value_.emplace(std::forward<U>(value));
    }
    T take()
    {
        rethrow();
        return std::move(*value_);
    }

private:
    std::optional<T> value_{};
};

template <>
class TaskPromiseOf<void> : public TaskPromise {
public:
    Task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void take() const { rethrow(); }
};

/// A coroutine of the engine. It starts when it is awaited, goes on in its awaiter when it is done,
/// and hands over its value or its exception. Destroying a task that has not ended destroys its
/// frame and with it everything that it awaits.
///
/// asio::awaitable does the same for more purposes; its headers would stand in every unit of the
/// engine. Only Context knows Asio.
///
/// An await resumes its awaiter by a call, not by symmetric transfer: g++ 12 makes that a growing
/// stack without optimisation. The depth of the stack is that of the nested tasks, however often
/// they loop, because a task that ends without having waited does not suspend its awaiter.
///
/// Threads: one at a time, the loop's.
template <class T>
class [[nodiscard]] Task {
public:
    using promise_type = TaskPromiseOf<T>;

    explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
    Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
    Task& operator=(Task&& other) noexcept
    {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~Task()
    {
        if (frame_) frame_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> awaiting)
    {
        frame_.resume();
        if (frame_.done()) return false;
        frame_.promise().continue_with(awaiting);
        return true;
    }
    T await_resume() { return frame_.promise().take(); }

private:
    std::coroutine_handle<promise_type> frame_;
};

template <class T>
Task<T> TaskPromiseOf<T>::get_return_object() noexcept
{
    return Task<T>(std::coroutine_handle<TaskPromiseOf>::from_promise(*this));
}

inline Task<void> TaskPromiseOf<void>::get_return_object() noexcept
{
    return Task<void>(std::coroutine_handle<TaskPromiseOf>::from_promise(*this));
}

} // namespace hawser::engine

#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace hawser::engine {

/// The work of one thread, in order: Asio's io_context behind a wall, because its headers are heavy.
///
/// Threads: `post` from any. Everything else, and all the work, from one at a time.
class Context {
public:
    Context();
    /// Drops the work that was not done.
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    void post(std::function<void()> work);

    /// Does work, and waits for more, until `finish`. An exception of the work leaves it.
    void run();
    /// From within the work: `run` returns when nothing more is posted.
    void finish();
    /// Does what is there without waiting. How much it was.
    std::size_t poll();

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

} // namespace hawser::engine

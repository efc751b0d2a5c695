#pragma once

#include "hawser/clock.h"
#include "hawser/replica.h"
#include "localstore/store.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace hawser::engine {

/// Tells observers of commits: of this process at once, of other processes by the wake socket, or by
/// looking at the store's data version where there is no socket.
///
/// Threads: any; it may also be destroyed within an observer or a hearer. Observers run one at a time
/// and must not throw, on the `post` hook when there is one, else on a thread of this object, which
/// starts with the first watch. Notices that pile up are joined.
class Watchers {
public:
    struct Interest {
        Notice::What what = Notice::What::record;
        RecordKey record{};  ///< For a record.
        std::string table{}; ///< For a query.
    };

    Watchers(localstore::Store& store, std::function<void(std::function<void()>)> post);
    ~Watchers();
    Watchers(const Watchers&) = delete;
    Watchers& operator=(const Watchers&) = delete;

    /// Every commit after this returned is told, whoever made it.
    std::uint64_t add(Interest interest, Replica::Observer observer);

    /// No call of the observer begins after this returns. Called from another thread than the
    /// observer's it also waits for a call under way.
    void remove(std::uint64_t watch);

    /// Calls `heard` whenever another process has written, on a thread of this object.
    std::uint64_t hear_others(std::function<void()> heard);

private:
    class State;
    std::shared_ptr<State> state_;
};

} // namespace hawser::engine

#pragma once

#include "engine/connection.h"
#include "engine/context.h"
#include "engine/courier.h"
#include "engine/cycle.h"
#include "engine/loop.h"
#include "engine/rules/policies.h"
#include "engine/schedule.h"
#include "engine/surroundings.h"
#include "hawser/synchronizer.h"
#include "localstore/store.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace hawser::engine {

/// What an engine is made of. Everything named here must outlive it.
struct EngineParts {
    Context& context;
    localstore::Store& store;
    const Policies& policies;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Random> random;
    std::shared_ptr<http::Exchange> exchange;
    std::shared_ptr<TokenProvider> tokens;
    SynchronizerOptions options{};
};

/// Keeps one replica and its organization convergent, on the thread of the context it is given:
/// a simulation drives many of them on one thread under a clock of its own.
///
/// One operation runs at a time; others wait their turn in the order they came. Destruction at any
/// suspension is safe and writes nothing: what was under way is on disk as an intent or a resume
/// link. The connection's state is on disk and resumes there (`ConnectionState`).
///
/// Threads: that of the context. The caller holds the replica's engine lock.
class Engine {
public:
    static Result<std::unique_ptr<Engine>> make(EngineParts parts);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    Task<Result<void>> connect();
    Task<Result<CycleReport>> cycle(CycleRequest request);
    Task<Result<void>> go_offline(Synchronizer::Departure departure);
    Task<Result<CycleReport>> go_online();
    Task<Result<Verification>> verify();
    Task<Result<Plan>> plan(std::vector<std::string> tables);
    Task<Result<Sighting>> look(RecordKey record);

    /// Runs cycles by itself from now on: by the interval, after nudges, with backoff after failures.
    void run_in_background();
    void nudge();             ///< Local edits, also of other processes.
    void reachable(bool yes); ///< The platform's word.
    void suspend();           ///< No cycle begins until `resume`; what is under way ends early.
    void resume();
    /// Everything ends at its next chance; nothing begins any more.
    void leave();
    /// Also ends the request under way.
    void leave_now();
    /// Ends when nothing runs, after everything that was asked for before.
    Task<void> settle_down();

private:
    explicit Engine(EngineParts parts, dataverse::Service service);

    Task<void> turn();
    void pass_on();
    void heed_again();
    /// What only reads, in its turn.
    template <class Found>
    Task<Result<Found>> reading(std::function<Task<Result<Found>>()> read);
    Task<Result<CycleReport>> run_cycle(CycleRequest request);
    Task<void> background();
    Task<Result<CycleReport>> come_back();
    Task<Result<void>> leave_after_pull();

    Result<ConnectionState> state() const;
    Result<void> happened(ConnectionEvent event, const std::string& reason);
    Result<void> depart();
    Result<std::string> not_aboard() const;
    Result<void> return_to(const localstore::Connection& former, const std::string& former_stay,
                           std::optional<ConnectionEvent> event, const std::string& reason);
    Result<void> remember(const CycleEnd& end);
    Result<void> awake() const;
    Error ended_by(Error error) const;
    Result<void> may_begin() const;

    EngineParts parts_;
    Loop loop_;
    Courier courier_;
    Surroundings around_;
    PageSizes sizes_{};
    WorkReasons reasons_{};
    Timetable timetable_;
    Bell bell_{};
    std::deque<std::shared_ptr<Bell>> waiting_{};
    bool busy_ = false;
    bool ended_ = false;
    bool suspended_ = false;
    bool unreachable_ = false; ///< The platform says so.
    bool in_background_ = false;
};

} // namespace hawser::engine

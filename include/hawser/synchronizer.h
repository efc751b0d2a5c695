#pragma once

#include "hawser/export.h"
#include "hawser/replica.h"
#include "hawser/result.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hawser {

namespace http {
class Exchange;
}

/// Where the engine stands towards the organization. Kept on disk, so that a crash in any state
/// resumes in it.
enum class ConnectionState { online, going_offline, offline_by_choice, disconnected, going_online };

HAWSER_API std::string_view to_text(ConnectionState state);

/// Supplies bearer tokens. Tokens are kept in memory only.
///
/// `request` is called on the engine's thread and must not block; `done` may be called from any
/// thread, once. `refresh` is true when the last token was refused. After `cancel` returns, `done`
/// of the open request is never called; so a provider serves one synchronizer or probe at a time.
class HAWSER_API TokenProvider {
public:
    using Done = std::function<void(Result<std::string>)>;
    virtual ~TokenProvider() = default;
    virtual void request(bool refresh, Done done) = 0;
    virtual void cancel() = 0;
};

/// The same token every time; a refresh yields sign_in.
HAWSER_API std::shared_ptr<TokenProvider> fixed_token(std::string token);

/// Runs a program (argv, no shell, nothing on its input) and takes the first line it prints as the
/// token, when it ends with exit code 0 within a minute; else, and when cancelled, it is killed with
/// all its process group. The token is kept until it is refused. Fails with auth.no_token, which
/// never shows what was printed.
HAWSER_API std::shared_ptr<TokenProvider> token_command(std::vector<std::string> argv);

/// How a table is pulled, and why in that way.
enum class PullMode { delta, filter, off };

/// What is going on, for a progress bar. Zero `total` means not known.
struct Progress {
    std::string phase; ///< "connect", "pull", "push", "sweep", "verify", …
    std::string table;
    std::uint64_t done = 0;
    std::uint64_t total = 0;
};

struct TableStatus {
    std::string table;
    PullMode mode = PullMode::off;
    std::string reason; ///< Why this mode.
    std::uint64_t records = 0;
    bool complete = false; ///< Has every record in scope been here at least once?
    std::optional<Instant> as_of{};
    /// It waits for a person: the organization does not have the table or does not let this user read
    /// it, or its filter does not fit. What is here of it stays.
    bool refused = false;
    std::string missing{}; ///< What is not aboard and why; "" when complete.
};

/// One reason why something waits, with what it waits for.
struct Waiting {
    RecordKey record;
    std::string record_name;
    ChangeNumber change = 0;
    std::string reason;
    std::optional<Instant> next_attempt{};
};

struct Status {
    ConnectionState state = ConnectionState::disconnected;
    std::string state_reason;
    Instant state_since{};
    /// Changes that wait to be sent; some perhaps behind others that need a person (`waiting` says so).
    std::uint64_t pending = 0;
    std::uint64_t pending_records = 0; ///< The records of those.
    std::uint64_t parked = 0;          ///< Refused by the organization: a person must decide.
    std::uint64_t held = 0;            ///< Kept back until released.
    std::uint64_t conflicts = 0;       ///< Open ones; each may hold back several changes.
    std::optional<Instant> oldest_pending{};
    /// Since when the replica is, or last was, not online, whatever was lost, tried or chosen in between;
    /// kept after coming back until the next stay. `state_since` is when its last part began.
    std::optional<Instant> offline_since{};
    std::optional<Instant> next_attempt{};
    std::optional<CycleReport> last_cycle{};
    /// Very many deletions at once wait for a person's word (`ask_mass_change`); the last cycle that
    /// looked met them.
    bool deletions_wait = false;
    std::optional<Error> last_error{};
    std::string engine{}; ///< Who synchronizes now ("process 4711"); "" = nobody.
    std::vector<TableStatus> tables{};
    std::vector<Waiting> waiting{}; ///< Parked, held and contested ones first; at most 100.
};

/// A change of so many records at once that somebody should be asked.
struct MassChange {
    std::string table;
    std::string what; ///< "delete"; edits are merged one by one and never asked about.
    std::uint64_t affected = 0;
    std::uint64_t of = 0;
    bool outgoing = false;
};

struct SynchronizerOptions {
    // Where
    std::string proxy{};
    std::filesystem::path certificate_authorities{}; ///< A CA file instead of the system's.

    // When
    std::chrono::seconds interval{15 * 60};     ///< Between background cycles.
    std::chrono::milliseconds nudge_delay{500}; ///< Local edits gather this long before a push.
    std::chrono::seconds backoff_first{2};      ///< First wait after a failure; doubles, jittered.
    std::chrono::seconds backoff_most{5 * 60};
    std::chrono::seconds request_timeout{100};
    std::chrono::hours sweep_every{24}; ///< (id, etag) comparison in filter mode.
    std::chrono::hours delta_sweep_every{24 * 7};
    std::chrono::hours metadata_every{24}; ///< What tables and columns there are is asked again.

    // How much
    std::size_t page_bytes =
        2u << 20; ///< Aim for one page, decoded: small enough to get through a bad network.
    std::size_t page_bytes_most = 64u << 20;
    /// Of each request, each way, for metered links; 0 = as fast as it goes. Pages become so small that one takes a fifth of
    /// `request_timeout`.
    std::uint64_t bytes_a_second = 0;
    std::uint32_t batch_changes = 250;       ///< Changes in one batch, at most 1000.
    std::uint32_t attempts_a_cycle = 5;      ///< For a row that others bump without end.
    double mass_change_share = 0.3;          ///< Of a table's records …
    std::uint64_t mass_change_least = 50;    ///< … and at least this many: ask first.
    std::vector<std::string> first_tables{}; ///< Pulled first.

    // Asking and telling. Called on the engine's thread or through `ReplicaOptions::post`; they must
    // not throw, and may read and write the replica, but call no member of the synchronizer that
    // waits, nor stop or destroy it.

    /// `answer` may be called later, once, from any thread. Empty = the answer is no, and the cycle
    /// says so.
    std::function<void(const MassChange&, std::function<void(bool proceed)> answer)> ask_mass_change{};

    std::function<void(const Progress&)> progress{};
    /// After each cycle, also background and failed ones (`outcome` says why). Same rules as asking.
    std::function<void(const CycleReport&)> cycle_finished{};
    /// What happens, for support: level "debug", "info" or "warning", the event, its fields as a JSON
    /// object. No token and no content of a record; of an address only the path. Called on the
    /// engine's thread and must return soon; it may not call this library.
    ///
    /// info: cycle.begun, cycle.ended (outcome, code, figures), connection (from, to, why), token (why).
    /// warning: throttled (seconds), change.refused and answer.unknown (table, id).
    /// debug: request (method, path, request, status, bytes, milliseconds), request.failed (code),
    /// page (table, rows), cycle.next (at). `request` is the x-ms-client-request-id.
    std::function<void(std::string_view level, std::string_view event, std::string_view json)> log{};
};

/// The seams. A null one is the real thing.
struct Ports {
    std::shared_ptr<http::Exchange> exchange{};
    std::shared_ptr<TokenProvider> tokens{};
};

/// What one unauthenticated look at an organization and one signed-in question found, for diagnosis.
/// A failed step carries its error; later steps are then not run and stay empty.
struct Probe {
    std::optional<Error> reach;         ///< Why no HTTP answer came: DNS, TLS, refused, timeout.
    std::optional<Instant> server_time; ///< The answer's Date header.
    std::optional<Error> sign_in;       ///< Why the organization did not say whom we are.
    std::optional<Guid> organization_id;
    std::optional<Guid> user_id;
    std::string version{}; ///< Of the organization's service, "9.2.24011.00190"; "" when it was not told.
};

/// Compares the replica with the organization, row by row.
struct Verification {
    struct Row {
        RecordKey record;
        std::string difference;                   ///< Names the columns, or "missing here", "missing there".
        std::vector<ChangeNumber> explained_by{}; ///< Live changes that account for it exactly.
    };
    struct Count {
        std::string table;
        std::uint64_t here = 0;
        std::uint64_t there = 0;
        std::uint64_t equal = 0;
        std::string not_compared{}; ///< Why the table could not be compared whole; "" = it was.
    };
    /// `different` also when a table could not be compared.
    enum class Outcome { equal, only_live_changes, different };
    Outcome outcome = Outcome::equal;
    std::vector<Count> tables;
    std::vector<Row> rows; ///< At most 10,000.
};

/// What the organization has of one record at a moment.
struct Sighting {
    enum class Presence {
        present,
        absent,
        no_access, ///< This user may not see it, whether it is there or not.
    };
    Presence presence = Presence::absent;
    std::string etag{};
    Fields columns{}; ///< Null columns are absent.
};

/// What a cycle would do; nothing is written anywhere.
struct Plan {
    struct Line {
        RecordKey record;
        std::string record_name;
        std::string
            action; ///< "take", "merge", "conflict", "create", "update", "delete", "wait", "recover" …
        std::string sentence;
    };
    std::vector<Line> lines;
};

/// Keeps one replica and its organization convergent.
///
/// One synchronizer a replica at a time, guarded by a lock file: `start` of a second one, in any
/// process, fails with engine.locked and says who holds it. It runs one engine thread of its own.
///
/// Threads: members may be called from any thread. The blocking ones (`connect`, `go_offline`, `go_online`,
/// `cycle`, `verify`, `plan`, `look`, `suspend`, `stop`) wait for the engine thread and must not be called from an
/// observer or a callback of SynchronizerOptions. Destruction stops the engine at its next suspension; what
/// was under way is on disk, and the next start goes on from there. No destructor writes.
class HAWSER_API Synchronizer {
public:
    Synchronizer(Replica replica, SynchronizerOptions options, Ports ports);
    Synchronizer(Synchronizer&&) noexcept;
    ~Synchronizer();

    /// Asks the organization who it is and whom we are, for `Replica::create`. No replica needed.
    /// Fails with engine.other_mailbox when the organization says that the mailbox is another user's.
    static Result<Binding> identify(const std::string& organization_url, const std::string& mailbox,
                                    const SynchronizerOptions& options, const Ports& ports,
                                    std::shared_ptr<Clock> clock = {}, std::shared_ptr<Random> random = {});

    /// Looks whether the organization answers, what time it has, and whom it takes us for. Reads
    /// only, needs no replica and no lock, and never takes longer than two request timeouts.
    static Probe probe(const std::string& organization_url, const SynchronizerOptions& options,
                       const Ports& ports, std::shared_ptr<Clock> clock = {},
                       std::shared_ptr<Random> random = {});

    Result<void> start();   ///< Takes the lock and begins background cycles.
    Result<void> connect(); ///< Admits (reachable, signed in, same binding) and loads metadata.

    struct CycleOptions {
        std::vector<std::string> tables{}; ///< Empty = all chosen ones.
        bool full = false;                 ///< Pull again from the start.
    };
    /// One pull, reconcile, push; takes the lock for its time when `start` was not called.
    /// With the connection offline by choice it fails with engine.offline_by_choice.
    Result<CycleReport> cycle(const CycleOptions& options);
    Result<CycleReport> cycle() { return cycle(CycleOptions{}); }

    /// Pulls the chosen tables first, unless `now`, then stays offline until `go_online`. What is
    /// aboard, as of when, and what is missing and why is in `status().tables`. When the pull
    /// cannot finish, or a chosen table is `refused`, fails with engine.pull_unfinished and the state
    /// is as before (disconnected when the organization was found out of reach); call again with
    /// `now` to go all the same. A departure that a crash cut short goes on with the next cycle; where
    /// that would have to ask, the state stays `going_offline` and its reason says what for, until one
    /// of these two is called.
    enum class Departure { pull_first, now };
    Result<void> go_offline(Departure departure);
    Result<CycleReport> go_online();

    Result<Status> status() const;
    static Result<Status> status(const Replica& replica); ///< From the disk alone, without an engine.

    Result<Plan> plan(const CycleOptions& options);
    /// Row by row, every table aboard. One that the organization refuses or cannot show is named and the
    /// others are compared; fails when the network does not let it finish or no table could be compared.
    Result<Verification> verify();

    /// Asks for one record as it is there now. Reads only, and takes nothing over: beside a change of the queue it
    /// tells what that change would meet.
    Result<Sighting> look(const RecordKey& record);

    void nudge(); ///< Something changed: sync soon.
    /// The platform's word on the network, apart from the user's choice. After `false` no cycle begins by
    /// itself; what is asked for (`cycle`, `go_online`, `verify` …) tries the network all the same, since
    /// the platform may be wrong. `true` after `false` begins a cycle at once.
    void reachable(bool yes);
    /// The machine is about to sleep: ends early what is under way, which stays on disk, and returns when
    /// idle. Until `resume`, what was under way and everything that would talk to the organization
    /// fails with engine.suspended; reading, writing and `go_offline` with `now` go on.
    void suspend();
    void resume(); ///< A background cycle begins at once.
    /// Lets the request under way finish until the deadline; returns whether it was idle by then.
    /// Ends this synchronizer for good: calls of other threads that still wait, and all later ones,
    /// fail with engine.stopped, and the lock is free. What was under way goes on with the next one.
    bool stop(std::chrono::milliseconds deadline);

private:
    class HAWSER_HIDDEN Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace hawser

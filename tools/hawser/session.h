#pragma once

#include "hawser/replica.h"
#include "hawser/synchronizer.h"
#include "tools/hawser/interrupt.h"
#include "tools/hawser/invocation.h"
#include "tools/hawser/progress_bar.h"

#include <filesystem>
#include <memory>
#include <string>

namespace hawser::cli {

/// $XDG_DATA_HOME/hawser/default.hawser, or the same under ~/.local/share.
std::filesystem::path default_replica_path();

/// --replica, else HAWSER_REPLICA, else the default place.
std::filesystem::path replica_path(const Invocation& invocation);

/// Opens that replica. When none is there the error says how one is made.
Result<Replica> open_replica(const Invocation& invocation);

/// The same for a command that only reads. A file that cannot be worked on, but can be read, is opened to
/// be looked at: `only_looked_at` of the invocation says why.
Result<Replica> open_replica_to_read(Invocation& invocation);

/// HAWSER_TOKEN when it is set, else the token command, else a provider that says how to sign in.
Ports ports_for(const std::vector<std::string>& token_command);

/// --proxy, --ca-file, --limit-rate, progress and, with -v, the log on standard error.
SynchronizerOptions synchronizer_options(const Invocation& invocation, ProgressBar* progress);

/// How a question about a mass change is answered without a person.
enum class Consent { ask, given };

/// A replica together with the means to talk to its organization, for one command.
///
/// The first Ctrl-C stops the synchronizer cleanly (at most ten seconds), the second one at once.
class OnlineSession {
public:
    static Result<std::unique_ptr<OnlineSession>> open(const Invocation& invocation,
                                                       Consent consent = Consent::ask);
    /// `batch_changes` 0 = as many a request as is usual.
    OnlineSession(const Invocation& invocation, Replica replica, Consent consent,
                  std::uint32_t batch_changes = 0);
    ~OnlineSession();
    OnlineSession(const OnlineSession&) = delete;
    OnlineSession& operator=(const OnlineSession&) = delete;

    Replica& replica() { return replica_; }
    Synchronizer& synchronizer() { return *synchronizer_; }
    ProgressBar& progress() { return progress_; }
    InterruptWatch& interrupts() { return interrupts_; }

    /// Called after each cycle, on the engine's thread.
    void on_cycle(std::function<void(const CycleReport&)> told);

private:
    SynchronizerOptions options(const Invocation& invocation, Consent consent, std::uint32_t batch_changes);
    bool agree(const MassChange& change, Consent consent);

    InterruptWatch interrupts_; // First, so that every other thread has the signals blocked.
    ProgressBar progress_;
    Replica replica_;
    std::mutex told_mutex_;
    std::function<void(const CycleReport&)> told_;
    std::unique_ptr<Synchronizer> synchronizer_;
};

} // namespace hawser::cli

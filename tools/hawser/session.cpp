#include "tools/hawser/session.h"

#include "tools/hawser/log_lines.h"
#include "tools/hawser/output.h"
#include "tools/hawser/question.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <cstdlib>

namespace hawser::cli {

namespace {

using namespace std::chrono_literals;
constexpr auto patience_when_stopping = 10s;

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// Says how to sign in, each time it is asked.
class NoToken : public TokenProvider {
public:
    void request(bool, Done done) override
    {
        done(Error{ErrorKind::sign_in, "cli.no_token",
                   "not signed in: set HAWSER_TOKEN to a bearer token, or make the replica with hawser init "
                   "--token-command \"PROGRAM ARGUMENTS\""});
    }
    void cancel() override {}
};

} // namespace

std::filesystem::path default_replica_path()
{
    const std::string data = environment("XDG_DATA_HOME");
    const std::filesystem::path base = data.empty()
                                           ? std::filesystem::path(environment("HOME")) / ".local" / "share"
                                           : std::filesystem::path(data);
    return base / "hawser" / "default.hawser";
}

std::filesystem::path replica_path(const Invocation& invocation)
{
    if (!invocation.replica.empty()) return invocation.replica;
    const std::string remembered = environment("HAWSER_REPLICA");
    return remembered.empty() ? default_replica_path() : std::filesystem::path(remembered);
}

namespace {

Result<Replica> open_replica(const Invocation& invocation, bool inspect)
{
    ReplicaOptions options;
    options.path = replica_path(invocation);
    options.inspect = inspect;
    auto replica = Replica::open(std::move(options));
    if (!replica && replica.error().code == "store.missing") {
        Error error = replica.error();
        error.message =
            fmt::format("there is no replica at {}; make one with hawser init, or name another with "
                        "--replica or HAWSER_REPLICA",
                        replica_path(invocation).string());
        return error;
    }
    return replica;
}

} // namespace

Result<Replica> open_replica(const Invocation& invocation)
{
    return open_replica(invocation, false);
}

Result<Replica> open_replica_to_read(Invocation& invocation)
{
    auto replica = open_replica(invocation);
    if (replica) return replica;
    auto looked_at = open_replica(invocation, true);
    if (!looked_at) return replica;
    invocation.only_looked_at = replica.error();
    return looked_at;
}

Ports ports_for(const std::vector<std::string>& command)
{
    Ports ports;
    const std::string token = environment("HAWSER_TOKEN");
    if (!token.empty())
        ports.tokens = fixed_token(token);
    else if (!command.empty())
        ports.tokens = token_command(command);
    else
        ports.tokens = std::make_shared<NoToken>();
    return ports;
}

SynchronizerOptions synchronizer_options(const Invocation& invocation, ProgressBar* progress)
{
    SynchronizerOptions options;
    options.proxy = invocation.proxy;
    options.certificate_authorities = invocation.certificate_authorities;
    if (!invocation.limit_rate.empty())
        options.bytes_a_second = parse_rate(invocation.limit_rate).value_or(0);
    if (progress) options.progress = [progress](const Progress& now) { progress->show(now); };
    if (invocation.verbosity > 0)
        options.log = log_lines(invocation, [progress] {
            if (progress) progress->clear();
        });
    return options;
}

Result<std::unique_ptr<OnlineSession>> OnlineSession::open(const Invocation& invocation, Consent consent)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    return std::make_unique<OnlineSession>(invocation, *std::move(replica), consent);
}

OnlineSession::OnlineSession(const Invocation& invocation, Replica replica, Consent consent,
                             std::uint32_t batch_changes)
    : progress_(invocation, system_clock()), replica_(std::move(replica))
{
    synchronizer_ = std::make_unique<Synchronizer>(replica_, options(invocation, consent, batch_changes),
                                                   ports_for(replica_.binding().token_command));
    interrupts_.on_interrupt([this] { synchronizer_->stop(patience_when_stopping); });
}

OnlineSession::~OnlineSession()
{
    interrupts_.on_interrupt({});
}

void OnlineSession::on_cycle(std::function<void(const CycleReport&)> told)
{
    const std::lock_guard lock(told_mutex_);
    told_ = std::move(told);
}

SynchronizerOptions OnlineSession::options(const Invocation& invocation, Consent consent,
                                           std::uint32_t batch_changes)
{
    SynchronizerOptions options = synchronizer_options(invocation, &progress_);
    if (batch_changes > 0) options.batch_changes = batch_changes;
    options.ask_mass_change = [this, consent](const MassChange& change, std::function<void(bool)> answer) {
        answer(agree(change, consent));
    };
    options.cycle_finished = [this](const CycleReport& report) {
        const std::lock_guard lock(told_mutex_);
        if (told_) told_(report);
    };
    return options;
}

bool OnlineSession::agree(const MassChange& change, Consent consent)
{
    if (consent == Consent::given) return true;
    progress_.clear();
    const std::string question =
        fmt::format("{} would {} {} of {} records of {}{}. Go on?",
                    change.outgoing ? "Your queued changes" : "The organization's answer", change.what,
                    grouped(change.affected), grouped(change.of), change.table,
                    change.outgoing ? " at the organization" : " here");
    return ask(question, &interrupts_.flag()).value_or(false);
}

} // namespace hawser::cli

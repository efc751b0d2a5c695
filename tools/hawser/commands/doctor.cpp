#include "tools/hawser/commands/commands.h"
#include "tools/hawser/output.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

namespace hawser::cli {

namespace {

struct DoctorOptions {};

enum class Finding { not_run, success, failure };

struct Check {
    std::string name;
    Finding finding = Finding::not_run;
    std::string sentence{};
    std::string remedy{};
    ExitCode exit = ExitCode::failed; ///< Of a failure.
};

constexpr std::uintmax_t free_bytes_least = 200u << 20;
constexpr std::chrono::minutes clock_difference_most{5};

std::string_view word_of(Finding finding)
{
    switch (finding) {
    case Finding::not_run:
        return "Not run";
    case Finding::success:
        return "Success";
    case Finding::failure:
        return "Failure";
    }
    return "";
}

Style style_of(Finding finding)
{
    if (finding == Finding::success) return Style::good;
    return finding == Finding::failure ? Style::bad : Style::faint;
}

Check failure(std::string name, const Error& error, std::string remedy)
{
    return {std::move(name), Finding::failure, error.message, std::move(remedy), exit_code_of(error)};
}

Check disk_check(const std::filesystem::path& path)
{
    std::error_code fault;
    std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    while (!std::filesystem::exists(folder, fault) && folder.has_relative_path())
        folder = folder.parent_path();
    if (folder.empty()) folder = "."; // A relative path of which nothing is there yet.
    const std::filesystem::space_info space = std::filesystem::space(folder, fault);
    if (fault)
        return {"disk", Finding::failure, fault.message(), "Check that the replica's folder can be read."};
    if (space.available < free_bytes_least)
        return {"disk", Finding::failure, size_text(space.available) + " are free",
                "Make room: at least 200 MB should be free where the replica lies."};
    return {"disk", Finding::success, size_text(space.available) + " are free"};
}

Check lock_check(const Status& status)
{
    if (status.engine.empty()) return {"lock", Finding::success, "no other process synchronizes"};
    return {"lock", Finding::success, status.engine + " synchronizes this replica"};
}

Check replica_check(const Replica& replica)
{
    const auto findings = replica.check();
    if (!findings)
        return failure("replica", findings.error(), "Run hawser repair; your changes are carried over.");
    if (findings->empty()) return {"replica", Finding::success, "the file is sound"};
    return {"replica", Finding::failure, findings->front(),
            "Run hawser repair; your changes are carried over."};
}

Check clock_check(const Probe& probe, Instant now)
{
    if (!probe.server_time) return {"clock", Finding::not_run, "the organization did not say its time"};
    const auto difference = std::chrono::abs(now - *probe.server_time);
    if (difference <= clock_difference_most)
        return {"clock", Finding::success, "it agrees with the organization's"};
    return {"clock", Finding::failure,
            fmt::format("it differs from the organization's by {}",
                        duration_text(std::chrono::duration_cast<std::chrono::seconds>(difference))),
            "Set this machine's clock; sign-in may fail until then."};
}

/// The organization may ask for quiet: no fault of the network nor of the sign-in.
Check quiet_check(const Probe& probe, Instant now)
{
    if (!probe.sign_in) return {"throttling", Finding::success, "the organization does not ask for quiet"};
    if (probe.sign_in->kind != ErrorKind::wait)
        return {"throttling", Finding::not_run, "the organization did not say"};
    return {"throttling", Finding::failure, error_sentence(*probe.sign_in, now),
            "Wait until then; your changes are kept and sent later."};
}

Check sign_in_check(const Probe& probe, const Binding& binding)
{
    if (probe.sign_in && probe.sign_in->kind == ErrorKind::sign_in)
        return failure("signed in", *probe.sign_in,
                       "Sign in again: set HAWSER_TOKEN, or mend the token command.");
    if (probe.sign_in && probe.sign_in->kind == ErrorKind::wait)
        return {"signed in", Finding::not_run, "the organization asked for quiet first"};
    if (probe.sign_in)
        return failure("signed in", *probe.sign_in,
                       "Try again later; the organization did not say who you are.");
    if (!probe.user_id) return {"signed in", Finding::not_run, "the organization could not be asked"};
    if (*probe.user_id != binding.user_id || probe.organization_id != binding.organization_id)
        return {"signed in", Finding::failure, "the token is for another user or organization",
                "Sign in as the user that this replica belongs to.", ExitCode::sign_in};
    return {"signed in", Finding::success, "as the user that this replica belongs to"};
}

std::vector<Check> examine(const Invocation& invocation)
{
    std::vector<Check> checks{disk_check(replica_path(invocation))};
    const auto replica = open_replica(invocation);
    if (!replica) {
        const bool missing = replica.error().code == "store.missing";
        checks.push_back(failure("replica", replica.error(),
                                 missing ? "Make one with hawser init, or choose one with -r."
                                         : "Do what the finding says; your changes are kept."));
        for (const char* name : {"lock", "reachable", "clock", "throttling", "signed in"})
            checks.push_back({name, Finding::not_run,
                              missing ? "there is no replica to ask for" : "the replica cannot be used"});
        return checks;
    }
    checks.push_back(replica_check(*replica));
    if (const auto status = Synchronizer::status(*replica))
        checks.push_back(lock_check(*status));
    else
        checks.push_back(failure("lock", status.error(), "Run hawser repair."));

    const Binding binding = replica->binding();
    const Probe probe =
        Synchronizer::probe(binding.organization_url, synchronizer_options(invocation, nullptr),
                            ports_for(binding.token_command));
    if (probe.reach) {
        checks.push_back(failure("reachable", *probe.reach, "Check the network, the address and the proxy."));
        checks.push_back({"clock", Finding::not_run, "the organization could not be asked"});
        checks.push_back({"throttling", Finding::not_run, "the organization could not be asked"});
        checks.push_back({"signed in", Finding::not_run, "the organization could not be asked"});
        return checks;
    }
    checks.push_back({"reachable", Finding::success,
                      probe.version.empty()
                          ? binding.organization_url
                          : fmt::format("{}, version {}", binding.organization_url, probe.version)});
    checks.push_back(clock_check(probe, system_clock()->now()));
    checks.push_back(quiet_check(probe, system_clock()->now()));
    checks.push_back(sign_in_check(probe, binding));
    return checks;
}

Result<ExitCode> run_doctor(Invocation& invocation, const DoctorOptions&)
{
    const std::vector<Check> checks = examine(invocation);
    Grid grid{{{"check"},
               {"result"},
               {"what was found", Align::left, Keep::always, Long::wrap},
               {"remedy", Align::left, Keep::if_it_fits, Long::wrap}}};
    ExitCode exit = ExitCode::done;
    for (const Check& check : checks) {
        if (check.finding == Finding::failure && exit == ExitCode::done) exit = check.exit;
        grid.rows.push_back({{check.name, Cell(std::string(word_of(check.finding)), style_of(check.finding)),
                              check.sentence, check.remedy},
                             {{"check", check.name},
                              {"result", word_of(check.finding)},
                              {"found", check.sentence},
                              {"remedy", check.remedy}}});
    }
    Output(invocation).grid(grid);
    return exit;
}

} // namespace

void add_doctor(Command app, Invocation& invocation)
{
    Command command =
        app.command("doctor", "Check the disk, the replica, the network and the sign-in.", "hawser doctor");
    command.group(group::care);
    command.runs(invocation, std::make_shared<DoctorOptions>(), run_doctor);
}

} // namespace hawser::cli

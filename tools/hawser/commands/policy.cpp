#include "tools/hawser/commands/commands.h"
#include "tools/hawser/file_text.h"
#include "tools/hawser/output.h"
#include "tools/hawser/session.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace hawser::cli {

namespace {

struct ShowOptions {};

struct SetOptions {
    std::string file;
};

struct ClearOptions {};

Result<ExitCode> run_show(Invocation& invocation, const ShowOptions&)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    const std::string policy = replica->policy();
    Output output(invocation);
    output.json(policy.empty() ? boost::json::value() : boost::json::parse(policy));
    if (output.form() == Form::json) return ExitCode::done;
    if (policy.empty())
        output.sentence("The defaults are in force: what both sides changed differently is asked about, "
                        "participants and multiple choices are united.");
    else
        output.text(policy);
    return ExitCode::done;
}

Result<ExitCode> replace(const Invocation& invocation, const std::string& policy, const std::string& told)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    if (const auto set = replica->set_policy(policy); !set) return set.error();
    Output output(invocation);
    output.json(policy.empty() ? boost::json::value() : boost::json::parse(policy));
    output.sentence(told + " Programs that have the replica open take it when they open it again.",
                    Style::good);
    return ExitCode::done;
}

Result<ExitCode> run_set(Invocation& invocation, const SetOptions& options)
{
    const auto policy = file_text(options.file);
    if (!policy) return policy.error();
    if (policy->empty()) return usage_error(fmt::format("{} is empty", options.file));
    return replace(invocation, *policy, "From now on edits are merged by this policy.");
}

Result<ExitCode> run_clear(Invocation& invocation, const ClearOptions&)
{
    return replace(invocation, "", "From now on edits are merged by the defaults.");
}

} // namespace

void add_policy(Command app, Invocation& invocation)
{
    Command policy = app.command("policy", "How edits of both sides are merged, and set it otherwise.",
                                 "hawser policy\nhawser policy set policy.json");
    policy.group(group::explain);
    policy.runs(invocation, std::make_shared<ShowOptions>(), run_show);
    const auto options = std::make_shared<SetOptions>();
    Command set = policy.command("set", "Merge by the policy in a file.", "hawser policy set policy.json");
    set.option("FILE", options->file, "A policy file; docs/MERGING.md describes it").required();
    set.runs(invocation, options, run_set);
    Command clear = policy.command("clear", "Merge by the defaults again.", "hawser policy clear");
    clear.runs(invocation, std::make_shared<ClearOptions>(), run_clear);
}

} // namespace hawser::cli

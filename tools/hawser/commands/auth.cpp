#include "tools/hawser/commands/commands.h"
#include "tools/hawser/output.h"
#include "tools/hawser/session.h"

#include <fmt/format.h>

#include <cstdlib>

namespace hawser::cli {

namespace {

struct AuthOptions {};

std::string token_source(const Binding& binding)
{
    const char* token = std::getenv("HAWSER_TOKEN");
    if (token && *token) return "HAWSER_TOKEN";
    if (!binding.token_command.empty()) return "the command " + binding.token_command.front();
    return "nowhere";
}

Error other_identity(const Binding& binding, std::string_view what, const Guid& found, const Guid& bound)
{
    return Error{
        ErrorKind::sign_in, "cli.other_identity",
        fmt::format("the token of {} is for the {} {}, but this replica belongs to the {} {}; sign in "
                    "as the replica's own user",
                    token_source(binding), what, found.text(), what, bound.text())};
}

Result<ExitCode> run_auth_status(Invocation& invocation, const AuthOptions&)
{
    const auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    const Binding binding = replica->binding();
    const Probe probe =
        Synchronizer::probe(binding.organization_url, synchronizer_options(invocation, nullptr),
                            ports_for(binding.token_command));
    if (probe.reach) return *probe.reach;
    if (probe.sign_in) return *probe.sign_in;
    if (probe.organization_id && *probe.organization_id != binding.organization_id)
        return other_identity(binding, "organization", *probe.organization_id, binding.organization_id);
    if (probe.user_id && *probe.user_id != binding.user_id)
        return other_identity(binding, "user", *probe.user_id, binding.user_id);

    Output output(invocation);
    output.json({{"signed_in", true},
                 {"organization_url", binding.organization_url},
                 {"organization_id", binding.organization_id.text()},
                 {"organization_version", probe.version},
                 {"user_id", binding.user_id.text()},
                 {"mailbox", binding.mailbox},
                 {"token_from", token_source(binding)}});
    output.text(fmt::format("Signed in at {}.", binding.organization_url), Style::good);
    output.pairs({{"mailbox", binding.mailbox},
                  {"user", binding.user_id.text()},
                  {"organization", binding.organization_id.text()},
                  {"its version", probe.version},
                  {"token from", token_source(binding)}});
    return ExitCode::done;
}

} // namespace

void add_auth(Command app, Invocation& invocation)
{
    Command auth = app.command("auth", "Who you are at the organization.", "hawser auth status");
    auth.group(group::start);
    auth.requires_subcommand();
    Command status = auth.command("status", "Ask the organization whom it takes you for.",
                                  "hawser auth status\nhawser auth status --json");
    status.runs(invocation, std::make_shared<AuthOptions>(), run_auth_status);
}

} // namespace hawser::cli

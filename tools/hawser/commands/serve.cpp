#include "tools/hawser/commands/commands.h"
#include "tools/server/shell/server.h"

namespace hawser::cli {

namespace {

Result<ExitCode> run_serve(Invocation&, const server::ServeOptions& options)
{
    return static_cast<ExitCode>(server::serve(options));
}

} // namespace

void add_serve(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<server::ServeOptions>();
    Command command = app.command(
        "serve", "Run a small organization on this machine, for trials and tests.",
        "hawser serve --sample 1000\n"
        "eval \"$(hawser serve --sample 1000 --env &)\"    then init, and kill $HAWSER_SERVE_PID");
    command.group(group::start);
    command.option("--port", options->port, "The port; 0 picks a free one").type_name("N");
    command.option("--data", options->data, "Keep the organization in this file").type_name("FILE");
    Option load =
        command.option("--load", options->load, "Load TABLE.jsonl files from here").type_name("DIR");
    command.option("--sample", options->sample, "Make an organization of about so many records")
        .type_name("N")
        .between(0, 10'000'000)
        .excludes(load);
    command.option("--user", options->users, "NAME, with :basic or :global; may be given often")
        .type_name("NAME")
        .may_repeat();
    command.option("--setting", options->settings, "NAME=VALUE, see docs/SERVER.md; may be given often")
        .type_name("NAME=VALUE")
        .may_repeat();
    command.option("--faults", options->faults, "Faults to inject: drop_answer=0.1,delay=100 …")
        .type_name("SPEC");
    command.option("--write-log", options->write_log, "Append each applied write and fault here")
        .type_name("FILE");
    command.option("--path", options->path_prefix, "A path before /api/data").type_name("PATH");
    command.flag("--env", options->environment, "Print shell lines instead of JSON when ready");
    command.runs(invocation, options, run_serve);
}

} // namespace hawser::cli

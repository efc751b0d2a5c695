#include "tools/hawser/commands/command_line.h"

#include "tools/hawser/commands/commands.h"
#include "tools/hawser/commands/usage.h"
#include "tools/hawser/words.h"

#include <CLI/CLI.hpp>

#include <map>

namespace hawser::cli {

namespace {

constexpr const char* overview =
    "Hawser keeps a local replica of your organization's records, so that you can work without a\n"
    "network and lose nobody's edit.\n";

constexpr const char* overview_footer =
    "\nFirst steps:\n"
    "  hawser demo                                            the whole story in under a minute\n"
    "  hawser init --organization URL --mailbox you@example.com\n"
    "  hawser sync && hawser list contact\n"
    "\n"
    "Exit codes: 0 done, 1 failed or different, 2 usage, 3 offline, 4 sign in,\n"
    "5 done but something waits for a person, 6 locked.\n";

void add_common_options(CLI::App& app, Invocation& invocation)
{
    app.add_option("-r,--replica", invocation.replica,
                   "The replica's file (else HAWSER_REPLICA, else the default place)")
        ->type_name("FILE");
    app.add_flag("--json", invocation.json, "Print JSON");
    app.add_flag("-q,--quiet", invocation.quiet, "Print results and failures only");
    app.add_flag("-v,--verbose", invocation.verbosity, "Tell what happens; twice for more");
    const std::map<std::string, ColorWish> wishes{
        {"auto", ColorWish::automatic}, {"always", ColorWish::always}, {"never", ColorWish::never}};
    app.add_option("--color", invocation.color, "auto, always or never (NO_COLOR is respected)")
        ->transform(CLI::CheckedTransformer(wishes).description(""))
        ->type_name("WHEN");
    app.add_option("--proxy", invocation.proxy, "The proxy to the organization")
        ->type_name("URL")
        ->envname("HAWSER_PROXY");
    app.add_option("--ca-file", invocation.certificate_authorities,
                   "Certificate authorities to trust instead of the system's")
        ->type_name("FILE")
        ->envname("HAWSER_CA_FILE");
    app.add_option("--limit-rate", invocation.limit_rate, "At most so many bytes a second: 5000, 64k, 2m")
        ->type_name("RATE")
        ->envname("HAWSER_LIMIT_RATE")
        ->check([](const std::string& rate) {
            const auto parsed = parse_rate(rate);
            return parsed ? std::string() : parsed.error().message;
        });
}

} // namespace

CommandLine::CommandLine(Invocation& invocation) : app_(std::make_unique<CLI::App>(overview, "hawser"))
{
    app_->footer(overview_footer);
    app_->get_formatter()->column_width(30);
    app_->set_version_flag("--version", "hawser " HAWSER_VERSION);
    app_->require_subcommand(1);
    add_common_options(*app_, invocation);
    for (const auto& add :
         {add_init,   add_auth,   add_demo, add_serve,  add_sync,   add_replay,    add_offline, add_status,
          add_tables, add_list,   add_show, add_write,  add_queue,  add_conflicts, add_diff,    add_log,
          add_policy, add_verify, add_care, add_doctor, add_report, add_completion})
        add(root(), invocation);
}

CommandLine::~CommandLine() = default;

std::optional<ExitCode> CommandLine::parse(int argc, char** argv)
{
    try {
        app_->parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return explain(*app_, error);
    }
    return std::nullopt;
}

Command CommandLine::root() const
{
    return Command(app_.get());
}

} // namespace hawser::cli

#include "tools/hawser/commands/commands.h"

#include <fmt/format.h>

#include <map>
#include <sstream>

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
}

} // namespace

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      std::string_view examples)
{
    CLI::App* command = parent.add_subcommand(name, description);
    std::string footer = "\nExamples:\n";
    std::istringstream lines{std::string(examples)};
    for (std::string line; std::getline(lines, line);) footer += "  " + line + "\n";
    command->footer(footer);
    command->fallthrough();
    command->get_formatter()->column_width(30);
    return command;
}

std::unique_ptr<CLI::App> make_command_line(Invocation& invocation)
{
    auto app = std::make_unique<CLI::App>(overview, "hawser");
    app->footer(overview_footer);
    app->get_formatter()->column_width(30);
    app->set_version_flag("--version", "hawser " HAWSER_VERSION);
    app->require_subcommand(1);
    add_common_options(*app, invocation);
    for (const auto& add : {add_init, add_auth, add_demo, add_serve, add_sync, add_offline, add_status,
                            add_list, add_show, add_write, add_queue, add_conflicts, add_diff, add_log,
                            add_verify, add_care, add_doctor, add_report, add_completion})
        add(*app, invocation);
    return app;
}

} // namespace hawser::cli

#include "tools/hawser/command_words.h"
#include "tools/hawser/commands/commands.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/output.h"
#include "tools/hawser/scope_words.h"
#include "tools/hawser/session.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <filesystem>

namespace hawser::cli {

namespace {

struct InitOptions {
    std::string replica;
    std::string organization;
    std::string mailbox;
    std::string token_command;
    std::vector<std::string> tables;
};

const std::vector<std::string> usual_tables{"account", "contact", "email", "appointment", "task"};

std::vector<ScopeChoice> scopes_of(const InitOptions& options)
{
    std::vector<ScopeChoice> scopes;
    for (const std::string& table : options.tables.empty() ? usual_tables : options.tables)
        scopes.push_back(parse_scope(table));
    return scopes;
}

void remove_new_replica(const std::filesystem::path& path)
{
    std::error_code ignored;
    for (const char* ending : {"", "-wal", "-shm", ".lock"})
        std::filesystem::remove(path.string() + ending, ignored);
}

Error cannot_make_directory(const std::filesystem::path& path, const std::error_code& fault)
{
    return Error{ErrorKind::stop, "cli.no_directory",
                 fmt::format("the directory {} cannot be made: {}", path.string(), fault.message())};
}

/// Makes the file, chooses the tables and loads their definitions. A failure leaves no file behind.
Result<Replica> make_replica(const Invocation& invocation, const InitOptions& options, const Binding& binding,
                             ProgressBar& progress)
{
    const std::filesystem::path path = replica_path(invocation);
    std::error_code fault;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), fault);
    if (fault) return cannot_make_directory(path.parent_path(), fault);

    ReplicaOptions replica_options;
    replica_options.path = path;
    auto replica = Replica::create(std::move(replica_options), binding);
    if (!replica) return replica.error();
    const auto prepare = [&]() -> Result<void> {
        if (auto chosen = replica->choose(scopes_of(options)); !chosen) return chosen;
        Synchronizer synchronizer(*replica, synchronizer_options(invocation, &progress),
                                  ports_for(binding.token_command));
        if (auto known = synchronizer.connect(); !known) return known;
        // Once more, now that the columns are known.
        return replica->choose(scopes_of(options));
    };
    if (const auto prepared = prepare(); !prepared) {
        remove_new_replica(path);
        return prepared.error();
    }
    return replica;
}

bool is_address(std::string_view text)
{
    const std::size_t at = text.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find_first_of(" \t\r\n") == std::string_view::npos;
}

Error exists_already(const Invocation& invocation, const std::filesystem::path& path,
                     const InitOptions& options)
{
    std::string message = fmt::format("{} exists already", path.string());
    if (const auto replica = open_replica(invocation)) {
        const Binding binding = replica->binding();
        message +=
            fmt::format(" and belongs to {} and the mailbox {}", binding.organization_url, binding.mailbox);
        if (binding.organization_url != options.organization || binding.mailbox != options.mailbox)
            message += fmt::format(", not to {} and {}", options.organization, options.mailbox);
    }
    return Error{ErrorKind::refuse, "store.exists", message + "; choose another place for a new one"};
}

void tell(const Invocation& invocation, const Replica& replica)
{
    const Binding binding = replica.binding();
    Output output(invocation);
    boost::json::array tables;
    std::vector<std::string> names;
    if (const auto chosen = replica.chosen())
        for (const ScopeChoice& scope : *chosen) {
            tables.push_back({{"table", scope.table}, {"filter", scope.filter}});
            names.push_back(people_text(scope));
        }
    output.json({{"replica", replica.path().string()},
                 {"organization_url", binding.organization_url},
                 {"organization_id", binding.organization_id.text()},
                 {"user_id", binding.user_id.text()},
                 {"mailbox", binding.mailbox},
                 {"instance_id", binding.instance_id.text()},
                 {"tables", std::move(tables)}});
    output.sentence(fmt::format("Made the replica {}.", replica.path().string()), Style::good);
    output.sentence(
        fmt::format("It belongs to {} and the mailbox {}.", binding.organization_url, binding.mailbox));
    output.sentence(fmt::format("It will hold {}.", listed(names)));
    output.sentence("Next: hawser sync");
}

Result<ExitCode> run_init(Invocation& invocation, const InitOptions& options)
{
    if (!options.replica.empty()) invocation.replica = options.replica;
    const std::filesystem::path path = replica_path(invocation);
    if (std::filesystem::exists(path)) return exists_already(invocation, path, options);
    if (!is_address(options.mailbox))
        return usage_error(fmt::format("--mailbox: \"{}\" is no mail address", options.mailbox));
    std::vector<std::string> command;
    if (!options.token_command.empty()) {
        auto words = command_words(options.token_command);
        if (!words) return usage_error("--token-command: " + words.error().message);
        command = *std::move(words);
    }
    ProgressBar progress(invocation, system_clock());
    auto binding = Synchronizer::identify(options.organization, options.mailbox,
                                          synchronizer_options(invocation, &progress), ports_for(command));
    if (!binding) return binding.error();
    binding->token_command = command;
    const auto replica = make_replica(invocation, options, *binding, progress);
    if (!replica) return replica.error();
    progress.clear();
    tell(invocation, *replica);
    return ExitCode::done;
}

} // namespace

void add_init(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<InitOptions>();
    Command command = app.command(
        "init", "Make a replica that belongs to one organization, user and mailbox.",
        "export HAWSER_TOKEN=…; hawser init --organization https://contoso.crm.dynamics.com --mailbox "
        "ada@contoso.com\n"
        "hawser init work.hawser --organization http://127.0.0.1:8080 --mailbox ada@organization.example \\\n"
        "    --token-command \"my-sign-in --print-token\" --table contact --table \"task:statecode eq 0\"");
    command.group(group::start);
    command.option("REPLICA", options->replica, "The file to make; the default place when left out");
    command.option("--organization", options->organization, "The organization's address")
        .type_name("URL")
        .required();
    command.option("--mailbox", options->mailbox, "Your one mailbox").type_name("ADDRESS").required();
    command
        .option("--token-command", options->token_command,
                "A program that prints a bearer token; remembered, run without a shell")
        .type_name("COMMAND");
    command
        .option("--table", options->tables,
                "A table to hold, with a filter after a colon; may be given often "
                "(account, contact, email, appointment and task when left out)")
        .type_name("TABLE[:FILTER]")
        .may_repeat();
    command.runs(invocation, options, run_init);
}

} // namespace hawser::cli

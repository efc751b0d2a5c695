#include "tools/hawser/commands/usage.h"

#include "tools/hawser/output.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

/// The subcommand that was being parsed, the innermost one.
const CLI::App* innermost(const CLI::App& app)
{
    const CLI::App* current = &app;
    for (bool deeper = true; deeper;) {
        deeper = false;
        const auto chosen = current->get_subcommands();
        if (!chosen.empty()) {
            current = chosen.front();
            deeper = true;
        }
    }
    return current;
}

std::string full_name(const CLI::App* app)
{
    return app->get_parent() ? full_name(app->get_parent()) + " " + app->get_name() : app->get_name();
}

std::vector<std::string> option_names(const CLI::App* app)
{
    std::vector<std::string> names;
    for (const CLI::App* level = app; level; level = level->get_parent())
        for (const CLI::Option* option : level->get_options())
            for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

std::vector<std::string> command_names(const CLI::App* app)
{
    std::vector<std::string> names;
    for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

std::string sentence_about(const CLI::App& app, const CLI::ParseError& error)
{
    const CLI::App* current = innermost(app);
    const auto unexpected = app.remaining(true);
    if (error.get_name() == "ExtrasError" && !unexpected.empty()) {
        const std::string& word = unexpected.front();
        if (word.starts_with("-"))
            return fmt::format("{} does not know the option {}.{}", full_name(current), word,
                               did_you_mean(word.substr(0, word.find('=')), option_names(current)));
        if (!command_names(current).empty())
            return fmt::format("there is no command \"{}\".{}", word,
                               did_you_mean(word, command_names(current)));
        return fmt::format("{} does not take \"{}\".", full_name(current), word);
    }
    if (error.get_name() == "RequiredError" && !command_names(current).empty()) {
        if (!unexpected.empty() && !unexpected.front().starts_with("-"))
            return fmt::format("there is no command \"{}\".{}", unexpected.front(),
                               did_you_mean(unexpected.front(), command_names(current)));
        return fmt::format("{} needs a command: {}.", full_name(current),
                           listed(command_names(current), "or"));
    }
    std::string text = error.what();
    while (text.ends_with('\n') || text.ends_with('.')) text.pop_back();
    return fmt::format("{}: {}.", full_name(current), text);
}

} // namespace

ExitCode explain(const CLI::App& app, const CLI::ParseError& error)
{
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        app.exit(error);
        return ExitCode::done;
    }
    complain(fmt::format("{} See {} --help.", sentence_about(app, error), full_name(innermost(app))));
    return ExitCode::usage;
}

} // namespace hawser::cli

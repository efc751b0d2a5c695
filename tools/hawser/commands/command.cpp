#include "tools/hawser/commands/command.h"

#include <CLI/CLI.hpp>

#include <sstream>

namespace hawser::cli {

Option& Option::required()
{
    option_->required();
    return *this;
}

Option& Option::type_name(const std::string& name)
{
    option_->type_name(name);
    return *this;
}

Option& Option::may_repeat()
{
    option_->expected(1)->take_all();
    return *this;
}

Option& Option::separated_by_commas()
{
    option_->delimiter(',');
    return *this;
}

Option& Option::between(std::int64_t least, std::int64_t most)
{
    option_->check(CLI::Range(least, most).description(""));
    return *this;
}

Option& Option::not_empty()
{
    option_->check([](const std::string& text) { return text.empty() ? "it is empty" : ""; }, "");
    return *this;
}

Option& Option::one_of(std::initializer_list<std::string> values)
{
    option_->check(CLI::IsMember(std::vector<std::string>(values)).description(""));
    return *this;
}

Option& Option::excludes(const Option& other)
{
    option_->excludes(other.option_);
    return *this;
}

Command Command::command(const std::string& name, const std::string& description, std::string_view examples)
{
    CLI::App* command = app_->add_subcommand(name, description);
    std::string footer = "\nExamples:\n";
    std::istringstream lines{std::string(examples)};
    for (std::string line; std::getline(lines, line);) footer += "  " + line + "\n";
    command->footer(footer);
    command->fallthrough();
    command->get_formatter()->column_width(30);
    return Command(command);
}

void Command::requires_subcommand()
{
    app_->require_subcommand(1);
}

void Command::group(const std::string& title)
{
    app_->group(title);
}

void Command::alias(const std::string& name)
{
    app_->alias(name);
}

void Command::add_to_help(const std::string& text)
{
    app_->footer(app_->get_footer() + "\n" + text);
}

std::string Command::name() const
{
    return app_->get_name();
}

std::string Command::description() const
{
    return app_->get_description();
}

std::vector<Command> Command::commands() const
{
    std::vector<Command> commands;
    for (CLI::App* command : app_->get_subcommands([](const CLI::App*) { return true; }))
        commands.emplace_back(command);
    return commands;
}

std::vector<std::string> Command::option_names() const
{
    std::vector<std::string> names;
    for (const CLI::Option* option : app_->get_options())
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

Option Command::option(const std::string& name, std::string& target, const std::string& description)
{
    return Option(app_->add_option(name, target, description)->type_name(""));
}

Option Command::option(const std::string& name, std::vector<std::string>& target,
                       const std::string& description)
{
    return Option(app_->add_option(name, target, description)->type_name(""));
}

Option Command::option(const std::string& name, std::size_t& target, const std::string& description)
{
    return Option(app_->add_option(name, target, description)->type_name("N"));
}

Option Command::option(const std::string& name, std::int64_t& target, const std::string& description)
{
    return Option(app_->add_option(name, target, description)->type_name("N"));
}

Option Command::option(const std::string& name, std::uint16_t& target, const std::string& description)
{
    return Option(app_->add_option(name, target, description)->type_name("N"));
}

Option Command::flag(const std::string& name, bool& target, const std::string& description)
{
    return Option(app_->add_flag(name, target, description));
}

void Command::when_chosen(Invocation& invocation, std::function<Result<ExitCode>()> action)
{
    app_->callback([app = app_, &invocation, action = std::move(action)] {
        if (app->get_subcommands().empty()) invocation.action = action; // Else it was the subcommand's turn.
    });
}

} // namespace hawser::cli

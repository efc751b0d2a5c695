#pragma once

#include "tools/hawser/invocation.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace hawser::cli {

/// An option or a positional word of a command. A handle: copies are the same option, and it is good
/// for as long as the command line that it belongs to.
class Option {
public:
    explicit Option(CLI::Option* option) : option_(option) {}

    Option& required();
    /// What the help calls its value.
    Option& type_name(const std::string& name);
    /// One value each time that it is given, and it may be given often.
    Option& may_repeat();
    /// Several values in one word, with commas between them.
    Option& separated_by_commas();
    /// A whole number from `least` to `most`.
    Option& between(std::int64_t least, std::int64_t most);
    /// Refused without a character: a variable of a script that was never set, for one.
    Option& not_empty();
    Option& one_of(std::initializer_list<std::string> values);
    /// Refused together with `other`.
    Option& excludes(const Option& other);

private:
    CLI::Option* option_;
};

/// A command, or the whole command line. A handle, as Option is. The commands declare themselves
/// through it rather than through CLI11: its headers are templates that take seconds to compile in
/// each unit.
class Command {
public:
    explicit Command(CLI::App* app) : app_(app) {}

    /// Adds a subcommand with its help: what it does, and examples a line each, without "Examples:".
    Command command(const std::string& name, const std::string& description, std::string_view examples);
    /// It is nothing without one of its subcommands.
    void requires_subcommand();
    void group(const std::string& title);
    void alias(const std::string& name);
    /// Text under the examples.
    void add_to_help(const std::string& text);

    std::string name() const;
    std::string description() const;
    std::vector<Command> commands() const;
    /// The long names, with their dashes.
    std::vector<std::string> option_names() const;

    // "-r,--replica" is an option, "FILE" a positional word. `target` must outlive the parsing.
    Option option(const std::string& name, std::string& target, const std::string& description);
    Option option(const std::string& name, std::vector<std::string>& target, const std::string& description);
    Option option(const std::string& name, std::size_t& target, const std::string& description);
    Option option(const std::string& name, std::int64_t& target, const std::string& description);
    Option option(const std::string& name, std::uint16_t& target, const std::string& description);
    Option flag(const std::string& name, bool& target, const std::string& description);

    /// Lets the command run `work(invocation, options)` once everything is parsed. `options` holds
    /// the targets of its options.
    template <class Options, class Work>
    void runs(Invocation& invocation, std::shared_ptr<Options> options, Work work)
    {
        when_chosen(invocation, [&invocation, options, work] { return work(invocation, *options); });
    }

private:
    void when_chosen(Invocation& invocation, std::function<Result<ExitCode>()> action);

    CLI::App* app_;
};

} // namespace hawser::cli

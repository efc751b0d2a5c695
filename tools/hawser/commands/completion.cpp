#include "tools/hawser/commands/command_line.h"
#include "tools/hawser/commands/commands.h"
#include "tools/hawser/output.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

struct CompletionOptions {
    std::string shell;
};

struct Words {
    std::string command;
    std::string description;
    std::vector<std::string> options;
};

std::vector<Words> words_of(const Command& root)
{
    std::vector<Words> all;
    for (const Command& command : root.commands())
        all.push_back({command.name(), command.description(), command.option_names()});
    return all;
}

std::string bash_script(const std::vector<Words>& commands, const std::vector<std::string>& common)
{
    std::string names, cases;
    for (const Words& words : commands) {
        names += words.command + " ";
        cases += fmt::format("        {}) options=\"{} {}\" ;;\n", words.command,
                             fmt::join(words.options, " "), fmt::join(common, " "));
    }
    return fmt::format("_hawser() {{\n"
                       "    local word=${{COMP_WORDS[COMP_CWORD]}} options=\"{}\" command= each\n"
                       "    for each in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n"
                       "        [[ $each != -* ]] && {{ command=$each; break; }}\n"
                       "    done\n"
                       "    case $command in\n{}    esac\n"
                       "    if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
                       "    elif [[ -z $command ]]; then COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))\n"
                       "    else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
                       "}}\n"
                       "complete -F _hawser hawser\n",
                       fmt::join(common, " "), cases, names);
}

std::string zsh_script(const std::vector<Words>& commands, const std::vector<std::string>& common)
{
    std::string described, cases;
    for (const Words& words : commands) {
        described += fmt::format("        '{}:{}'\n", words.command, words.description);
        cases += fmt::format("        {}) compadd -- {} {} ;;\n", words.command,
                             fmt::join(words.options, " "), fmt::join(common, " "));
    }
    return fmt::format("#compdef hawser\n"
                       "_hawser() {{\n"
                       "    local -a commands=(\n{}    )\n"
                       "    if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
                       "    if [[ $words[CURRENT] != -* ]]; then _files; return; fi\n"
                       "    case $words[2] in\n{}    esac\n"
                       "}}\n"
                       "compdef _hawser hawser\n",
                       described, cases);
}

std::string fish_script(const std::vector<Words>& commands, const std::vector<std::string>& common)
{
    std::string text;
    const auto option_lines = [&](const std::string& condition, const std::vector<std::string>& options) {
        for (const std::string& option : options)
            text += fmt::format("complete -c hawser {} -l {}\n", condition, option.substr(2));
    };
    for (const Words& words : commands) {
        text += fmt::format("complete -c hawser -n __fish_use_subcommand -a {} -d '{}'\n", words.command,
                            words.description);
        option_lines(fmt::format("-n '__fish_seen_subcommand_from {}'", words.command), words.options);
    }
    option_lines("", common);
    return text;
}

Result<ExitCode> run_completion(Invocation& invocation, const CompletionOptions& options)
{
    Invocation other;
    const CommandLine all(other);
    const std::vector<Words> commands = words_of(all.root());
    const std::vector<std::string> common = all.root().option_names();
    Output output(invocation);
    const std::string script = options.shell == "bash"  ? bash_script(commands, common)
                               : options.shell == "zsh" ? zsh_script(commands, common)
                                                        : fish_script(commands, common);
    output.json({{"shell", options.shell}, {"script", script}});
    output.text(script);
    return ExitCode::done;
}

} // namespace

void add_completion(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<CompletionOptions>();
    Command command = app.command("completion", "Print the completion script of a shell.",
                                  "source <(hawser completion bash)\n"
                                  "hawser completion fish > ~/.config/fish/completions/hawser.fish");
    command.group(group::more);
    command.option("SHELL", options->shell, "bash, zsh or fish").required().one_of({"bash", "zsh", "fish"});
    command.runs(invocation, options, run_completion);
}

} // namespace hawser::cli

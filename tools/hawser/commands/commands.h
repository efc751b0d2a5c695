#pragma once

#include "tools/hawser/invocation.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace hawser::cli {

/// Adds a subcommand with its help: what it does, and examples a line each, without "Examples:".
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      std::string_view examples);

/// Lets a command run `work(invocation, options)` once everything is parsed.
template <class Options, class Work>
void runs(CLI::App* command, Invocation& invocation, std::shared_ptr<Options> options, Work work)
{
    command->callback([&invocation, options, work] {
        invocation.action = [&invocation, options, work] { return work(invocation, *options); };
    });
}

// Each adds one group of commands; a group is a file.
void add_init(CLI::App& app, Invocation& invocation);
void add_auth(CLI::App& app, Invocation& invocation);
void add_sync(CLI::App& app, Invocation& invocation);
void add_offline(CLI::App& app, Invocation& invocation);
void add_status(CLI::App& app, Invocation& invocation);
void add_list(CLI::App& app, Invocation& invocation);
void add_show(CLI::App& app, Invocation& invocation);
void add_write(CLI::App& app, Invocation& invocation);
void add_queue(CLI::App& app, Invocation& invocation);
void add_conflicts(CLI::App& app, Invocation& invocation);
void add_diff(CLI::App& app, Invocation& invocation);
void add_log(CLI::App& app, Invocation& invocation);
void add_verify(CLI::App& app, Invocation& invocation);
void add_care(CLI::App& app, Invocation& invocation);
void add_doctor(CLI::App& app, Invocation& invocation);
void add_report(CLI::App& app, Invocation& invocation);
void add_serve(CLI::App& app, Invocation& invocation);
void add_demo(CLI::App& app, Invocation& invocation);
void add_completion(CLI::App& app, Invocation& invocation);

/// The whole tree. `invocation` must outlive it.
std::unique_ptr<CLI::App> make_command_line(Invocation& invocation);

/// The groups under which the top-level help lists the commands.
namespace group {
inline constexpr const char* start = "Start";
inline constexpr const char* synchronize = "Synchronize";
inline constexpr const char* records = "Records";
inline constexpr const char* explain = "Changes and explanations";
inline constexpr const char* care = "Care";
inline constexpr const char* more = "More";
} // namespace group

} // namespace hawser::cli

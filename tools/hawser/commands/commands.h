#pragma once

#include "tools/hawser/commands/command.h"

namespace hawser::cli {

// Each adds one group of commands; a group is a file.
void add_init(Command app, Invocation& invocation);
void add_auth(Command app, Invocation& invocation);
void add_sync(Command app, Invocation& invocation);
void add_offline(Command app, Invocation& invocation);
void add_status(Command app, Invocation& invocation);
void add_tables(Command app, Invocation& invocation);
void add_list(Command app, Invocation& invocation);
void add_show(Command app, Invocation& invocation);
void add_write(Command app, Invocation& invocation);
void add_queue(Command app, Invocation& invocation);
void add_conflicts(Command app, Invocation& invocation);
void add_diff(Command app, Invocation& invocation);
void add_policy(Command app, Invocation& invocation);
void add_log(Command app, Invocation& invocation);
void add_verify(Command app, Invocation& invocation);
void add_care(Command app, Invocation& invocation);
void add_doctor(Command app, Invocation& invocation);
void add_replay(Command app, Invocation& invocation);
void add_report(Command app, Invocation& invocation);
void add_serve(Command app, Invocation& invocation);
void add_demo(Command app, Invocation& invocation);
void add_completion(Command app, Invocation& invocation);

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

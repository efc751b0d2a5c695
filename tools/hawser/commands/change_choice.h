#pragma once

#include "hawser/replica.h"
#include "tools/hawser/commands/command.h"

#include <string>
#include <vector>

namespace hawser::cli {

/// Which changes a command is about, by what they are: of a table, in a state, of an age.
struct ChangeChoice {
    std::string table;
    std::vector<std::string> states;
    std::string older_than;
    std::string newer_than;

    bool is_open() const
    {
        return table.empty() && states.empty() && older_than.empty() && newer_than.empty();
    }
};

/// Declares --table, --state, --older-than and --newer-than. `choice` must outlive the parsing.
void add_choice(Command& command, ChangeChoice& choice);

/// Fails when a word of it is not understood.
Result<ChangeFilter> filter_of(const Replica& replica, const ChangeChoice& choice);

/// All that the filter lets through, page by page.
Result<std::vector<Change>> all_changes(const Replica& replica, ChangeFilter filter);

} // namespace hawser::cli

#pragma once

#include "hawser/clock.h"
#include "hawser/metadata.h"
#include "hawser/result.h"
#include "hawser/value.h"
#include "tools/hawser/party_words.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::cli {

/// One argument of `create`, `set` and `resolve`, taken apart but not yet understood.
struct Assignment {
    enum class Operator {
        text,   ///< k=v
        json,   ///< k:=json
        add,    ///< role+=participant
        remove, ///< role-=participant
    };
    std::string key;
    Operator operation = Operator::text;
    std::string text;
};

Result<Assignment> parse_assignment(std::string_view argument);

/// What is needed to turn arguments into columns.
struct AssignmentContext {
    const Table& table;
    const Fields& present; ///< The record's columns as they are; empty for a new record.
    RecordResolver resolve;
    Instant now;
    std::function<Result<std::string>(const std::string& path)> read_file; ///< "-" is standard input.
};

/// The columns that the arguments set, each in the one spelling of its type; a cleared one is null.
/// The first argument that is wrong is refused, naming table, column and what is allowed.
Result<Fields> read_assignments(const std::vector<std::string>& arguments, const AssignmentContext& context);

/// The value that a text means for a column: labels of choices, local times, "table:idprefix".
Result<Value> read_value(const Column& column, std::string_view text, const AssignmentContext& context);

/// The syntax in a few lines, for --help.
std::string assignments_help();

} // namespace hawser::cli

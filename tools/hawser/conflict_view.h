#pragma once

#include "hawser/replica.h"

#include <functional>
#include <string>
#include <vector>

namespace hawser::cli {

/// A conflict as a person reads it.
struct ConflictView {
    struct Column {
        std::string name;
        std::string base, mine, theirs; ///< "" when empty.
    };
    std::string label;
    std::string record; ///< Its table and name.
    std::string reason;
    std::string resolution; ///< "" while open.
    std::vector<Column> columns;
};

ConflictView view_of(const Replica& replica, const Conflict& conflict);

/// How a word that went, or came, is shown on a terminal. What it is given is safe there.
using Paint = std::function<std::string(const std::string&)>;

/// Base, mine and theirs of each column one below the other; in mine and theirs what went out of the base and what came.
std::string text_of(const ConflictView& view, const Paint& gone, const Paint& come);

/// A page with these, side by side.
std::string page_of(const std::vector<ConflictView>& views);

} // namespace hawser::cli

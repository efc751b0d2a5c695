#include "tools/hawser/scope_words.h"

#include "tools/hawser/exit_code.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace hawser::cli {

ScopeChoice parse_scope(std::string_view argument)
{
    const std::size_t colon = argument.find(':');
    ScopeChoice scope;
    scope.table = argument.substr(0, colon);
    if (colon != std::string_view::npos) scope.filter = argument.substr(colon + 1);
    return scope;
}

std::string people_text(const ScopeChoice& scope)
{
    return scope.filter.empty() ? scope.table : scope.table + " (" + scope.filter + ")";
}

Result<std::vector<std::string>> chosen_tables(const Replica& replica, const std::vector<std::string>& wanted)
{
    const auto chosen = replica.chosen();
    if (!chosen) return chosen.error();
    std::vector<std::string> known;
    for (const ScopeChoice& scope : *chosen) known.push_back(scope.table);
    for (const std::string& table : wanted)
        if (std::ranges::find(known, table) == known.end())
            return usage_error(fmt::format("the table \"{}\" is not in this replica.{} It holds {}", table,
                                           did_you_mean(table, known), listed(known)));
    return wanted;
}

} // namespace hawser::cli

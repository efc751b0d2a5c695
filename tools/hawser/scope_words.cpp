#include "tools/hawser/scope_words.h"

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

} // namespace hawser::cli

#include "engine/page_trail.h"

#include <functional>

namespace hawser::engine {

Result<void> PageTrail::follow(const std::string& link, std::size_t rows, const std::optional<Guid>& first)
{
    const bool repeated = first && !firsts_.insert(*first).second;
    idle_ = rows > 0 && !repeated ? 0 : idle_ + 1;
    if (idle_ > most_idle_pages)
        return Error{ErrorKind::retry, "server.bad_answer",
                     "the organization's pages of " + table_ +
                         " do not end: each leads to the next and brings nothing new"};
    if (!links_.insert(std::hash<std::string>{}(link)).second)
        return Error{ErrorKind::retry, "server.bad_answer",
                     "the organization's pages of " + table_ + " lead in a circle"};
    return {};
}

} // namespace hawser::engine

#include "engine/page_trail.h"

namespace hawser::engine {

Result<void> PageTrail::follow(const std::string& link, std::size_t rows)
{
    empty_ = rows > 0 ? 0 : empty_ + 1;
    if (empty_ > most_empty_pages)
        return Error{ErrorKind::retry, "server.bad_answer",
                     "the organization's pages of " + table_ +
                         " do not end: each holds nothing but a link to the next"};
    if (!links_.insert(link).second)
        return Error{ErrorKind::retry, "server.bad_answer",
                     "the organization's pages of " + table_ + " lead in a circle"};
    return {};
}

} // namespace hawser::engine

#pragma once

#include "hawser/result.h"
#include "localstore/round.h"

namespace hawser::engine {

/// How a page was asked for, as far as it decides what its failure means.
struct PageAsked {
    bool delta = false;   ///< By change tracking, not by filter.
    bool resumed = false; ///< By a link that an earlier process left.
    bool token = false;   ///< By the token of an earlier round.
};

/// What to do about a page that did not come.
enum class PageRemedy {
    give_up,    ///< The failure is the cycle's.
    rebaseline, ///< The token is not honoured: from the start, keeping everything here.
    use_filter, ///< Change tracking is not for this user: pull by filter from now on.
    restart,    ///< The resume link is not honoured: the round begins again.
    halve,      ///< The page is too large.
    table_off,  ///< The table cannot be read at all; the others go on.
};

PageRemedy remedy_for(const Error& error, const PageAsked& asked);

} // namespace hawser::engine

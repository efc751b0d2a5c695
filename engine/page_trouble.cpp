#include "engine/page_trouble.h"

namespace hawser::engine {

PageRemedy remedy_for(const Error& error, const PageAsked& asked)
{
    if (error.code == "net.too_large") return PageRemedy::halve;
    if (error.kind == ErrorKind::rebaseline)
        return asked.resumed ? PageRemedy::restart : PageRemedy::rebaseline;
    if (error.code == "odata.foreign_link" && (asked.resumed || asked.token))
        return asked.resumed ? PageRemedy::restart : PageRemedy::rebaseline;
    // A refusal of our own store says nothing of the organization.
    const bool theirs = error.code.starts_with("server.") || error.code.starts_with("odata.");
    const bool refused = error.kind == ErrorKind::park || error.kind == ErrorKind::refuse;
    if (!refused || !theirs) return PageRemedy::give_up;
    if (asked.resumed) return PageRemedy::restart;
    if (asked.token && error.code != "server.access") return PageRemedy::rebaseline;
    if (asked.delta) return PageRemedy::use_filter;
    return PageRemedy::table_off;
}

} // namespace hawser::engine

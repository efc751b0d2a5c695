#pragma once

#include "hawser/replica.h"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace hawser::cli {

/// What support needs and nothing that tells of a person: versions, counts, states, times, names of
/// tables and columns, and error codes. No names, addresses, ids, values, tokens or messages of the
/// organization.
Result<boost::json::object> support_report(const Replica& replica, std::string_view version);

/// The report for people who read it before they send it: a member a line, an entry of a list a line.
std::string report_text(const boost::json::object& report);

} // namespace hawser::cli

#pragma once

#include "tools/hawser/replay.h"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace hawser::cli {

struct ReplayReport {
    std::string journal;
    std::string organization; ///< Its address.
    std::string user;         ///< Under whose sign-in, by id.
    std::string as_another{}; ///< The user whose journal it is, where that is another.
    std::string stopped{};    ///< Why it ended before its time.
    Instant at{};
    std::vector<Replayed> changes{};
};

/// "applied", "conflict", "refused", "held", "waits", "not chosen", "said already", "given up".
std::string outcome_of(const Replayed& replayed);
/// How many changes have each outcome, in the order of the first one.
std::vector<std::pair<std::string, std::size_t>> counts_of(const ReplayReport& report);
/// Whether something of what was chosen is not there yet.
bool is_unfinished(const ReplayReport& report);
/// Whether something of it goes on only when a person decided.
bool needs_person(const ReplayReport& report);

boost::json::object json_of(const ReplayReport& report);
std::string markdown_of(const ReplayReport& report);
/// One page that needs no other file.
std::string html_of(const ReplayReport& report);

} // namespace hawser::cli

#pragma once

#include "hawser/replica.h"
#include "hawser/synchronizer.h"

#include <boost/json/object.hpp>

#include <optional>

namespace hawser::cli {

// The JSON of what the library tells, the same wherever it is printed. Times are UTC text.
boost::json::value json_of(const std::optional<Instant>& instant);
boost::json::object json_of(const RecordKey& record, const std::string& name);
boost::json::object json_of(const CycleReport& report);
boost::json::object json_of(const Change& change);
boost::json::object json_of(const ChangeExplanation& explained);
boost::json::object json_of(const Conflict& conflict);
boost::json::object json_of(const Decision& decision);
boost::json::object json_of(const Error& error);
boost::json::object json_of(const TableStatus& table);
boost::json::object json_of(const Status& status);

} // namespace hawser::cli

#pragma once

#include "tools/server/core/call.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace hawser::server {

// Tables and columns as EntityDefinitions describes them, every property present. What a request
// selects is taken from these.

boost::json::object table_json(const Call& call, const Table& table);
boost::json::object column_json(const Table& table, const Column& column);
boost::json::array many_to_one_json(const Table& table, const Catalogue& catalogue);
boost::json::array one_to_many_json(const Table& table, const Catalogue& catalogue);

/// "StringAttributeMetadata": what a type cast in a path names.
const char* metadata_type(const Column& column);
boost::json::object option_set_json(const Table& table, const Column& column);

} // namespace hawser::server

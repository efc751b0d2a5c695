#pragma once

#include "hawser/metadata.h"
#include "hawser/value.h"

#include <boost/json/value.hpp>

#include <functional>
#include <string>

namespace hawser::cli {

using NameOf = std::function<std::string(const Lookup&)>;

/// A value as people read it: choices by label, local times, lookups and participants by name.
/// `column` may be null when the table is not known. Null is "".
std::string people_text(const Column* column, const Value& value, const NameOf& name_of);

/// A value as programs read it in tab-separated lines: numbers of choices, UTC, "table:id" for lookups.
/// Only participants are as people read them; their JSON is in the JSON form. Null is "".
std::string exact_text(const Value& value, const NameOf& name_of);

/// The canonical JSON of values, see `to_json`.
boost::json::value json_of(const Value& value);
boost::json::value json_of(const Fields& fields);

} // namespace hawser::cli

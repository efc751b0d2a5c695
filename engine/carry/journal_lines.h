#pragma once

#include "hawser/change.h"
#include "localstore/carried.h"
#include "localstore/change.h"
#include "localstore/conflict.h"
#include "localstore/intent.h"
#include "localstore/record.h"

#include <boost/json/object.hpp>

namespace hawser::carry {

// The lines of a journal, as docs/JOURNAL.md describes them. Each has one member, which says what it is.

boost::json::object line_of(const localstore::KnownTable& table);
/// The version of the organization that the changes of the record stand on, without the changes.
boost::json::object line_of(const localstore::RecordState& state, Contents contents);
boost::json::object line_of(const localstore::Change& change, const localstore::ChangeIdentity& identity,
                            Contents contents);
boost::json::object line_of(const localstore::Conflict& conflict, Contents contents);
boost::json::object line_of(const localstore::Intent& intent, Contents contents);

} // namespace hawser::carry

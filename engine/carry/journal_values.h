#pragma once

#include "hawser/change.h"
#include "hawser/metadata.h"
#include "hawser/result.h"
#include "localstore/carried.h"
#include "localstore/conflict.h"
#include "localstore/intent.h"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace hawser::carry {

// What the lines of a journal say (docs/JOURNAL.md); the way back from journal_lines.h. All of it is foreign: what is
// missing, of another kind or out of its range is refused with what is wrong, as journal.damaged, for a caller that
// knows file and byte. `line` is what stands behind the line's one member. Pure.

struct RecordLine {
    RecordKey key;
    localstore::Shadow base;
    bool partial = false;
};

struct ChangeLine {
    localstore::Change change; ///< With the number and the group that it has in the journal.
    localstore::ChangeIdentity identity;
};

Result<JournalAbout> about_in(const boost::json::object& line);
Result<Table> table_in(const boost::json::object& line);
Result<RecordLine> record_in(const boost::json::object& line);
Result<ChangeLine> change_in(const boost::json::object& line);
/// The sides of the columns, the reason and the sentence; the number is the journal's.
Result<localstore::Conflict> conflict_in(const boost::json::object& line);
/// With the numbers that its changes have in the journal. Nothing in it leads to another place than the organization.
Result<localstore::Intent> intent_in(const boost::json::object& line);

} // namespace hawser::carry

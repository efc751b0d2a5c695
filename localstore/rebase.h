#pragma once

#include "localstore/subject.h"

namespace hawser::localstore {

/// The later changes of the record, as they would have been made if `former`, of which `after` is what it had said so far, had
/// left its columns as `from` says: each column's next change starts from there and keeps its own edit, of a list
/// element by element, even where it changed the same one. What comes to nothing by that is settled there.
void rebase_later(TransactionState& state, Subject& subject, const Change& former, Fields from);

/// Updates of which nothing is left by that leave the queue, as superseded by what `sequence` became: "was dropped".
void settle_emptied(Subject& subject, Sequence sequence, std::string_view became, Instant now);

} // namespace hawser::localstore

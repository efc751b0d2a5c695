#pragma once

#include "localstore/database.h"
#include "localstore/intent.h"
#include "localstore/tables.h"

#include <vector>

namespace hawser::localstore {

/// Keeps a receipt of the record, which is of that table.
void add_receipt(Database& database, const KnownTable& table, const Receipt& receipt);

/// The newest ones of the record, the newest first.
std::vector<Receipt> receipts_of(Database& database, const KnownTable& table, const Guid& id,
                                 std::size_t limit);

/// What is lost and the live change says, too: the changes that wait for it to be given up, the oldest first, each
/// once; with why they are lost.
struct CoveredLoss {
    std::vector<Sequence> lost;
    std::string why;
};
CoveredLoss covered_by(Database& database, const KnownTable& table, const Guid& id, Sequence change);

/// What was applied of the record, and what the organization was seen to hold of it, the newest first; without what a
/// later receipt says is lost.
std::vector<Receipt> arrivals_of(Database& database, const KnownTable& table, const Guid& id);

} // namespace hawser::localstore

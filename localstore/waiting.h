#pragma once

#include "hawser/result.h"
#include "localstore/carried.h"
#include "localstore/change.h"
#include "localstore/conflict.h"
#include "localstore/intent.h"
#include "localstore/record.h"

namespace hawser::localstore {

/// Is told all that waits in a replica, as of one moment: each table before the first record of it, each record
/// before the first change of it or of what refers to it, changes in order; then the open conflicts; then the open intents. A failure ends the
/// telling. Within one read transaction: it must not write to the store.
class WaitingListener {
public:
    virtual ~WaitingListener() = default;
    virtual Result<void> table(const KnownTable& table) = 0;
    /// With its live changes in it, which are told one by one as well.
    virtual Result<void> record(const RecordState& state) = 0;
    virtual Result<void> change(const Change& change, const ChangeIdentity& identity) = 0;
    virtual Result<void> conflict(const Conflict& conflict) = 0;
    virtual Result<void> intent(const Intent& intent) = 0;
};

} // namespace hawser::localstore

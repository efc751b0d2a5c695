#pragma once

#include "engine/push_plan.h"
#include "engine/surroundings.h"
#include "localstore/transaction.h"
#include "transport/dataverse/batch.h"
#include "transport/dataverse/step.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hawser::engine {

/// An intent that is on disk, as far as its answer needs it.
struct Draft {
    Guid intent;
    PushUnit unit;
    dataverse::BatchItem item;
    /// Per record: which steps are its own, and whether the record is gone when they succeed.
    struct Part {
        RecordKey key;
        std::shared_ptr<const TableWork> table;
        localstore::StepKind kind = localstore::StepKind::update;
        std::vector<std::size_t> steps{};
        std::optional<Collection> parties{}; ///< What the server holds of them when no step changes them.
        bool contested = false;              ///< There was an open question about the record.
    };
    std::vector<Part> parts;
    bool receipt = false; ///< The first step writes a receipt row.
};

/// When the organization refused a receipt row; it is asked again after a day.
inline constexpr std::string_view no_receipts_setting = "sync.no_receipts";

/// Nothing had to be sent: the organization says the same already.
struct NothingToSend {};

/// The queue moved since the plan: a change of the unit was held, undone or became contested, or
/// another came between. Nothing was written, but that a damaged change is held; the next plan decides.
struct Outdated {};

/// The unit has more steps than there was room for. Nothing was written.
struct NoRoom {};

/// The record cannot be written as it is: its changes were parked with the reason.
struct Unsendable {
    std::string why;
};

using Drafted = std::variant<Draft, NothingToSend, Outdated, NoRoom, Unsendable>;

/// Freezes one unit into an intent, inside a transaction that is committed with full durability
/// before a byte leaves: the net effect of its changes on each record, as conditional steps, and the
/// first attempt. A unit without a net effect is settled instead; one that cannot be frozen is parked,
/// alone. `room` are the steps that its batch still takes.
///
/// What is sent and what is covered or settled are one thing: the queue is read again here, values are
/// those up to the unit's last change, and only columns that no open conflict masks take part (A
/// group with a masked column is Outdated).
Result<Drafted> draft(Surroundings& around, CycleWork& cycle, localstore::Transaction& transaction,
                      const PushUnit& unit, const Guid& client_request_id, std::size_t room);

/// The steps of a stored intent as they went out: to be resent unchanged (I2).
dataverse::BatchItem frozen_item(const localstore::Intent& intent);

/// A stored intent as a draft, for settling a late answer.
Result<Draft> draft_of(Surroundings& around, const localstore::Intent& intent);

} // namespace hawser::engine

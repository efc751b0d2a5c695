#pragma once

#include "base/body.h"
#include "hawser/metadata.h"
#include "hawser/value.h"
#include "transport/dataverse/page.h"
#include "transport/dataverse/service.h"
#include "transport/dataverse/step.h"

#include <string>
#include <string_view>
#include <vector>

namespace hawser::dataverse {

/// The JSON of a write: only these columns, without the participants. Lookups become
/// "<nav>@odata.bind"; a null lookup clears through the property of the table that `base` holds
/// (else of the first target). Decimals become JSON numbers to the digit.
///
/// Fails with "write.unknown_column" or "write.unbindable" (kind park).
Result<std::string> write_body(const Table& table, const Fields& changed, const EntitySets& sets,
                               const Fields& base = {});

/// The JSON of `PUT …/<table>_activity_parties`: the complete list.
Result<std::string> write_parties(const Collection& parties, const EntitySets& sets);

/// What the creation of a record can say of it: no nulls, and no columns that are not creatable.
Fields creatable(const Table& table, const Fields& fields);

/// The steps that create a record under the client's id, as one BatchItem: a PATCH with
/// If-None-Match: *; for activities a PUT of the participants; and where statecode may not be set
/// on creation, or closes an activity that has participants, a PATCH of the state. Only what is
/// `creatable` is sent.
Result<std::vector<Step>> create_steps(const Table& table, const Layout& layout, const Guid& id,
                                       const Fields& fields, const EntitySets& sets);

/// The steps that change exactly `changed`, conditional on `etag`, as one BatchItem. When only the
/// participants change, the conditional PATCH resends one unchanged column of `base`. A step that
/// closes the record comes after its participants, one that opens it before.
///
/// Fails with "write.read_only" for tables without optimistic concurrency and for columns that are
/// not updatable, with "write.unconditional" when `etag` cannot be a condition.
Result<std::vector<Step>> update_steps(const Table& table, const Layout& layout, const Guid& id,
                                       std::string_view etag, const Fields& changed, const Fields& base,
                                       const EntitySets& sets);

/// The same for a record that an earlier step of the same change set creates: under If-Match: *, so
/// that they never create. Nothing else may be sent with these.
Result<std::vector<Step>> steps_after_creation(const Table& table, const Layout& layout, const Guid& id,
                                               const Fields& changed, const EntitySets& sets);

/// DELETE, conditional on `etag`. Fails with "write.unconditional" when that cannot be a condition.
Result<Step> delete_step(const Table& table, const Guid& id, std::string_view etag);

/// A row of annotations whose id is the intent's: put it first in the same change set, and a
/// repeat of the set fails whole. Reading `receipt_read_step` is proof.
Step receipt_step(const Guid& intent, std::string_view subject);
Step receipt_read_step(const Guid& intent);
/// Removes a receipt row that is no longer needed.
Step receipt_delete_step(const Guid& intent);

/// Reads one record as the layout wants it, participants included. For read-back and verifying.
Step read_step(const Table& table, const Layout& layout, const Guid& id);

/// True when the answers to these steps do not say all that is now stored (a PUT of participants,
/// a create of an activity): follow with `read_step`.
bool needs_read_back(const Table& table, const std::vector<Step>& steps);

} // namespace hawser::dataverse

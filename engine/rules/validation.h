#pragma once

#include "hawser/change.h"
#include "hawser/metadata.h"
#include "hawser/result.h"

#include <functional>
#include <string_view>

namespace hawser::engine {

/// What the rules of a table need to know of a record that is there.
struct Standing {
    bool here = false;    ///< It can be seen in the replica.
    bool partial = false; ///< Its large columns were left on the server.
    Fields columns{};
};

/// Checks one edit against the metadata and puts its values in their one spelling. A state without a
/// status takes that state's default status with it. Refuses naming table, column and limit; pure.
///
/// | what                                                   | code |
/// |--------------------------------------------------------|------|
/// | a column the table lacks (with the nearest names)      | input.unknown_column |
/// | a value of another type, too long, no choice, no target| input.wrong_type, input.too_long, … (hawser::canonical) |
/// | a column that cannot be set                            | input.read_only |
/// | a create without a required column, or clearing one    | input.required |
/// | a status that belongs to another state                 | input.wrong_status |
/// | an update or delete of a record that is not here       | input.unknown_record |
/// | a create of one that is here                           | input.record_exists |
/// | a large column that was left on the server             | input.partial |
/// | any edit of a table without optimistic concurrency     | input.table_read_only |
/// | any edit of a table whose columns are not known yet    | input.no_metadata |
Result<Edit> checked(const Table& table, Edit edit, const Standing& standing);

/// input.unknown_column with the names nearest to it.
Error unknown_column(const Table& table, std::string_view name);
/// input.no_metadata: the table was chosen and the organization was not asked about it yet.
Error no_metadata(std::string_view table);

} // namespace hawser::engine

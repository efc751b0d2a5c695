#pragma once

#include "hawser/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace hawser::dataverse {

/// What was sent and got no usable answer.
struct Sent {
    enum class Kind { create, update, remove };
    enum class Proof {
        equality, ///< Equal columns prove that it was applied.
        receipt,  ///< Equality proves nothing (counters, line merges, actions): a receipt row went along.
    };
    Kind kind = Kind::update;
    Proof proof = Proof::equality;
    std::string etag{};   ///< Sent against; for update and remove.
    Fields columns{};     ///< What was sent, canonical, nulls included; of a create, the record.
    bool revival = false; ///< A create under an id that others know: somebody else may have made it.
};

/// What the verifying read found. Read the record and, with Proof::receipt, the receipt row.
struct Seen {
    enum class Presence { present, absent, no_answer };
    Presence record = Presence::no_answer;
    std::string etag{};
    Fields columns{}; ///< Canonical; absent = null.
    Presence receipt = Presence::no_answer;
};

struct Verdict {
    enum class Kind {
        applied,       ///< It took effect (or its effect stands).
        resend,        ///< Send the same frozen steps: their condition makes a late arrival harmless.
        indeterminate, ///< `columns` become contested: "may already have been applied".
        not_applied,   ///< It did not take effect and will not: decide anew against what was seen.
        gone,          ///< An update whose record is no longer there: nobody can tell.
        ask_again,     ///< The read had no usable answer either.
    };
    Kind kind = Kind::ask_again;
    std::vector<std::string> columns{};
};

// clang-format off
/// I2, as a function of values.
///
/// | sent                | seen                              | verdict |
/// |---------------------|-----------------------------------|---------|
/// | any                 | no answer                         | ask_again |
/// | any with receipt    | receipt row there                 | applied |
/// | create              | absent                            | resend (a late first arrival makes the repeat fail with 412) |
/// | create              | present, all columns equal        | applied |
/// | create              | present, some columns differ      | indeterminate, those columns: edited since, or another copy of this replica made it |
/// | revival             | present, some columns differ      | not_applied |
/// | create with receipt | present, differs, receipt absent  | not_applied |
/// | update              | same etag                         | resend |
/// | update              | absent                            | gone |
/// | update              | other etag, all columns equal     | applied |
/// | update              | other etag, some columns differ   | indeterminate, those columns |
/// | update with receipt | other etag, receipt absent        | not_applied (its condition has failed or will) |
/// | remove              | absent                            | applied |
/// | remove              | same etag                         | resend |
/// | remove              | other etag                        | not_applied (an edit beats a deletion) |
// clang-format on
Verdict judge_unknown(const Sent& sent, const Seen& seen);

} // namespace hawser::dataverse

#pragma once

#include "engine/read_back.h"
#include "localstore/intent.h"
#include "transport/dataverse/unknown_answer.h"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace hawser::engine {

/// What to do about an open intent whose answer is unknown.
struct Judgement {
    enum class Kind {
        applied,       ///< It took effect: settle it with the copies that were read.
        resend,        ///< The same frozen steps again.
        indeterminate, ///< Contest `columns`.
        not_applied,   ///< It has no effect and never will: decide anew against what was read.
        deleted_since, ///< A record of it is gone, perhaps with what was sent: hold its changes.
        taken_back,    ///< It had no effect so far, and nobody wants it any more. Not for `judge` to say.
        out_of_reach,  ///< This user may not read a record any more: nobody can tell.
        ask_again,     ///< Nothing usable was read.
    };
    Kind kind = Kind::ask_again;
    std::vector<localstore::Indeterminate> columns{};
};

/// What the replica knows of an intent's records, beyond what was read of them.
struct Known {
    /// Made again under a known id: one that is there is ours only when it says what was sent.
    std::set<RecordKey> revived{};
    /// To be made, and the organization told that they were deleted: they had been made.
    std::set<RecordKey> deleted{};
    /// To be deleted, and there with another time of creation: they were deleted, and somebody made them again.
    std::set<RecordKey> reborn{};
    /// To be made, and nobody would have told if they had been made and deleted since.
    std::set<RecordKey> untold{};
    /// Another installation has changes of it, too, and may have sent a part of them after a decision there.
    bool shared = false;
};

/// I2 for a whole intent, as a function of values. `records` are the intent's records in the order of
/// their first steps, each with what a read of it found; `receipt` what the read of the receipt row
/// found, for intents that have one.
///
/// One record follows `dataverse::judge_unknown`. Several are one change set, which happens whole or
/// not at all, so that the surest of them speaks for all: a record still as it was sent against means
/// that nothing has happened yet; a create that is there means that everything has, and others of it that
/// are not there were deleted since; so does an edit that is there as it was sent, beside creates that were
/// deleted; a record that was to be deleted and is there in another version means that nothing has and nothing
/// will. Beside a record that was changed, what was to be made and is not there tells that nothing has, unless it may
/// have been deleted since without a word, or its deletion was told and an edit shows something of what was sent: then
/// nobody can tell. What is shared with another installation tells nothing of the columns of another record. What may
/// not be read leaves the word to the others; `out_of_reach` when they cannot tell.
Judgement judge(const localstore::Intent& intent, std::span<const std::pair<RecordKey, Found>> records,
                const std::optional<Found>& receipt, const Known& known = {});

/// Whether the organization refused the intent as outdated, and nobody has read its records since.
bool is_outdated(const localstore::Intent& intent);

/// When the records of what was refused were read: with the next request, or in another cycle.
enum class Reading { at_once, late };

/// The same for an intent that was refused as outdated: `applied` when its records say what was sent, as when
/// the network repeats a request, else `not_applied`, or `ask_again`.
///
/// `before` is what stood in the records before; of `known` its `deleted` and `shared` count. Of the columns that were
/// to change, some may say what was sent (s), some what they said before (b), some neither (n). `indeterminate`, with
/// those of b and n, which are not none, when read
/// at_once:  s ∧ ¬b, and all records are there
/// late:     s ∨ n; only s where a record is not there, which may have been made and deleted, or never made
Judgement judge_outdated(const localstore::Intent& intent,
                         std::span<const std::pair<RecordKey, Found>> records,
                         const std::map<RecordKey, Fields>& before, Reading reading, Known known = {});

} // namespace hawser::engine

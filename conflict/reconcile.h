#pragma once

#include "conflict/merge.h"
#include "conflict/validate.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::conflict {

/// One version of a record as the server held it.
struct Copy {
    Fields fields{};
    std::string etag{};
    friend bool operator==(const Copy&, const Copy&) = default;
};

/// What is known of the server's side.
enum class Presence {
    present,
    deleted,      ///< A positive tombstone or a verified not-found (I9). Nothing less.
    out_of_reach, ///< Left the scope, or the right to read it is gone. Deletes nothing.
};

/// Whether the base is the server's own representation of that version, or what we believe it to
/// be. Only then is an equal etag proof that nothing changed.
enum class BaseBody { stored, assumed };

/// Whether the record may be created again when the server deleted it. Series never are: their id
/// changes when their pattern does, so the new one is looked up first.
enum class Revival { allowed, look_up_first };

using Names = std::set<std::string, std::less<>>;

/// What it means that there is no local copy and no base.
enum class LocalAbsence { never_here, deleted_here };

/// Everything a decision about one record depends on.
struct Situation {
    std::string name{};            ///< What to call the record in sentences: "contact Jane Doe".
    std::optional<Copy> base{};    ///< The shadow; empty when the server never had the record.
    std::optional<Fields> local{}; ///< Empty when it was deleted here, or never was here.
    LocalAbsence local_absence = LocalAbsence::never_here;
    Presence presence = Presence::present;
    std::optional<Copy> remote{}; ///< Empty with `Presence::present`: nothing newer than base is known.
    BaseBody base_body = BaseBody::stored;
    Revival revival = Revival::allowed;
    Names indeterminate{}; ///< Columns whose last write may already have been applied.
    /// Columns in which what both sides changed cannot be put together, whatever their rule says.
    Names at_odds{};
    Names not_read{};                        ///< Columns the remote copy was read without. Never sent.
    std::vector<Contested> open_conflicts{}; ///< Never merged again; their theirs follows the server.
};

enum class Outcome {
    echo,             ///< Both sides already say the same; live changes of the record are settled.
    take_remote,      ///< Nothing of ours is at stake; the server's copy becomes ours.
    keep_local,       ///< Only we changed it; ours is sent.
    merged,           ///< Both changed it and nobody has to be asked.
    contested,        ///< Both changed it and a person has to choose; the rest goes on.
    revived,          ///< An edit met a deletion, and won.
    deleted_remotely, ///< The server deleted it and nothing of ours is at stake.
    unlinked,         ///< The local copy stays but stands for nothing that can be reached; changes wait.
};

std::string_view outcome_name(Outcome outcome);

enum class Send {
    nothing,
    create, ///< `changes` is the whole record, under If-None-Match: *; leave out what cannot be created.
    update, ///< `changes` is the net effect, under If-Match: `condition`.
    remove, ///< Under If-Match: `condition`.
};

/// What to do about one record. The outcome is named first; the rest follows from it.
struct Plan {
    Outcome outcome = Outcome::echo;
    std::optional<Fields> local{}; ///< What the record becomes here; empty: it goes, or stays gone.
    std::optional<Copy> shadow{};  ///< The base from now on; empty when the record is clean or new.
    Send send = Send::nothing;
    Fields changes{};                   ///< What to send; nulls clear.
    std::string condition{};            ///< The etag that the write depends on.
    std::vector<Contested> contested{}; ///< Every open question, those already open included.
    std::vector<std::string> agreed{};  ///< Open conflicts that ended: nothing differs any more.
    std::vector<Decision> decisions{};  ///< At least one, except for a clean take and a clean echo.
};

/// Decides about one record. Pure. With nothing indeterminate or at odds and no open conflict:
///
///   base    local           server    outcome            here         sent
///   ------  --------------  --------  -----------------  -----------  ------------------
///   none    none            there     take_remote        theirs       nothing
///   none    there           absent    keep_local         mine         create
///   none    there           the same  echo               theirs       nothing
///   none    there           other     merged/contested   the merge    update
///   any     equal to base   the same  echo               theirs       nothing
///   any     equal to base   changed   take_remote        theirs       nothing
///   any     equal to base   deleted   deleted_remotely   nothing      nothing
///   any     changed         the same  keep_local         mine         update
///   any     changed         changed   merged/contested   the merge    update, if mine differs
///   any     changed         as ours   echo               theirs       nothing
///   any     changed         deleted   revived            mine         create
///   any     deleted         the same  keep_local         nothing      remove
///   any     deleted         changed   revived            theirs       nothing
///   any     deleted         deleted   echo               nothing      nothing
///   any     any             out of reach  unlinked       unchanged    nothing
///
/// A record that is changed here and deleted there, but must be looked up first, is unlinked.
Plan reconcile(const Situation& situation, const Policy& policy, const Validator& validator = {});

} // namespace hawser::conflict

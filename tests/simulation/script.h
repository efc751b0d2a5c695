#pragma once

#include "hawser/clock.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::simulation {

/// What befalls one request on its way.
enum class Mishap {
    none,
    unreachable,   ///< No connection: it certainly did not arrive.
    request_lost,  ///< Lost on the way there; the sender cannot know.
    answer_lost,   ///< Carried out; the answer is lost.
    late,          ///< Given up as lost by the sender, and carried out a while later.
    slow,          ///< Carried out; the answer comes after the sender has given up.
    reordered,     ///< Held back, so that requests sent later arrive before it.
    duplicate,     ///< Carried out twice; the second answer arrives.
    truncated,     ///< Carried out; half of the answer comes, with nothing to tell that.
    unauthorized,  ///< 401, not carried out.
    gateway_403,   ///< Something on the way answers 403 in HTML.
    gateway_404,   ///< The same with 404.
    gateway_410,   ///< The same with 410.
    outrun,        ///< Just before it arrives a colleague edits what it is about: 412.
    throttled,     ///< 429 with Retry-After, not carried out.
    server_error,  ///< 500 with a JSON error, not carried out.
    unavailable,   ///< 503 with HTML, not carried out.
    portal,        ///< A network's sign-in page answers with 200.
    killed_before, ///< The process is killed with the request on its way, which never arrives.
    killed_after,  ///< The process is killed with the request on its way, which is carried out.
};
inline constexpr std::size_t mishap_kinds = 20;
std::string_view name(Mishap mishap);

/// What somebody or something does at one moment.
enum class Act {
    create,
    edit,
    erase,
    unit,      ///< Edits of several records that are one.
    former_id, ///< An edit of a record under an id that it went by elsewhere.
    undo,
    discard,
    hold,
    release,
    retry,
    resolve,
    meet, ///< A meeting is made, moved or called off, or somebody is invited or not any more.
    cycle,
    verify,
    go_offline,
    go_online,
    kill,       ///< The process, at whatever it is; it starts again after a while.
    suspend,    ///< The machine sleeps for minutes.
    clock_jump, ///< The machine's wall clock is set.
    disk_full,  ///< For a while.
    busy,       ///< Another program holds the file for a while.
    crash,      ///< At a write or sync to come: the process is killed, or the power fails.
    keep_copy,  ///< Of the replica file.
    older_copy, ///< The kept copy replaces the replica file.
    run_copy,   ///< A copy of a replica begins to work beside it, on another machine.
    wrong_user, ///< The sign-in hands out another user's token once.
    colleague_create,
    colleague_edit,
    colleague_erase,
    colleague_purge, ///< Very many at once.
    colleague_meets,
    leave,         ///< A colleague takes a record out of a scope, or puts it back.
    privilege,     ///< A user's organization-wide rights are taken away, or given back.
    rewriting,     ///< A job that rewrites what was sent, on or off.
    bumping,       ///< A job that gives a record a new version before each of our writes, on or off.
    tokens_expire, ///< All change-tracking tokens.
    renew_token,   ///< The user's bearer token is exchanged.
    back_up,       ///< Of the organization.
    restore,       ///< The organization is set back to its backup.
    holiday,       ///< Nobody does anything for days.
};
inline constexpr std::size_t act_kinds = 40;
std::string_view name(Act act);

/// One deed. All that it has to choose is drawn from `draw`, so that it is the same deed when others are
/// left out, as far as the world lets it.
struct Deed {
    Act act = Act::cycle;
    std::size_t where = 0; ///< Which installation, for what happens at one.
    Clock::Milliseconds at{};
    std::uint64_t draw = 0;
};

/// One installation: a user's engine on one machine.
struct Seat {
    std::string user;
    std::string contact_filter;
    bool in_background = false;
    bool some_columns = false;            ///< Not all that the tables have.
    bool frail = false;                   ///< Its files can be cut off at any write.
    std::optional<std::size_t> copy_of{}; ///< Begins as a copy of that one's replica, in the story.
};

/// A story that can be run: everything that is chosen beforehand. What befalls a request follows from
/// the seed, the installation and the request's number there.
struct Script {
    std::uint64_t seed = 0;
    std::uint64_t ground = 0; ///< The number of the world in which it begins; stories in a row share one.
    std::vector<Seat> seats;
    std::vector<Deed> deeds;
    double mishaps = 0; ///< The probability that something befalls a request.
    bool quiet_token_expiry = false;
    bool kept = false;     ///< Whether the organization lives in a file, from which it can be set back.
    bool restores = false; ///< Whether it is set back.
    bool meetings = false; ///< Whether people have appointments aboard, too.
    bool plugin = false;   ///< Whether the organization rewrites a column within each write.
    /// When fewer came of the deeds, for all that befell people, the story goes on until there are so many.
    std::uint64_t least_edits = 50;
    std::uint64_t busy_cycles = 16;
    std::uint64_t least_cycles = 30; ///< With those of the quiet at the end.
    std::set<Mishap> left_out{};
    std::set<std::pair<std::size_t, std::uint64_t>> spared{}; ///< Requests that nothing befalls.
};

/// So many stories in a row begin in the same world.
inline constexpr std::uint64_t stories_a_ground = 16;

Script write_script(std::uint64_t seed);

/// What befalls request `number` of installation `where`. One that changes a record can be outrun, too.
Mishap befalls(const Script& script, std::size_t where, std::uint64_t number, bool changes_a_record);

} // namespace hawser::simulation

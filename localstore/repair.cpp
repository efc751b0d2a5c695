#include "localstore/repair.h"

#include "localstore/fence.h"
#include "localstore/file_check.h"
#include "localstore/graft.h"
#include "localstore/platform/file_users.h"
#include "localstore/platform/permissions.h"
#include "localstore/salvage.h"
#include "localstore/sole_use.h"
#include "localstore/store.h"
#include "localstore/suffix.h"
#include "localstore/swap.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <system_error>

namespace hawser::localstore {
namespace {

using std::filesystem::path;

void remove_files(const path& base)
{
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
        std::filesystem::remove(with_suffix(base, suffix), ignored);
}

/// Whose file it is and of which version, as far as the list of tables can be read.
Result<void> check_owner(const path& replica)
{
    return fenced(replica, [&]() -> Result<void> {
        DatabaseOptions options;
        options.path = replica;
        options.access = Access::read_only;
        Database database(options);
        return check_header(database);
    });
}

/// The product is used once as every command uses it, before it takes anybody's place.
Result<void> try_out(const path& repaired)
{
    StoreOptions options;
    options.path = repaired;
    const auto store = Store::open(options);
    if (!store) return store.error();
    const auto findings = (*store)->integrity_check();
    if (!findings) return findings.error();
    if (!findings->empty()) return Error{ErrorKind::stop, std::string(code::inconsistent), findings->front()};
    ChangeFilter all;
    all.limit = std::numeric_limits<std::int32_t>::max();
    if (const auto changes = (*store)->changes(all); !changes) return changes.error();
    if (const auto intents = (*store)->open_intents(); !intents) return intents.error();
    if (const auto conflicts = (*store)->conflicts({}); !conflicts) return conflicts.error();
    const auto scopes = (*store)->scopes();
    if (!scopes) return scopes.error();
    for (const Scope& scope : *scopes)
        for (const Lane lane : {Lane::pull, Lane::sweep})
            if (const auto known = (*store)->checkpoint(scope.number, lane); !known) return known.error();
    return (*store)->checkpoint_log();
}

/// The log of the product is empty and must not be taken for the damaged file's.
void remove_traces(const path& repaired)
{
    std::error_code ignored;
    for (const char* suffix : {"-wal", "-shm", ".lock"})
        std::filesystem::remove(with_suffix(repaired, suffix), ignored);
}

/// Failures that say something of the damaged file, and not of this machine.
bool is_damage(const Error& error)
{
    for (const std::string_view known : {code::corrupt, code::inconsistent, code::beyond_repair, code::failed,
                                         code::not_a_database, code::corrupt_body})
        if (error.code == known) return true;
    return false;
}

std::string named(const std::vector<std::string>& changes)
{
    constexpr std::size_t most = 20;
    if (changes.empty()) return "Changes that it held and that were not sent are lost.";
    std::string text = "These changes were not sent and are lost: ";
    for (std::size_t i = 0; i < std::min(most, changes.size()); ++i)
        text += (i == 0 ? "" : ", ") + changes[i];
    if (changes.size() > most) text += " and " + std::to_string(changes.size() - most) + " more";
    return text + '.';
}

Error hopeless(const path& damaged, const Error& why, const std::vector<std::string>& changes)
{
    const std::string reason = why.message.substr(0, why.message.find(". "));
    return Error{ErrorKind::stop, std::string(code::beyond_repair),
                 "The replica " + damaged.string() + " cannot be rebuilt: " + reason +
                     (reason.ends_with('.') ? "" : ".") +
                     " It was left as it is. Restore it from a backup; or move it away, make a new "
                     "one with `hawser init` and sync. " +
                     named(changes)};
}

/// Some other file, or one that was overwritten from end to end: what is in it does not tell.
Error nothing_found(const path& file)
{
    return Error{ErrorKind::stop, std::string(code::not_a_replica),
                 "No part of a replica was found in " + file.string() +
                     "; it was left as it is. Name the replica's own file. If this was it, nothing of it is "
                     "left: restore it from a backup, or move it away, make a new one with `hawser init` and "
                     "sync."};
}

Result<RepairReport> salvage_readable(const path& source, const path& damaged, const path& target,
                                      Instant now)
{
    std::vector<std::string> waiting;
    auto report = fenced(damaged, [&]() -> Result<RepairReport> {
        Salvage salvage(source, target);
        // Also when it throws.
        const auto keep = [&] { waiting = salvage.waiting(); };
        try {
            auto done = salvage.run(now);
            keep();
            return done;
        } catch (...) {
            keep();
            throw;
        }
    });
    if (report) {
        if (const auto tried = try_out(target); !tried) report = tried.error();
        remove_traces(target);
    }
    if (!report && report.error().code == code::not_a_replica) return nothing_found(damaged);
    if (!report && is_damage(report.error())) return hopeless(damaged, report.error(), waiting);
    if (report) report->damaged = damaged;
    return report;
}

/// Of a file whose list of tables is lost: a copy with a new one is read in its stead.
Result<RepairReport> salvage_grafted(const path& damaged, const path& target, Instant now)
{
    const path scratch = with_suffix(target, ".copy");
    remove_files(scratch);
    auto report = [&]() -> Result<RepairReport> {
        if (auto grafted = graft_tables(damaged, scratch); !grafted) return grafted.error();
        if (auto ours = check_owner(scratch); !ours) return ours.error();
        return salvage_readable(scratch, damaged, target, now);
    }();
    remove_files(scratch);
    if (report) report->unreadable.insert(report->unreadable.begin(), "the list of tables; it was made anew");
    return report;
}

} // namespace

namespace {

/// Keeps writers that do not know of our lock out while the file is copied. One that nobody can write any
/// more needs no such guard. Fails with store.busy.
Result<std::unique_ptr<Database>> keep_writers_out(const path& replica)
{
    DatabaseOptions options;
    options.path = replica;
    try {
        auto guard = std::make_unique<Database>(options);
        sqlite3_db_config(guard->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        guard->execute("BEGIN IMMEDIATE");
        return guard;
    } catch (const SQLite::Exception& failure) {
        Error error = to_error(failure, replica);
        if (error.code == code::busy) return error;
        return std::unique_ptr<Database>();
    }
}

Result<RepairReport> replace(const path& replica, Instant now)
{
    auto guard = keep_writers_out(replica);
    if (!guard) return guard.error();
    const path growing = with_suffix(replica, ".repaired");
    remove_files(growing);
    auto report = salvage(replica, growing, now);
    if (!report) return report;
    guard->reset();
    if (const auto process = platform::process_that_has_open(replica)) {
        remove_files(growing);
        return open_elsewhere(replica, process);
    }
    report->damaged = free_name(replica);
    if (auto swapped = swap_in(replica, growing, report->damaged); !swapped) {
        // The log must not stay away from its file.
        (void)finish_swap(replica);
        if (!is_swap_unfinished(replica)) remove_files(growing);
        return swapped.error();
    }
    return report;
}

} // namespace

Result<RepairReport> repair(const path& given, Instant now)
{
    const path replica = file_behind(given);
    const auto alone = SoleUse::of(replica);
    if (!alone) return alone.error();
    auto report = replace(replica, now);
    const bool foreign = !report && (report.error().code == code::not_a_replica ||
                                     report.error().code == code::not_a_database);
    std::error_code ignored;
    if (foreign && alone->use().made_the_file())
        std::filesystem::remove(with_suffix(replica, ".lock"), ignored);
    return report;
}

Result<RepairReport> salvage(const path& damaged, const path& target, Instant now)
{
    const bool readable = has_readable_tables(damaged);
    if (readable)
        if (auto ours = check_owner(damaged); !ours) return ours.error();
    if (auto made = platform::create_private_file(target); !made) return made.error();
    auto report =
        readable ? salvage_readable(damaged, damaged, target, now) : salvage_grafted(damaged, target, now);
    if (!report) remove_files(target);
    return report;
}

} // namespace hawser::localstore

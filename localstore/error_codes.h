#pragma once

#include <string_view>

/// The stable codes of every Error that localstore makes, with what they mean. The message adds the
/// file, the record or the limit, and what to do.
namespace hawser::localstore::code {

// The file
inline constexpr std::string_view missing = "store.missing";               ///< No such file.
inline constexpr std::string_view exists = "store.exists";                 ///< `create` found a file.
inline constexpr std::string_view not_a_database = "store.not_a_database"; ///< Some other kind of file.
inline constexpr std::string_view not_a_replica = "store.not_a_replica";   ///< Not ours, or nothing left.
inline constexpr std::string_view newer = "store.newer";                   ///< Written by a newer Hawser.
inline constexpr std::string_view corrupt = "store.corrupt"; ///< Damaged; `repair` keeps the queue.
inline constexpr std::string_view beyond_repair = "store.beyond_repair"; ///< `repair` cannot rebuild it.
inline constexpr std::string_view inconsistent = "store.inconsistent";   ///< Whole, but breaks a queue rule.
inline constexpr std::string_view foreign = "store.foreign"; ///< Somebody else's table, trigger, view.
inline constexpr std::string_view read_only = "store.read_only";
inline constexpr std::string_view permission = "store.permission";
inline constexpr std::string_view disk_full = "store.disk_full";
inline constexpr std::string_view input_output = "store.input_output"; ///< The disk failed to read or write.
inline constexpr std::string_view busy = "store.busy";         ///< Another process kept the write lock.
inline constexpr std::string_view replaced = "store.replaced"; ///< Another file has the name since.
inline constexpr std::string_view locked = "store.locked";     ///< Another engine runs on this replica.
inline constexpr std::string_view changes_wait = "store.changes_wait"; ///< Unsent changes would be lost.
inline constexpr std::string_view failed = "store.failed";             ///< Any other failure of SQLite.
inline constexpr std::string_view bound_elsewhere = "store.bound_elsewhere";

// Requests
inline constexpr std::string_view unknown_table = "store.unknown_table";
inline constexpr std::string_view unknown_column = "store.unknown_column";
inline constexpr std::string_view bad_name = "store.bad_name"; ///< An identifier that may not be one.
inline constexpr std::string_view bad_layout =
    "store.bad_layout"; ///< Metadata would move or retype a column.
inline constexpr std::string_view no_record = "store.no_record";
inline constexpr std::string_view record_exists = "store.record_exists";
inline constexpr std::string_view record_dirty = "store.record_dirty";     ///< It has live changes.
inline constexpr std::string_view record_deleted = "store.record_deleted"; ///< Deleted here or on the server.
inline constexpr std::string_view referred_to = "store.referred_to";       ///< Queued changes refer to it.
inline constexpr std::string_view no_change = "store.no_change";
inline constexpr std::string_view change_settled = "store.change_settled"; ///< Too late: applied, undone, …
inline constexpr std::string_view change_sent = "store.change_sent";       ///< In an open intent.
inline constexpr std::string_view no_intent = "store.no_intent";
inline constexpr std::string_view intent_open =
    "store.intent_open"; ///< The record has an open intent already.
inline constexpr std::string_view bad_intent = "store.bad_intent";
inline constexpr std::string_view group_too_large = "store.group_too_large"; ///< More than one request takes.
inline constexpr std::string_view group_circle =
    "store.group_circle"; ///< The group would wait for what waits for it.
inline constexpr std::string_view conflict_open = "store.conflict_open"; ///< Decide it before deleting.
inline constexpr std::string_view no_conflict = "store.no_conflict";
inline constexpr std::string_view conflict_moved = "store.conflict_moved";
inline constexpr std::string_view no_scope = "store.no_scope";
inline constexpr std::string_view too_many_scopes = "store.too_many_scopes";
inline constexpr std::string_view stale_round =
    "store.stale_round"; ///< Another round of the scope has begun.
inline constexpr std::string_view corrupt_body = "store.corrupt_body";
inline constexpr std::string_view bad_query = "store.bad_query";
inline constexpr std::string_view query_limit = "store.query_limit"; ///< More rows or steps than allowed.

} // namespace hawser::localstore::code

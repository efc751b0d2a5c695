#pragma once

#include "hawser/result.h"
#include "localstore/database.h"
#include "localstore/ids.h"
#include "localstore/tables.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

/// "HWSR", in the header of every replica.
inline constexpr std::int64_t application_id = 0x48575352;

/// The schema this version writes and the newest it reads.
inline constexpr int schema_version = 1;

/// One step from the version before to `to`. Runs in a transaction of its own, with the version.
struct Migration {
    int to = 0;
    const char* sql = "";
};

/// Every step there is, ascending.
std::span<const Migration> migrations();

/// Brings the file from its version to the newest of `steps`, each step whole or not at all.
void migrate(Database& database, std::span<const Migration> steps);

/// What the header says: a replica of ours, not newer than this version. Older is fine.
Result<void> check_header(Database& database);

/// Names of tables, triggers, views and indexes that are not ours, with their kind.
std::vector<std::string> foreign_parts(Database& database, const TableSet& tables);

/// Broken rules of the queue, one sentence each. Costs by the size of the queue, not of the replica.
std::vector<std::string> broken_queue_rules(Database& database);

/// Rows whose content does not agree with their checksum.
std::vector<std::int64_t> changes_with_wrong_sums(Database& database);
std::vector<std::int64_t> shadows_with_wrong_sums(Database& database);
bool agrees_with_sum(Database& database, Sequence sequence);
/// For a change that waits for a person's look: what it holds now is what they judge.
void sum_anew(Database& database, Sequence sequence);
/// Open intents with a step that cannot be read or does not agree with its checksum.
std::vector<std::int64_t> intents_with_wrong_sums(Database& database);

/// Why a change whose content does not agree with its checksum waits.
inline constexpr std::string_view damaged_change =
    "its content may be damaged; check it, then release or discard it";

std::int64_t step_sum(std::string_view method, std::string_view path, std::string_view condition,
                      std::string_view body);
std::int64_t shadow_sum(std::int64_t record, std::string_view etag, std::string_view body);

/// Everything: SQLite's own check, the checksums, the queue's rules. One sentence a finding.
std::vector<std::string> broken_rows(Database& database);

} // namespace hawser::localstore

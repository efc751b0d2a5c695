#pragma once

#include "localstore/database.h"
#include "localstore/record.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace hawser::localstore {

/// Every table of a replica as of one version of its metadata. Immutable.
struct TableSet {
    std::int64_t version = -1;
    std::map<std::string, std::shared_ptr<const KnownTable>, std::less<>> by_name;
    std::map<std::int64_t, std::shared_ptr<const KnownTable>> by_number;

    /// Null when there is none.
    const KnownTable* find(std::string_view name) const;
    const KnownTable* find(std::int64_t number) const;
    /// Fails with store.unknown_table, naming the nearest.
    Result<std::shared_ptr<const KnownTable>> named(std::string_view name) const;
    /// For numbers that the file itself holds; a missing one throws a Failure.
    const KnownTable& numbered(std::int64_t number) const;
};

std::shared_ptr<const TableSet> load_tables(Database& database);

/// The version of the metadata that the file holds.
std::int64_t layout_version(Database& database);

/// Adds the table or takes over its new metadata: appends to the layout, moves the version, makes
/// the views again. Inside a write transaction. The set from then on: the known one when nothing changed.
Result<std::shared_ptr<const TableSet>>
define_table(Database& database, const std::shared_ptr<const TableSet>& known, const Table& table);

/// Keeps the last set that was loaded and loads it again when the file says so. Any thread.
class TableCache {
public:
    /// As of the transaction that `database` is in.
    std::shared_ptr<const TableSet> current(Database& database);

private:
    std::mutex mutex_;
    std::shared_ptr<const TableSet> last_;
};

/// Whether a name from metadata may be a table or column of a view: [a-z_][a-z0-9_]*, at most 128,
/// and none of SQLite's or ours.
bool is_public_name(std::string_view name);

} // namespace hawser::localstore

#include "localstore/tables.h"

#include "base/filter.h"
#include "localstore/copies.h"
#include "localstore/fence.h"
#include "localstore/table_json.h"
#include "localstore/views.h"

#include <algorithm>
#include <set>

namespace hawser::localstore {
namespace {

constexpr std::size_t longest_name = 128;
constexpr std::size_t most_columns = 1500; // SQLite allows 2,000 in a view, and a lookup takes two.

Result<void> check_names(const Table& table)
{
    const auto refuse = [&](std::string_view name) {
        return refusal(code::bad_name, "The organization calls a table or column of " + table.name + " \"" +
                                           std::string(name) +
                                           "\", which is no name Hawser can use. Leave the table out.");
    };
    for (const std::string* name : {&table.name, &table.primary_id})
        if (!is_public_name(*name)) return refuse(*name);
    if (table.name == party_view) return refuse(table.name);
    std::set<std::string_view> names{table.primary_id};
    for (const Column& column : table.columns)
        if (!is_public_name(column.name) || !names.insert(column.name).second) return refuse(column.name);
    if (table.columns.size() > most_columns)
        return refusal(code::bad_layout, "The table " + table.name + " has more than " +
                                             std::to_string(most_columns) + " columns. Leave some out.");
    return {};
}

bool stored_alike(ColumnType left, ColumnType right)
{
    const auto shape = [](ColumnType type) {
        switch (type) {
        case ColumnType::integer:
        case ColumnType::big_integer:
        case ColumnType::choice:
        case ColumnType::state:
        case ColumnType::status:
            return 1;
        case ColumnType::boolean:
            return 2;
        case ColumnType::decimal:
            return 3;
        case ColumnType::lookup:
            return 4;
        case ColumnType::parties:
            return 5;
        default:
            return 0;
        }
    };
    return shape(left) == shape(right);
}

Result<void> check_types(const Table& before, const Table& after)
{
    for (const Column& column : after.columns) {
        const Column* former = before.column(column.name);
        if (former == nullptr || stored_alike(former->type, column.type)) continue;
        return refusal(code::bad_layout, "The column " + after.name + "." + column.name + " was " +
                                             std::string(to_text(former->type)) + " and is now " +
                                             std::string(to_text(column.type)) +
                                             ". Pull the table into a new replica.");
    }
    return {};
}

/// Metadata may drop a column; bodies keep it, so its type must stay known.
Table with_former_columns(const Table& before, Table after)
{
    for (const Column& column : before.columns) {
        if (after.column(column.name) != nullptr || column.name == after.primary_id) continue;
        after.columns.push_back(column);
        after.columns.back().creatable = false;
        after.columns.back().updatable = false;
        after.columns.back().offered = false;
    }
    return after;
}

std::int64_t add_table(Database& database, const Table& table)
{
    database.prepare("INSERT INTO hawser_table (name, metadata) VALUES (?1, '')").with(table.name).run();
    return database.last_row();
}

void append_layout(Database& database, const KnownTable* former, std::int64_t number, const Table& table)
{
    std::int64_t position = former == nullptr ? 0 : static_cast<std::int64_t>(former->layout.columns.size());
    Statement add =
        database.prepare("INSERT INTO hawser_layout (table_number, position, name) VALUES (?1, ?2, ?3)");
    for (const Column& column : table.columns) {
        if (former != nullptr && former->layout.position(column.name)) continue;
        add.with(number, position++, column.name).run();
    }
}

} // namespace

bool is_public_name(std::string_view name)
{
    if (name.empty() || name.size() > longest_name) return false;
    if (name.starts_with("hawser_") || name.starts_with("sqlite_")) return false;
    const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    return std::all_of(name.begin(), name.end(), allowed) && !(name[0] >= '0' && name[0] <= '9');
}

const KnownTable* TableSet::find(std::string_view name) const
{
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second.get();
}

const KnownTable* TableSet::find(std::int64_t number) const
{
    const auto found = by_number.find(number);
    return found == by_number.end() ? nullptr : found->second.get();
}

Result<std::shared_ptr<const KnownTable>> TableSet::named(std::string_view name) const
{
    const auto found = by_name.find(name);
    if (found != by_name.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [known, table] : by_name) names.push_back(known);
    std::string hint;
    for (const std::string& near : nearest(name, names)) hint += (hint.empty() ? "" : ", ") + near;
    return refusal(code::unknown_table,
                   "This replica has no table \"" + std::string(name) + "\"." +
                       (hint.empty() ? " Pull it first." : " Did you mean " + hint + "?"));
}

const KnownTable& TableSet::numbered(std::int64_t number) const
{
    const KnownTable* found = find(number);
    if (found == nullptr)
        throw Failure{Error{ErrorKind::stop, std::string(code::inconsistent),
                            "The replica holds rows of a table it does not know. Run `hawser repair`."}};
    return *found;
}

std::int64_t layout_version(Database& database)
{
    Statement version = database.prepare("SELECT layout_version FROM hawser_meta WHERE one = 1");
    return version.step() ? version.integer(0) : -1;
}

std::shared_ptr<const TableSet> load_tables(Database& database)
{
    auto set = std::make_shared<TableSet>();
    set->version = layout_version(database);
    std::map<std::int64_t, std::shared_ptr<KnownTable>> loading;
    Statement tables = database.prepare("SELECT number, metadata FROM hawser_table ORDER BY number");
    while (tables.step()) {
        auto known = std::make_shared<KnownTable>();
        known->number = tables.integer(0);
        known->table = need(decode_table(tables.text(1)));
        loading[known->number] = std::move(known);
    }
    Statement layouts =
        database.prepare("SELECT table_number, name FROM hawser_layout ORDER BY table_number, position");
    while (layouts.step()) {
        const auto found = loading.find(layouts.integer(0));
        if (found != loading.end()) found->second->layout.columns.push_back(layouts.string(1));
    }
    for (auto& [number, known] : loading) {
        set->by_name[known->table.name] = known;
        set->by_number[number] = known;
    }
    return set;
}

Result<std::shared_ptr<const TableSet>>
define_table(Database& database, const std::shared_ptr<const TableSet>& known, const Table& table)
{
    if (auto fine = check_names(table); !fine) return fine.error();
    const KnownTable* former = known->find(table.name);
    Table stored = table;
    if (former != nullptr) {
        if (auto fine = check_types(former->table, table); !fine) return fine.error();
        stored = with_former_columns(former->table, table);
        if (stored == former->table) return known;
    }
    const std::int64_t number = former != nullptr ? former->number : add_table(database, table);
    append_layout(database, former, number, stored);
    database.prepare("UPDATE hawser_table SET metadata = ?2 WHERE number = ?1")
        .with(number, encode_table(stored))
        .run();
    keep_table_copy(database, number, stored.primary_id);
    database.prepare("UPDATE hawser_meta SET layout_version = layout_version + 1 WHERE one = 1").run();
    auto defined = load_tables(database);
    make_views(database, *defined);
    return defined;
}

std::shared_ptr<const TableSet> TableCache::current(Database& database)
{
    const std::int64_t version = layout_version(database);
    {
        const std::lock_guard lock(mutex_);
        if (last_ && last_->version == version) return last_;
    }
    auto loaded = load_tables(database);
    const std::lock_guard lock(mutex_);
    last_ = loaded;
    return loaded;
}

} // namespace hawser::localstore

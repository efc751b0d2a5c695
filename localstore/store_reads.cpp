#include "localstore/query_sql.h"
#include "localstore/store.h"
#include "localstore/store_impl.h"
#include "localstore/verbs.h"

#include <algorithm>

namespace hawser::localstore {
namespace {

Badge badge_of(std::int64_t flags)
{
    if ((flags & (flag::needs_you | flag::conflict)) != 0) return Badge::needs_you;
    if ((flags & flag::in_flight) != 0) return Badge::sending;
    return (flags & flag::dirty) != 0 ? Badge::saved_here : Badge::on_server;
}

RecordView view_of(const KnownTable& table, const RecordRow& row)
{
    RecordView view;
    view.key = {table.table.name, row.id};
    view.fields = need(decode_body(table.layout, table.table, row.body));
    view.etag = row.etag;
    view.badge = badge_of(row.flags);
    view.partial = row.has(flag::partial);
    view.cycle.value = row.cycle;
    return view;
}

RecordView read_page_row(const KnownTable& table, const Statement& row, const Query& query)
{
    RecordView view;
    view.key = {table.table.name, row.guid(1)};
    view.etag = row.string(2);
    view.fields = need(decode_body(table.layout, table.table, row.text(3)));
    if (!query.columns.empty())
        std::erase_if(view.fields, [&](const auto& field) {
            return std::find(query.columns.begin(), query.columns.end(), field.first) == query.columns.end();
        });
    const std::int64_t flags = row.integer(4);
    view.badge = badge_of(flags);
    view.partial = (flags & flag::partial) != 0;
    view.cycle.value = row.integer(5);
    return view;
}

/// The statement that `build(index)` makes. SQLite may find that it cannot use the index after all
/// (a condition that is always false leaves it nothing to seek); then the one without it.
template <class Build>
Result<Statement> prepare_either(Database& database, const std::string& index, Build&& build)
{
    for (const std::string& with : {index, std::string()}) {
        Result<SqlText> sql = build(with);
        if (!sql) return sql.error();
        try {
            Statement statement = database.prepare_once(sql->text);
            bind_all(statement, sql->values);
            return statement;
        } catch (const SQLite::Exception& failure) {
            if (with.empty() || failure.getErrorCode() != SQLITE_ERROR) throw;
        }
    }
    return refusal(code::bad_query, "The query cannot be answered.");
}

/// The smallest and the largest id that begin with these digits; empty when they are no such thing.
std::optional<std::pair<Guid, Guid>> range_of(std::string_view prefix)
{
    std::string digits;
    for (const char c : prefix) {
        if (c == '-' || c == '{' || c == '}') continue;
        const bool hexadecimal = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hexadecimal) return std::nullopt;
        digits += c;
    }
    constexpr std::size_t all = 32;
    if (digits.size() > all) return std::nullopt;
    const auto filled = [&](char with) {
        std::string text = digits + std::string(all - digits.size(), with);
        for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
        return Guid::parse(text);
    };
    return std::pair{*filled('0'), *filled('f')};
}

} // namespace

Binding Store::binding() const
{
    Binding binding;
    auto read = impl_->read_one([&](Database& database) -> Result<void> {
        Statement row = database.prepare(
            "SELECT organization, user, mailbox, url, instance, nonce FROM hawser_meta WHERE one = 1");
        if (!row.step()) return {};
        binding.organization = row.guid(0);
        binding.user = row.guid(1);
        binding.mailbox = row.string(2);
        binding.url = row.string(3);
        binding.instance = row.guid(4);
        binding.nonce = row.guid(5);
        return {};
    });
    static_cast<void>(read.has_value());
    return binding;
}

std::string Store::setting(std::string_view name) const
{
    auto value = impl_->read_one([&](Database& database) -> Result<std::string> {
        Statement row = database.prepare("SELECT value FROM hawser_setting WHERE name = ?1");
        return row.with(name).step() ? row.string(0) : std::string();
    });
    return value.value_or(std::string());
}

Result<Connection> Store::connection() const
{
    return impl_->read_one([&](Database& database) -> Result<Connection> {
        Connection connection;
        Statement row = database.prepare("SELECT state, since, reason FROM hawser_connection WHERE one = 1");
        if (!row.step()) return connection;
        connection.state = parse_connection_state(row.text(0)).value_or(ConnectionState::disconnected);
        connection.since = row.instant(1);
        connection.reason = row.string(2);
        return connection;
    });
}

Result<std::shared_ptr<const KnownTable>> Store::table(std::string_view name) const
{
    return impl_->read([&](Database&, const TableSet& tables) { return tables.named(name); });
}

Result<std::vector<std::string>> Store::table_names() const
{
    return impl_->read([&](Database&, const TableSet& tables) -> Result<std::vector<std::string>> {
        std::vector<std::string> names;
        for (const auto& [name, table] : tables.by_name) names.push_back(name);
        return names;
    });
}

Result<std::vector<Scope>> Store::scopes() const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<Scope>> {
        return list_scopes(database, tables);
    });
}

Result<Checkpoint> Store::checkpoint(ScopeNumber scope, Lane lane) const
{
    return impl_->read_one([&](Database& database) { return find_checkpoint(database, scope, lane); });
}

Result<std::optional<RecordView>> Store::get(const RecordKey& key) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::optional<RecordView>> {
        auto asked = tables.named(key.table);
        if (!asked) return asked.error();
        auto row = find_row(database, (*asked)->number, key.id);
        const KnownTable* table = asked->get();
        if (!row) {
            const RecordKey present = follow_alias(database, tables, key);
            table = tables.find(present.table);
            if (present == key || table == nullptr) return std::optional<RecordView>{};
            row = find_row(database, table->number, present.id);
        }
        if (!row || row->has(flag::hidden)) return std::optional<RecordView>{};
        return std::optional(view_of(*table, *row));
    });
}

Result<Page> Store::query(const Query& query) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<Page> {
        auto table = tables.named(query.table);
        if (!table) return table.error();
        for (const std::string& name : query.columns)
            if ((*table)->table.column(name) == nullptr && name != (*table)->table.primary_id)
                return refusal(code::unknown_column,
                               "The table " + query.table + " has no column \"" + name + "\".");
        const std::string index = best_index(database, **table, query.filter, query.sort);
        auto prepared = prepare_either(
            database, index, [&](const std::string& with) { return page_statement(**table, query, with); });
        if (!prepared) return prepared.error();
        Statement& rows = *prepared;
        Page page;
        std::string last;
        while (rows.step()) {
            if (page.records.size() == query.limit) {
                page.next = last;
                break;
            }
            page.records.push_back(read_page_row(**table, rows, query));
            if (page.records.size() == query.limit) last = cursor_of(rows, query.sort.size());
        }
        return page;
    });
}

Result<std::int64_t> Store::count(std::string_view name, const std::optional<Filter>& filter) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::int64_t> {
        auto table = tables.named(name);
        if (!table) return table.error();
        auto prepared =
            prepare_either(database, best_index(database, **table, filter, {}),
                           [&](const std::string& with) { return count_statement(**table, filter, with); });
        if (!prepared) return prepared.error();
        Statement& row = *prepared;
        row.step();
        return row.integer(0);
    });
}

Result<std::vector<Guid>> Store::find(std::string_view name, std::string_view prefix, std::size_t limit) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<Guid>> {
        auto table = tables.named(name);
        if (!table) return table.error();
        const auto range = range_of(prefix);
        if (!range) return std::vector<Guid>{};
        Statement rows = database.prepare("SELECT id FROM hawser_record WHERE table_number = ?1 AND id "
                                          "BETWEEN ?2 AND ?3 AND flags & ?4 = 0 "
                                          "ORDER BY id LIMIT ?5");
        rows.with((*table)->number, range->first, range->second, flag::tombstone,
                  static_cast<std::int64_t>(limit));
        std::vector<Guid> ids;
        while (rows.step()) ids.push_back(rows.guid(0));
        return ids;
    });
}

Result<RecordState> Store::state(const RecordKey& key) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<RecordState> {
        if (auto table = tables.named(key.table); !table) return table.error();
        return record_state(database, *impl_->options().fold, tables, key);
    });
}

Result<Badge> Store::badge(const RecordKey& key) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<Badge> {
        const RecordKey present = follow_alias(database, tables, key);
        auto table = tables.named(present.table);
        if (!table) return table.error();
        const auto row = find_row(database, (*table)->number, present.id);
        if (!row) return refusal(code::no_record, describe(key) + " is not in this replica.");
        return badge_of(row->flags);
    });
}

namespace {

/// While it lives, a large sort spills into a nameless file instead of growing with the table.
class BoundedSort {
public:
    BoundedSort(Database& database, int cache_kilobytes)
        : database_(database), cache_kilobytes_(cache_kilobytes)
    {
        database_.execute("PRAGMA temp_store = FILE; PRAGMA cache_size = -" +
                          std::to_string(std::min(cache_kilobytes, sort_kilobytes)));
    }
    ~BoundedSort()
    {
        const std::string back =
            "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -" + std::to_string(cache_kilobytes_);
        sqlite3_exec(database_.handle(), back.c_str(), nullptr, nullptr, nullptr);
    }
    BoundedSort(const BoundedSort&) = delete;
    BoundedSort& operator=(const BoundedSort&) = delete;

private:
    static constexpr int sort_kilobytes = 1024; ///< The cache's size is the sorter's too.

    Database& database_;
    int cache_kilobytes_;
};

} // namespace

Result<void> Store::index(std::string_view name, std::span<const std::string> columns)
{
    return impl_->write(Turn::engine, Durability::relaxed, [&](TransactionState& state) -> Result<void> {
        auto table = state.tables->named(name);
        if (!table) return table.error();
        const BoundedSort bounded(state.database, impl_->options().cache_kilobytes);
        for (const std::string& column : columns) {
            if (column == (*table)->table.primary_id) continue;
            auto expression = sort_expression(**table, column);
            if (!expression) return expression.error();
            state.database.execute("CREATE INDEX IF NOT EXISTS \"" + index_name(**table, column) +
                                   "\" ON hawser_record (" + *expression +
                                   ") WHERE table_number = " + std::to_string((*table)->number));
        }
        return {};
    });
}

} // namespace hawser::localstore

#include "base/filter.h"
#include "engine/face.h"
#include "engine/replica_implementation.h"
#include "engine/rules/validation.h"
#include "engine/surroundings.h"

#include <boost/json.hpp>

#include <utility>

namespace hawser {
namespace {

constexpr std::size_t sql_rows_most = 100'000;

/// One array of values under the columns' names, as an object.
std::string as_object(const std::vector<std::string>& columns, const std::string& row)
{
    boost::system::error_code failure;
    boost::json::value values = boost::json::parse(row, failure);
    boost::json::object object;
    if (!failure && values.is_array())
        for (std::size_t i = 0; i < columns.size() && i < values.get_array().size(); ++i)
            object[columns[i]] = std::move(values.get_array()[i]);
    return boost::json::serialize(object);
}

} // namespace

std::string Replica::Impl::name_of(const RecordKey& key) const
{
    const auto known = store->table(key.table);
    if (!known) return {};
    if (const auto view = store->get(key); view && *view)
        if (std::string name = name_in((*known)->table, (*view)->fields); !name.empty()) return name;
    // It is deleted here, or without its name.
    const auto state = store->state(key);
    return state && state->shadow ? name_in((*known)->table, state->shadow->fields) : std::string();
}

Result<Record> Replica::get(const RecordKey& key) const
{
    if (const auto known = impl_->table(key.table); !known) return known.error();
    auto view = impl_->store->get(key);
    if (!view) return view.error();
    if (!*view)
        return Error{ErrorKind::refuse, "input.unknown_record",
                     key.table + " " + key.id.text() + " is not in this replica"};
    return engine::face_of(**std::move(view));
}

Result<std::vector<Record>> Replica::query(const Query& query) const
{
    const auto known = impl_->table(query.table);
    if (!known) return known.error();
    const auto is_known = [&](const std::string& name) {
        return name == (*known)->table.primary_id || (*known)->table.column(name);
    };
    for (const std::string& name : query.columns)
        if (!is_known(name)) return engine::unknown_column((*known)->table, name);
    for (const Query::Order& order : query.sort)
        if (!is_known(order.column)) return engine::unknown_column((*known)->table, order.column);
    localstore::Query asked;
    asked.table = query.table;
    asked.columns = query.columns;
    asked.limit = query.limit;
    asked.offset = query.offset;
    if (!query.where.empty()) {
        auto filter = parse_filter((*known)->table, query.where);
        if (!filter) return filter.error();
        asked.filter = *std::move(filter);
    }
    for (const Query::Order& order : query.sort)
        asked.sort.push_back({order.column, order.descending ? localstore::Direction::descending
                                                             : localstore::Direction::ascending});
    auto page = impl_->store->query(asked);
    if (!page) return page.error();
    std::vector<Record> records;
    records.reserve(page->records.size());
    for (localstore::RecordView& view : page->records) records.push_back(engine::face_of(std::move(view)));
    return records;
}

Result<std::uint64_t> Replica::count(std::string_view table, std::string_view where) const
{
    const auto known = impl_->table(table);
    if (!known) return known.error();
    std::optional<Filter> filter;
    if (!where.empty()) {
        auto parsed = parse_filter((*known)->table, where);
        if (!parsed) return parsed.error();
        filter = *std::move(parsed);
    }
    const auto counted = impl_->store->count(table, filter);
    if (!counted) return counted.error();
    return static_cast<std::uint64_t>(*counted);
}

Result<std::vector<Guid>> Replica::find(std::string_view table, std::string_view id_prefix,
                                        std::size_t limit) const
{
    if (const auto known = impl_->table(table); !known) return known.error();
    return impl_->store->find(table, id_prefix, limit);
}

Result<std::vector<std::string>> Replica::sql(std::string_view statement,
                                              const std::vector<Value>& bound) const
{
    localstore::SqlLimits limits;
    limits.rows = sql_rows_most;
    const auto answer = impl_->store->sql(statement, bound, limits);
    if (!answer) return answer.error();
    std::vector<std::string> rows;
    rows.reserve(answer->rows.size());
    for (const std::string& row : answer->rows) rows.push_back(as_object(answer->columns, row));
    return rows;
}

} // namespace hawser

#include "engine/tables.h"

#include "base/filter.h"
#include "base/time_text.h"
#include "localstore/transaction.h"
#include "transport/dataverse/metadata.h"

#include <boost/json.hpp>

#include <algorithm>

namespace hawser::engine {

namespace {

constexpr std::string_view sets_setting = "entity_sets";
constexpr std::string_view time_setting = "metadata_at";

std::string sets_text(const dataverse::EntitySets& sets)
{
    boost::json::object object;
    for (const auto& [table, set] : sets) object[table] = set;
    return boost::json::serialize(object);
}

bool has_new_columns(const Table& before, const Table& after)
{
    return std::ranges::any_of(after.columns, [&](const Column& column) {
        const Column* known = before.column(column.name);
        return known == nullptr || !known->offered;
    });
}

Result<void> reset_scopes(const localstore::Store& store, localstore::Transaction& transaction,
                          const std::string& table)
{
    const auto scopes = store.scopes();
    if (!scopes) return scopes.error();
    for (const localstore::Scope& scope : *scopes) {
        if (scope.table != table) continue;
        const Result<void> reset = transaction.rounds.reset(scope.number);
        if (!reset) return reset;
    }
    return {};
}

Task<Result<Table>> read_definition(Surroundings& around, std::string name)
{
    const std::vector<dataverse::BatchItem> items = dataverse::metadata_items(name);
    http::Request request = dataverse::write_batch(around.courier.service(), items, dataverse::OnError::go_on,
                                                   around.courier.request_id());
    auto sending = around.courier.send(std::move(request));
    const Result<http::Answer> answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    const dataverse::BatchAnswer parts =
        dataverse::parse_batch(*answer, items, dataverse::OnError::go_on, around.now());
    co_return dataverse::parse_metadata(name, parts, around.now());
}

/// The refusal with the nearest names that the organization does have.
Error with_hint(Error error, const std::string& name, const dataverse::EntitySets& sets)
{
    if (error.code != "server.unknown_table") return error;
    std::vector<std::string> known;
    for (const auto& [table, set] : sets) known.push_back(table);
    std::string hint;
    for (const std::string& near : nearest(name, known)) hint += (hint.empty() ? "" : " or ") + near;
    error.message += hint.empty() ? "; check the name" : "; did you mean " + hint + "?";
    return error;
}

Task<Result<void>> read_entity_sets(Surroundings& around)
{
    http::Request request = dataverse::entity_sets(around.courier.service(), around.courier.request_id());
    auto sending = around.courier.send(std::move(request));
    const Result<http::Answer> answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    Result<dataverse::EntitySets> sets = dataverse::parse_entity_sets(*answer, around.now());
    if (!sets) co_return sets.error();
    around.entity_sets = std::move(*sets);
    co_return Result<void>{};
}

} // namespace

dataverse::EntitySets stored_entity_sets(const localstore::Store& store)
{
    dataverse::EntitySets sets;
    boost::system::error_code failure;
    const boost::json::value value = boost::json::parse(store.setting(sets_setting), failure);
    if (failure || !value.is_object()) return sets;
    for (const auto& member : value.get_object())
        if (member.value().is_string()) sets.emplace(member.key(), member.value().get_string());
    return sets;
}

bool is_described(const localstore::Store& store, const std::string& table)
{
    const auto known = store.table(table);
    return known && !(*known)->table.columns.empty();
}

bool is_refusal(const Error& error)
{
    const bool for_good = error.kind == ErrorKind::park || error.kind == ErrorKind::refuse;
    return for_good && !error.code.starts_with("net.") && !error.code.starts_with("store.");
}

std::optional<Instant> tables_refreshed_at(const localstore::Store& store)
{
    return parse_instant(store.setting(time_setting));
}

Task<Result<void>> refresh_tables(Surroundings& around, std::vector<std::string> names, Troubles& troubles)
{
    auto reading_sets = read_entity_sets(around);
    const Result<void> sets = co_await std::move(reading_sets);
    if (!sets) co_return sets.error();
    std::vector<Table> tables;
    bool complete = true;
    for (const std::string& name : names) {
        around.progress("connect", name, tables.size(), names.size());
        auto reading = read_definition(around, name);
        Result<Table> table = co_await std::move(reading);
        if (table) {
            tables.push_back(std::move(*table));
            continue;
        }
        const bool refused = is_refusal(table.error());
        if (refused && is_described(around.store, name)) continue;
        const Result<void> noted = troubles.note(name, with_hint(table.error(), name, around.entity_sets));
        if (!noted) co_return noted;
        // A refusal is the organization's word; anything else has to be asked again.
        complete = complete && refused;
    }
    const Result<void> kept = around.store.transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            for (const Table& table : tables) {
                const auto before = around.store.table(table.name);
                const Result<void> defined = transaction.define_table(table);
                if (!defined) return defined;
                if (!before || !has_new_columns((*before)->table, table)) continue;
                // What was pulled so far lacks the new columns, and a token holds the old list of them.
                const Result<void> reset = reset_scopes(around.store, transaction, table.name);
                if (!reset) return reset;
            }
            const Result<void> named =
                transaction.journal.set_setting(sets_setting, sets_text(around.entity_sets));
            if (!named || !complete) return named;
            return transaction.journal.set_setting(time_setting, to_text(around.now()));
        });
    around.forget_tables();
    co_return kept;
}

} // namespace hawser::engine

#include "engine/verify.h"

#include "base/body.h"
#include "engine/pull.h"
#include "engine/read_page.h"
#include "engine/rules/validation.h"
#include "engine/stray.h"
#include "engine/tables.h"

#include <algorithm>
#include <map>
#include <set>

namespace hawser::engine {

namespace {

constexpr std::size_t most_rows_told = 10'000;

std::string differing(const Fields& here, const Fields& there, bool partial)
{
    std::set<std::string> names;
    for (const auto& [name, value] : here) {
        const auto other = there.find(name);
        if (other == there.end() || other->second != value) names.insert(name);
    }
    for (const auto& [name, value] : there)
        if (!partial && !here.contains(name)) names.insert(name);
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::vector<ChangeNumber> numbers(const localstore::RecordState& state)
{
    std::vector<ChangeNumber> all;
    for (const localstore::Change& change : state.live) all.push_back(change.sequence.value);
    return all;
}

/// The comparison of one table under way.
class TableComparison {
public:
    TableComparison(Surroundings& around, std::shared_ptr<const TableWork> table, Verification& found)
        : around_(around), table_(std::move(table)), found_(found)
    {
        count_.table = table_->table().name;
    }

    Result<void> page(const ReadPage& page)
    {
        for (const PageRows::Row& row : page.rows.rows()) {
            const Result<void> compared = compare(row, page);
            if (!compared) return compared;
        }
        around_.progress("verify", count_.table, count_.there, 0);
        return {};
    }

    Result<void> finish()
    {
        std::ranges::sort(seen_);
        localstore::Query query;
        query.table = count_.table;
        query.limit = 5'000;
        if (!table_->table().primary_name.empty()) query.columns = {table_->table().primary_name};
        do {
            auto records = around_.store.query(query);
            if (!records) return records.error();
            for (const localstore::RecordView& view : records->records) {
                ++count_.here;
                if (std::ranges::binary_search(seen_, view.key.id)) continue;
                const Result<void> told = missing_there(view.key);
                if (!told) return told;
            }
            query.after = records->next;
        } while (!query.after.empty());
        found_.tables.push_back(count_);
        return {};
    }

private:
    Result<void> compare(const PageRows::Row& row, const ReadPage& page)
    {
        const RecordKey key{count_.table, row.id};
        seen_.push_back(row.id);
        ++count_.there;
        auto there = decode_body(table_->layout(), table_->table(), page.rows.body(row));
        if (!there) return there.error();
        const auto here = around_.store.get(key);
        if (!here) return here.error();
        if (*here && differing((*here)->fields, *there, (*here)->partial).empty()) {
            ++count_.equal;
            return {};
        }
        const auto state = around_.store.state(key);
        if (!state) return state.error();
        const bool based_on_theirs = state->shadow && state->shadow->remote == localstore::Remote::present &&
                                     differing(state->shadow->fields, *there, state->partial).empty();
        const bool explained = based_on_theirs && !state->live.empty();
        const std::string what =
            *here ? differing((*here)->fields, *there, (*here)->partial) : std::string("missing here");
        tell(key, what, explained ? numbers(*state) : std::vector<ChangeNumber>{});
        return {};
    }

    Result<void> missing_there(const RecordKey& key)
    {
        const auto state = around_.store.state(key);
        if (!state) return state.error();
        const bool not_there = state->shadow && state->shadow->remote != localstore::Remote::present;
        const auto stray = is_stray(around_, table_->table(), *state, state->local.value_or(Fields{}));
        if (!stray) return stray.error();
        if (*stray) return {};
        // Out of every scope and kept for its changes only: the organization was not asked about it.
        if (state->unlinked) {
            if (!state->live.empty()) tell(key, "left the scope, kept for its changes", numbers(*state));
            return {};
        }
        tell(key, "missing there", not_there ? numbers(*state) : std::vector<ChangeNumber>{});
        return {};
    }

    void tell(const RecordKey& key, std::string what, std::vector<ChangeNumber> why)
    {
        const auto outcome =
            why.empty() ? Verification::Outcome::different : Verification::Outcome::only_live_changes;
        found_.outcome = std::max(found_.outcome, outcome);
        if (found_.rows.size() < most_rows_told)
            found_.rows.push_back({key, std::move(what), std::move(why)});
    }

    Surroundings& around_;
    std::shared_ptr<const TableWork> table_;
    Verification& found_;
    Verification::Count count_{};
    std::vector<Guid> seen_{};
};

/// A table that was chosen and whose columns the organization never told.
Error not_comparable(const std::string& table, const std::string& reason)
{
    if (reason.empty()) return no_metadata(table);
    return {ErrorKind::refuse, "input.no_metadata", table + " cannot be compared: " + reason};
}

Task<Result<void>> compare_table(Surroundings& around, std::string name,
                                 std::vector<localstore::Scope> scopes, Verification& found)
{
    if (!is_described(around.store, name)) co_return not_comparable(name, scopes.front().reason);
    const auto table = around.table(name);
    if (!table) co_return table.error();
    TableComparison comparison(around, *table, found);
    for (const localstore::Scope& scope : scopes) {
        std::string filter;
        if (!scope.filter.empty()) {
            const auto parsed = parse_filter((*table)->table(), scope.filter);
            if (!parsed) co_return parsed.error();
            filter = dataverse::wire_filter((*table)->table(), *parsed);
        }
        AskForRows ask = [&around, work = *table, filter](std::int64_t since,
                                                          std::size_t rows) -> Result<http::Request> {
            const dataverse::Selection selection{work->table(), work->layout(), {}, rows};
            return dataverse::filter_first(around.courier.service(), selection, filter, since,
                                           around.courier.request_id());
        };
        std::function<Result<void>(const ReadPage&)> each = [&comparison](const ReadPage& page) {
            return comparison.page(page);
        };
        auto walking =
            walk_pages(around, *table, std::move(ask), dataverse::PullMode::filter, std::move(each));
        const Result<void> walked = co_await std::move(walking);
        if (!walked) co_return walked;
    }
    co_return comparison.finish();
}

/// What says nothing about the table: everything else could not be compared either.
bool ends_the_comparison(const Error& error)
{
    return ends_the_cycle(error) || error.code == "net.lost_answer" || error.code == "net.timeout";
}

} // namespace

Task<Result<Verification>> compare_all(Surroundings& around)
{
    const auto scopes = around.store.scopes();
    if (!scopes) co_return scopes.error();
    std::map<std::string, std::vector<localstore::Scope>> by_table;
    for (const localstore::Scope& scope : *scopes)
        if (scope.aboard) by_table[scope.table].push_back(scope);
    Verification found;
    bool any = by_table.empty();
    std::optional<Error> passing;
    for (const auto& [name, some] : by_table) {
        auto comparing = compare_table(around, name, some, found);
        const Result<void> compared = co_await std::move(comparing);
        any = any || compared || is_refusal(compared.error());
        if (compared) continue;
        if (ends_the_comparison(compared.error())) co_return compared.error();
        if (!passing) passing = compared.error();
        found.tables.push_back({name, 0, 0, 0, compared.error().message});
        found.outcome = Verification::Outcome::different;
    }
    if (!any) co_return *passing;
    co_return found;
}

} // namespace hawser::engine

#include "engine/plan.h"

#include "base/body.h"
#include "conflict/reconcile.h"
#include "engine/page_size.h"
#include "engine/pull.h"
#include "engine/push_plan.h"
#include "engine/queue_plan.h"
#include "engine/read_back.h"
#include "engine/read_page.h"
#include "engine/reconcile.h"
#include "engine/tables.h"

#include <algorithm>
#include <set>
#include <utility>

namespace hawser::engine {

namespace {

constexpr std::size_t most_lines = 10'000;
constexpr std::string_view answer_was_lost =
    "its answer was lost: the record is read, and it is sent again unless it had arrived";

std::string_view action_of(const conflict::Plan& plan)
{
    switch (plan.outcome) {
    case conflict::Outcome::echo:
    case conflict::Outcome::take_remote:
        return "take";
    case conflict::Outcome::merged:
        return "merge";
    case conflict::Outcome::contested:
        return "conflict";
    case conflict::Outcome::revived:
        return "revive";
    case conflict::Outcome::deleted_remotely:
        return "remove";
    case conflict::Outcome::keep_local:
        return "keep";
    case conflict::Outcome::unlinked:
        return "unlink";
    }
    return "take";
}

class Outlook {
public:
    explicit Outlook(Surroundings& around) : around_(around) {}

    Result<void> remote_row(const TableWork& table, const ReadPage& page, const PageRows::Row& row)
    {
        const RecordKey key{table.table().name, row.id};
        const auto state = around_.store.state(key);
        if (!state) return state.error();
        if (state->etag == page.rows.etag(row)) return {};
        auto fields = decode_body(table.layout(), table.table(), page.rows.body(row));
        if (!fields) return fields.error();
        if (!state->dirty()) {
            add(key, name_of(table.table(), key, &*fields), "take",
                state->known ? "the organization changed it" : "new at the organization");
            return {};
        }
        const RemoteWord word{conflict::Presence::present, std::string(page.rows.etag(row)), *fields, {}};
        decided(table, *state, word);
        return {};
    }

    Result<void> remote_tombstone(const TableWork& table, const Guid& id)
    {
        const RecordKey key{table.table().name, id};
        const auto state = around_.store.state(key);
        if (!state) return state.error();
        if (!state->known || state->tombstone) return {};
        RemoteWord word;
        word.presence = conflict::Presence::deleted;
        if (state->dirty())
            decided(table, *state, word);
        else
            add(key, name_of(table.table(), key, state->local ? &*state->local : nullptr), "remove",
                "the organization deleted it");
        return {};
    }

    /// Before anything else a cycle finds out what became of what was under way.
    Result<void> under_way()
    {
        const auto open = around_.store.open_intents();
        if (!open) return open.error();
        for (const localstore::Intent& intent : *open)
            for (const localstore::Covered& covered : intent.changes) {
                const Result<void> told = change(covered.sequence, "recover", answer_was_lost);
                if (!told) return told;
            }
        return {};
    }

    Result<void> queue()
    {
        const auto queue = plan_queue(around_.store, around_.now(), around_.options.backoff_most);
        if (!queue) return queue.error();
        for (const PushUnit& unit : queue->plan.ready)
            for (const localstore::Sequence sequence : unit.changes) {
                const Result<void> told = change(sequence, {}, {});
                if (!told) return told;
            }
        for (const HeldBack& waiting : queue->plan.waiting) {
            const Result<void> told = change(waiting.change, "wait", waiting.why);
            if (!told) return told;
        }
        return {};
    }

    /// The records with edits that no pull brings: they are in no scope, and are met when something of them is sent.
    Result<std::vector<ReadBack>> unmet() const
    {
        const auto queue = plan_queue(around_.store, around_.now(), around_.options.backoff_most);
        if (!queue) return queue.error();
        std::set<RecordKey> keys;
        std::vector<ReadBack> reads;
        for (const PushUnit& unit : queue->plan.ready)
            for (const localstore::Sequence sequence : unit.changes) {
                const auto change = around_.store.change(sequence);
                if (!change) return change.error();
                if (!keys.insert(change->key).second) continue;
                const auto state = around_.store.state(change->key);
                if (!state) return state.error();
                const bool is_there = state->shadow && state->shadow->remote == localstore::Remote::present;
                if (!state->scopes.empty() || !is_there) continue;
                const auto table = around_.table(change->key.table);
                if (!table) return table.error();
                reads.push_back({change->key, *table});
            }
        return reads;
    }

    Result<void> met(const ReadBack& read, const Found& found)
    {
        if (found.presence == Found::Presence::absent) return remote_tombstone(*read.table, read.key.id);
        if (found.presence != Found::Presence::present) return {};
        const auto state = around_.store.state(read.key);
        if (!state) return state.error();
        if (state->etag == found.etag) return {};
        decided(*read.table, *state, {conflict::Presence::present, found.etag, found.fields, {}});
        return {};
    }

    Plan take() { return std::move(plan_); }

private:
    void decided(const TableWork& table, const localstore::RecordState& state, const RemoteWord& word)
    {
        const conflict::Situation situation = situation_of(table, state, word);
        const conflict::Plan plan =
            conflict::reconcile(situation, table.rules->policy, table.rules->validator);
        std::string sentence;
        for (const conflict::Decision& decision : plan.decisions)
            sentence += (sentence.empty() ? "" : " ") + decision.sentence;
        for (const conflict::Contested& contested : plan.contested) {
            asked_.insert({state.key, contested.column});
            sentence += " " + contested.column + ": " + to_json(contested.mine) + " here, " +
                        to_json(contested.theirs) + " there, " + to_json(contested.base) + " before.";
        }
        add(state.key, situation.name, std::string(action_of(plan)), std::move(sentence));
    }

    /// Under the given action, for that reason; without one under its kind, with what it sends.
    Result<void> change(localstore::Sequence sequence, std::string_view action, std::string_view why)
    {
        const auto change = around_.store.change(sequence);
        if (!change) return change.error();
        const auto table = around_.table(change->key.table);
        if (!table) return table.error();
        const auto view = around_.store.get(change->key);
        if (!view) return view.error();
        const Fields* fields = *view ? &(*view)->fields : &change->before;
        const std::string name = name_of((*table)->table(), change->key, fields);
        if (!action.empty()) {
            add(change->key, name, std::string(action), std::string(why));
            return {};
        }
        std::string columns;
        for (const auto& [column, value] : change->after)
            if (!asked_.contains({change->key, column})) columns += (columns.empty() ? "" : ", ") + column;
        if (columns.empty() && !change->after.empty()) return {};
        add(change->key, name, std::string(localstore::to_text(change->kind)),
            columns.empty() ? "sent" : "sends " + columns);
        return {};
    }

    void add(RecordKey key, std::string name, std::string action, std::string sentence)
    {
        if (plan_.lines.size() < most_lines)
            plan_.lines.push_back({std::move(key), std::move(name), std::move(action), std::move(sentence)});
    }

    Surroundings& around_;
    Plan plan_{};
    std::set<std::pair<RecordKey, std::string>> asked_{}; ///< Columns that a person would be asked about.
};

/// What changed since the last pull, in the mode of that pull.
Result<AskForRows> first_look(Surroundings& around, std::shared_ptr<const TableWork> table,
                              const localstore::Scope& scope, dataverse::PullMode& mode)
{
    const auto checkpoint = around.store.checkpoint(scope.number, localstore::Lane::pull);
    if (!checkpoint) return checkpoint.error();
    mode = dataverse::PullMode::delta;
    if (scope.mode == "delta" && !checkpoint->token.empty())
        return AskForRows([&around, token = checkpoint->token](std::int64_t, std::size_t rows) {
            return dataverse::next_page(around.courier.service(), token, dataverse::PullMode::delta, rows,
                                        around.courier.request_id());
        });
    mode = dataverse::PullMode::filter;
    std::string filter;
    if (!scope.filter.empty()) {
        const auto parsed = parse_filter(table->table(), scope.filter);
        if (!parsed) return parsed.error();
        filter = dataverse::wire_filter(table->table(), *parsed);
    }
    const std::int64_t from = parse_watermark(checkpoint->watermark).ask_from;
    return AskForRows(
        [&around, table, filter, from](std::int64_t since, std::size_t rows) -> Result<http::Request> {
            const dataverse::Selection selection{table->table(), table->layout(), {}, rows};
            return dataverse::filter_first(around.courier.service(), selection, filter, std::max(since, from),
                                           around.courier.request_id());
        });
}

Task<Result<void>> look_at(Surroundings& around, localstore::Scope scope, Outlook& outlook)
{
    const auto table = around.table(scope.table);
    if (!table) co_return table.error();
    dataverse::PullMode mode = dataverse::PullMode::filter;
    auto ask = first_look(around, *table, scope, mode);
    if (!ask) co_return ask.error();
    std::function<Result<void>(const ReadPage&)> each = [&outlook, work = *table](const ReadPage& page) {
        for (const PageRows::Row& row : page.rows.rows()) {
            const Result<void> told = outlook.remote_row(*work, page, row);
            if (!told) return told;
        }
        for (const Guid& id : page.rows.tombstones()) {
            const Result<void> told = outlook.remote_tombstone(*work, id);
            if (!told) return told;
        }
        return Result<void>{};
    };
    auto walking = walk_pages(around, *table, std::move(*ask), mode, std::move(each));
    co_return co_await std::move(walking);
}

} // namespace

Task<Result<Plan>> look_ahead(Surroundings& around, std::vector<std::string> tables)
{
    const auto scopes = around.store.scopes();
    if (!scopes) co_return scopes.error();
    Outlook outlook(around);
    for (const localstore::Scope& scope : *scopes) {
        const bool asked = tables.empty() || std::ranges::find(tables, scope.table) != tables.end();
        if (!scope.aboard || !asked || scope.mode == "off" || !is_described(around.store, scope.table))
            continue;
        auto looking = look_at(around, scope, outlook);
        const Result<void> looked = co_await std::move(looking);
        if (!looked) co_return looked.error();
    }
    auto reads = outlook.unmet();
    if (!reads) co_return reads.error();
    auto reading = read_back(around, *reads);
    const auto found = co_await std::move(reading);
    if (!found) co_return found.error();
    for (std::size_t i = 0; i < reads->size(); ++i)
        if (const Result<void> met = outlook.met((*reads)[i], (*found)[i]); !met) co_return met.error();
    const Result<void> recovered = outlook.under_way();
    if (!recovered) co_return recovered.error();
    const Result<void> queued = outlook.queue();
    if (!queued) co_return queued.error();
    co_return outlook.take();
}

} // namespace hawser::engine

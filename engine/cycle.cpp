#include "engine/cycle.h"

#include "base/time_text.h"
#include "engine/cycle_report.h"
#include "engine/diagnosis.h"
#include "engine/mass_questions.h"
#include "engine/push.h"
#include "engine/reconcile.h"
#include "engine/scope_mode.h"
#include "engine/sweep.h"
#include "engine/tables.h"
#include "engine/unheard.h"

#include <algorithm>
#include <utility>

namespace hawser::engine {

namespace {

/// The names of all tables that records here can point at are not needed; the chosen ones are.
std::vector<std::string> names_of(const std::vector<localstore::Scope>& scopes)
{
    std::vector<std::string> names;
    for (const localstore::Scope& scope : scopes)
        if (std::ranges::find(names, scope.table) == names.end()) names.push_back(scope.table);
    return names;
}

/// What was only chosen and could not be described has no columns and no address: it is not asked for.
bool is_known(const Surroundings& around, const std::string& table)
{
    return is_described(around.store, table);
}

/// A copy of a replica says what it waits for, and how it can go without.
Error not_heard(Error why)
{
    while (why.message.ends_with('.')) why.message.pop_back();
    why.message +=
        ". This replica was restored or copied: nothing is sent before each of its tables said what was "
        "deleted since; hawser tables remove TABLE goes without one";
    return why;
}

} // namespace

Task<CycleEnd> Cycle::run()
{
    requests_before_ = around_.courier.requests();
    began_ = around_.loop.clock().elapsed();
    work_.asked = request_.reason == Reason::asked;
    work_.restored = !around_.store.setting(restored_setting).empty();
    const Result<void> begun = around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            const auto number = transaction.journal.begin_cycle(to_text(request_.reason), around_.now());
            if (!number) return number.error();
            work_.number = *number;
            work_.started = around_.now();
            return {};
        });
    if (!begun) co_return CycleEnd{std::nullopt, begun.error(), std::nullopt};
    around_.log.info("cycle.begun", {{"cycle", work_.number.value}, {"reason", to_text(request_.reason)}});
    auto working = work();
    const Result<void> worked = co_await std::move(working);
    co_return settle(worked);
}

Task<Result<void>> Cycle::work()
{
    auto chosen = scopes();
    if (!chosen) co_return chosen.error();
    Troubles undescribed;
    auto admitting = admit(around_, names_of(*chosen), undescribed);
    const Result<void> admitted = co_await std::move(admitting);
    if (!admitted) co_return admitted;
    reached_ = true;
    const Result<void> set_aside = leave_out(*chosen, undescribed);
    if (!set_aside) co_return set_aside;

    auto pulling = pull(*chosen);
    const Result<void> pulled = co_await std::move(pulling);
    if (!pulled) co_return pulled;

    if (const Result<void> noted = note_unheard(*chosen); !noted) co_return noted;
    const Result<void> reconciled = reconcile_staged(around_, work_);
    if (!reconciled) co_return reconciled;

    if (const Result<void> compared = work_.troubles.outcome(); request_.compare_first && !compared)
        co_return compared;
    auto pushing = push();
    const Result<void> pushed = co_await std::move(pushing);
    if (!pushed) {
        const Result<void> noted = work_.troubles.note("", pushed.error());
        if (!noted) co_return noted;
    }
    if (!deleted_from_.empty()) {
        auto taking = take_cascades(std::move(*chosen));
        const Result<void> taken = co_await std::move(taking);
        if (!taken) co_return taken;
    }
    came_to_its_end_ = true;
    co_return work_.troubles.outcome();
}

/// The organization deletes along, or empties, what refers to a deleted record. Without this the
/// replica would show that until the next cycle, and where it is pulled by filter until the next sweep.
Task<Result<void>> Cycle::take_cascades(std::vector<localstore::Scope> scopes)
{
    const auto present = around_.store.scopes();
    if (!present) co_return present.error();
    std::vector<localstore::Scope> again;
    for (const localstore::Scope& scope : *present) {
        const bool asked = std::ranges::any_of(
            scopes, [&](const localstore::Scope& one) { return one.number == scope.number; });
        if (asked && scope.mode != "off" && !work_.troubles.has(scope.table)) again.push_back(scope);
    }
    Puller puller(around_, work_, sizes_, {});
    auto pulling = puller.pull(again, Puller::Extent::changes);
    const Result<void> pulled = co_await std::move(pulling);
    if (!pulled) co_return pulled;
    for (const localstore::Scope& scope : again) {
        if (scope.mode != "filter" || work_.troubles.has(scope.table) || !lost_referred(scope)) continue;
        auto sweeping = sweep_now(scope);
        const Result<void> swept = co_await std::move(sweeping);
        if (!swept) co_return swept;
    }
    co_return reconcile_staged(around_, work_);
}

/// Whether records of the scope may have referred to what we deleted.
bool Cycle::lost_referred(const localstore::Scope& scope) const
{
    const auto known = around_.store.table(scope.table);
    return known && std::ranges::any_of((*known)->table.columns, [&](const Column& column) {
               return std::ranges::any_of(
                   column.targets, [&](const auto& target) { return deleted_from_.contains(target.table); });
           });
}

/// A table that the organization does not have, or does not describe to this user, waits for a person
/// and stops nothing; a definition that only failed to come is the cycle's trouble.
Result<void> Cycle::leave_out(std::vector<localstore::Scope>& chosen, const Troubles& undescribed)
{
    for (const auto& [table, error] : undescribed.all()) {
        if (!is_refusal(error)) {
            const Result<void> noted = work_.troubles.note(table, error);
            if (!noted) return noted;
            continue;
        }
        for (const localstore::Scope& scope : chosen) {
            if (scope.table != table) continue;
            const Result<void> off = turn_off(around_, work_, scope, error.message);
            if (!off) return off;
        }
    }
    std::erase_if(chosen, [&](const localstore::Scope& scope) { return !is_known(around_, scope.table); });
    return {};
}

Task<Result<void>> Cycle::admit(Surroundings& around, std::vector<std::string> tables, Troubles& troubles)
{
    around.progress("connect", "", 0, 0);
    auto identifying = around.courier.identify();
    const auto identity = co_await std::move(identifying);
    if (!identity) co_return identity.error();
    if (around.entity_sets.empty()) around.entity_sets = stored_entity_sets(around.store);
    const auto refreshed = tables_refreshed_at(around.store);
    // Schemas change rarely, and a change that matters is noticed when the organization speaks of it.
    const bool stale =
        !refreshed || around.now() < *refreshed || around.now() - *refreshed >= around.options.metadata_every;
    if (!stale && !around.entity_sets.empty())
        std::erase_if(tables, [&](const std::string& name) { return is_known(around, name); });
    if (!stale && !around.entity_sets.empty() && tables.empty()) co_return Result<void>{};
    auto refreshing = refresh_tables(around, std::move(tables), troubles);
    co_return co_await std::move(refreshing);
}

Result<std::vector<localstore::Scope>> Cycle::scopes() const
{
    auto all = around_.store.scopes();
    if (!all) return all.error();
    std::erase_if(*all, [&](const localstore::Scope& scope) {
        const bool asked = request_.tables.empty() ||
                           std::ranges::find(request_.tables, scope.table) != request_.tables.end();
        return !scope.aboard || !asked;
    });
    const std::vector<std::string>& first = around_.options.first_tables;
    std::ranges::stable_sort(*all, {}, [&](const localstore::Scope& scope) {
        return std::ranges::find(first, scope.table) - first.begin();
    });
    return all;
}

Task<Result<void>> Cycle::pull(std::vector<localstore::Scope> scopes)
{
    Puller::Between between;
    if (!request_.compare_first) between = [this] { return push_between(); };
    Puller puller(around_, work_, sizes_, std::move(between));
    if (request_.compare_first) {
        // A whole pull begins after the deletions of what this copy does not know it sent: only the
        // copy's own tokens lead past them.
        auto own = with_token(scopes);
        if (!own) co_return own.error();
        auto pulling = puller.pull(std::move(*own), Puller::Extent::changes);
        const Result<void> pulled = co_await std::move(pulling);
        if (!pulled) co_return pulled;
        // Where that did not come to its end, or was not asked for, the token is still needed.
        if (const Result<void> heard = work_.troubles.outcome(); !heard) co_return not_heard(heard.error());
    }
    const bool known = work_.restored;
    auto pulling = puller.pull(scopes, known ? Puller::Extent::full : request_.extent);
    Result<void> pulled = co_await std::move(pulling);
    if (!pulled) co_return pulled;
    if (work_.restored && !known) {
        // Tokens that a restored organization still takes may lead past what it lacks.
        auto comparing = puller.pull(scopes, Puller::Extent::full);
        pulled = co_await std::move(comparing);
        if (!pulled) co_return pulled;
    }
    if (const Result<void> compared = end_comparison(); !compared) co_return compared;
    auto sweeping = sweep(std::move(scopes));
    co_return co_await std::move(sweeping);
}

/// From now on what the organization lacks is deleted there.
Result<void> Cycle::end_comparison() const
{
    if (!work_.restored || !request_.tables.empty() || !work_.troubles.outcome()) return {};
    return around_.store.transact(localstore::Durability::relaxed, [](localstore::Transaction& transaction) {
        return transaction.journal.set_setting(restored_setting, "");
    });
}

/// Those that are told what changed, and what was deleted, since a token of theirs.
Result<std::vector<localstore::Scope>> Cycle::with_token(const std::vector<localstore::Scope>& scopes) const
{
    std::vector<localstore::Scope> found;
    for (const localstore::Scope& scope : scopes) {
        const auto checkpoint = around_.store.checkpoint(scope.number, localstore::Lane::pull);
        if (!checkpoint) return checkpoint.error();
        if (!checkpoint->token.empty()) found.push_back(scope);
    }
    return found;
}

Task<Result<void>> Cycle::sweep(std::vector<localstore::Scope> scopes)
{
    const auto present = around_.store.scopes();
    if (!present) co_return present.error();
    for (const localstore::Scope& scope : *present) {
        const bool asked = std::ranges::any_of(
            scopes, [&](const localstore::Scope& one) { return one.number == scope.number; });
        if (!asked || work_.troubles.has(scope.table)) continue;
        const auto pull = around_.store.checkpoint(scope.number, localstore::Lane::pull);
        if (!pull) co_return pull.error();
        const auto last = around_.store.checkpoint(scope.number, localstore::Lane::sweep);
        if (!last) co_return last.error();
        if (!sweep_due(scope, *pull, *last, around_.options, around_.now())) continue;
        auto sweeping = sweep_now(scope);
        const Result<void> swept = co_await std::move(sweeping);
        if (!swept) co_return swept;
    }
    co_return Result<void>{};
}

Task<Result<void>> Cycle::sweep_now(localstore::Scope scope)
{
    Sweeper sweeper(around_, work_);
    auto sweeping = sweeper.sweep(scope);
    const Result<void> swept = co_await std::move(sweeping);
    if (swept) co_return swept;
    co_return work_.troubles.note(scope.table, swept.error());
}

Task<Result<void>> Cycle::push_between()
{
    if (!std::exchange(around_.edits_waiting, false)) co_return Result<void>{};
    Pusher pusher(around_, work_);
    auto pushing = pusher.push();
    Result<void> pushed = co_await std::move(pushing);
    deleted_from_.insert(pusher.deleted_from().begin(), pusher.deleted_from().end());
    // The push at the end says it again.
    if (!pushed && !ends_the_cycle(pushed.error())) co_return Result<void>{};
    co_return pushed;
}

Task<Result<void>> Cycle::push()
{
    around_.edits_waiting = false;
    for (int schemas = 0;; ++schemas) {
        Pusher pusher(around_, work_);
        auto pushing = pusher.push();
        const Result<void> pushed = co_await std::move(pushing);
        deleted_from_.insert(pusher.deleted_from().begin(), pusher.deleted_from().end());
        if (const auto next = pusher.next_attempt()) next_ = std::min(next_.value_or(*next), *next);
        if (!pushed || !pusher.schema_changed() || schemas > 0) co_return pushed;
        auto names = around_.store.table_names();
        if (!names) co_return names.error();
        std::erase_if(*names, [&](const std::string& name) { return !is_known(around_, name); });
        auto refreshing = refresh_tables(around_, std::move(*names), work_.troubles);
        const Result<void> refreshed = co_await std::move(refreshing);
        if (!refreshed) co_return refreshed;
    }
}

/// What waited long enough for an answer about its table goes.
Result<void> Cycle::note_unheard(const std::vector<localstore::Scope>& asked)
{
    const std::string before = around_.store.setting(unheard_setting);
    const Unheard tables = after_pull(parse_unheard(before), names_of(asked), work_.unheard);
    for (const auto& [table, cycles] : tables)
        if (cycles > most_unheard_cycles) work_.unheard.erase(table);
    const std::string after = to_text(tables);
    if (after == before) return {};
    return around_.store.transact(localstore::Durability::relaxed, [&](localstore::Transaction& transaction) {
        return transaction.journal.set_setting(unheard_setting, after);
    });
}

/// A question stays until a cycle looked again and found none, whatever ended the cycles in between.
Result<void> Cycle::note_questions(localstore::Transaction& transaction) const
{
    const std::string before = around_.store.setting(mass_questions_setting);
    std::optional<std::vector<std::string>> looked_at;
    if (came_to_its_end_) looked_at = request_.tables;
    const std::string after = to_text(after_cycle(parse_mass_questions(before), work_.troubles, looked_at));
    return after == before ? Result<void>{} : transaction.journal.set_setting(mass_questions_setting, after);
}

/// Old receipts, decisions and cycles go after their time; a failure waits for the next day.
void Cycle::tidy() const
{
    constexpr std::string_view setting = "sync.trimmed_at";
    const Instant now = around_.now();
    const auto last = parse_instant(around_.store.setting(setting));
    if (last && now >= *last && now - *last < std::chrono::hours{24}) return;
    const Result<void> noted =
        around_.store.transact(localstore::Durability::relaxed, [&](localstore::Transaction& transaction) {
            return transaction.journal.set_setting(setting, hawser::to_text(now));
        });
    if (noted && last) (void)around_.store.trim(now, {});
}

void Cycle::tell_end(localstore::CycleOutcome outcome, const std::string& code) const
{
    const Figures& figures = work_.figures;
    const auto number = [](std::uint64_t figure) { return static_cast<std::int64_t>(figure); };
    around_.log.info("cycle.ended", {{"cycle", work_.number.value},
                                     {"outcome", localstore::to_text(outcome)},
                                     {"code", code},
                                     {"pulled", number(figures.pulled)},
                                     {"removed", number(figures.removed)},
                                     {"merged", number(figures.merged)},
                                     {"pushed", number(figures.pushed)},
                                     {"refused", number(figures.refused)},
                                     {"conflicts", number(figures.conflicts)},
                                     {"conflicts_moved", number(figures.conflicts_moved)},
                                     {"kept", number(figures.kept)},
                                     {"held", number(figures.held)},
                                     {"requests", number(figures.requests)},
                                     {"milliseconds", (around_.loop.clock().elapsed() - began_).count()}});
}

CycleEnd Cycle::settle(const Result<void>& worked)
{
    tidy();
    work_.figures.requests = around_.courier.requests() - requests_before_;
    const bool asked_to_stop = !worked && worked.error().code == stopped().code;
    localstore::CycleOutcome outcome =
        work_.figures.idle() ? localstore::CycleOutcome::idle : localstore::CycleOutcome::done;
    if (!worked)
        outcome = asked_to_stop ? localstore::CycleOutcome::stopped : localstore::CycleOutcome::failed;
    const std::string message = worked ? std::string() : worked.error().message;
    const Result<void> finished =
        around_.store.transact(localstore::Durability::relaxed, [&](localstore::Transaction& transaction) {
            const Result<void> noted = note_questions(transaction);
            if (!noted) return noted;
            return transaction.journal.finish_cycle(work_.number, outcome, to_json(work_.figures), message,
                                                    around_.now());
        });
    tell_end(outcome, worked ? std::string() : worked.error().code);
    CycleEnd end;
    end.next = next_;
    end.reached = reached_;
    localstore::Cycle row;
    row.number = work_.number;
    row.begun_at = work_.started;
    row.finished_at = around_.now();
    row.outcome = outcome;
    row.figures = to_json(work_.figures);
    row.message = message;
    end.report = report_of(row);
    if (!worked)
        end.error = worked.error();
    else if (!finished)
        end.error = finished.error();
    return end;
}

} // namespace hawser::engine

#include "engine/scope_mode.h"

#include "base/time_text.h"
#include "localstore/transaction.h"

#include <algorithm>

namespace hawser::engine {

namespace {

std::string probe_setting(const localstore::Scope& scope)
{
    return "probe." + std::to_string(scope.number.value);
}

std::string moment(const std::optional<Instant>& instant)
{
    return instant ? hawser::to_text(*instant) : std::string();
}

} // namespace

std::string_view to_text(PullMode mode)
{
    switch (mode) {
    case PullMode::delta:
        return "delta";
    case PullMode::filter:
        return "filter";
    case PullMode::off:
        return "off";
    }
    return "off";
}

PullProbe known_probe(const localstore::Store& store, const localstore::Scope& scope)
{
    const auto refused_at = parse_instant(store.setting(probe_setting(scope)));
    if (scope.mode == "off")
        return {PullMode::filter,
                "the organization refused this table before; whether it tracks changes for you is tried "
                "again within a day",
                refused_at};
    return {scope.mode == "filter" ? PullMode::filter : PullMode::delta, scope.reason, refused_at};
}

Result<void> remember_probe(localstore::Store& store, const localstore::Scope& scope, const PullProbe& probe)
{
    const std::string refused_at = moment(probe.refused_at);
    if (scope.mode == to_text(probe.mode) && scope.reason == probe.reason &&
        store.setting(probe_setting(scope)) == refused_at)
        return {};
    return store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            const Result<void> kept = transaction.journal.set_setting(probe_setting(scope), refused_at);
            if (!kept) return kept;
            return transaction.rounds.set_mode(scope.number, to_text(probe.mode), probe.reason);
        });
}

Result<void> turn_off(Surroundings& around, const CycleWork& cycle, const localstore::Scope& scope,
                      const std::string& why)
{
    const auto scopes = around.store.scopes();
    if (!scopes) return scopes.error();
    const auto kept_as = std::ranges::find(*scopes, scope.number, &localstore::Scope::number);
    if (kept_as == scopes->end() || (kept_as->mode == "off" && kept_as->reason == why)) return {};
    const Instant refused_at = known_probe(around.store, *kept_as).refused_at.value_or(around.now());
    const Result<void> kept = remember_probe(around.store, *kept_as, {PullMode::off, why, refused_at});
    if (!kept) return kept;
    return around.store.transact(localstore::Durability::relaxed, [&](localstore::Transaction& transaction) {
        return transaction.journal.decide(cycle.number, {scope.table, {}}, "table_off",
                                          scope.table + " is not pulled: " + why, around.now());
    });
}

} // namespace hawser::engine

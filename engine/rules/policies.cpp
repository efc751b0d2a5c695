#include "engine/rules/policies.h"

namespace hawser::engine {

std::shared_ptr<const TableRules> Policies::of(const Table& table) const
{
    const std::lock_guard lock(mutex_);
    auto& known = known_[table.name];
    if (!known || !(known->table == table)) {
        const auto configured = conflict::policy_for(configured_, table);
        known = std::make_shared<const TableRules>(
            TableRules{table, configured ? *configured : conflict::default_policy(table),
                       conflict::validator_for(table)});
    }
    return known;
}

} // namespace hawser::engine

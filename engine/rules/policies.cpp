#include "engine/rules/policies.h"

namespace hawser::engine {

namespace {

void ask_where_proof_is_needed(conflict::Policy& policy)
{
    const auto ask = [](conflict::Rule& rule) {
        if (rule == conflict::Rule::add || rule == conflict::Rule::text) rule = conflict::Rule::ask;
    };
    for (auto& [column, rule] : policy.rules) ask(rule);
    ask(policy.fallback);
}

} // namespace

std::shared_ptr<const TableRules> Policies::of(const Table& table) const
{
    const std::lock_guard lock(mutex_);
    auto& known = known_[table.name];
    if (!known || !(known->table == table)) {
        conflict::Policy policy = conflict::fitting_policy(configured_, table);
        if (!receipts_) ask_where_proof_is_needed(policy);
        known = std::make_shared<const TableRules>(
            TableRules{table, std::move(policy), conflict::validator_for(table)});
    }
    return known;
}

void Policies::without_receipts() const
{
    const std::lock_guard lock(mutex_);
    receipts_ = false;
    known_.clear();
}

} // namespace hawser::engine

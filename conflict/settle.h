#pragma once

#include "conflict/policy.h"
#include "hawser/value.h"

#include <optional>

namespace hawser::conflict {

/// The value of a column that both sides changed, by its rule alone. Empty when a person has to
/// decide: the rule says so, or it does not fit the values.
std::optional<Value> settle(Rule rule, const Value& base, const Value& mine, const Value& theirs);

} // namespace hawser::conflict

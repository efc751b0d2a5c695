#pragma once

#include "hawser/value.h"

#include <functional>
#include <map>
#include <set>
#include <vector>

namespace hawser::engine {

/// How the records of one change set are written.
struct WriteOrder {
    std::vector<RecordKey> records;
    /// New records that refer to one another in a circle: the references of the key to these are a second
    /// step of the same change set.
    std::map<RecordKey, std::set<RecordKey>> second_step{};
};

/// As near to the order of `records` as `earlier` allows, which names for a record those that must come
/// before it. A circle is cut at its first record that `is_created`. Pure.
WriteOrder order_writes(std::vector<RecordKey> records, std::map<RecordKey, std::set<RecordKey>> earlier,
                        const std::function<bool(const RecordKey&)>& is_created);

} // namespace hawser::engine

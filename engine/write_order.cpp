#include "engine/write_order.h"

#include <algorithm>
#include <utility>

namespace hawser::engine {

WriteOrder order_writes(std::vector<RecordKey> records, std::map<RecordKey, std::set<RecordKey>> earlier,
                        const std::function<bool(const RecordKey&)>& is_created)
{
    WriteOrder order;
    while (!records.empty()) {
        auto next = std::ranges::find_if(records, [&](const RecordKey& key) { return earlier[key].empty(); });
        if (next == records.end()) {
            next = std::ranges::find_if(records, is_created);
            if (next == records.end()) next = records.begin();
            order.second_step[*next] = earlier[*next];
        }
        for (auto& [key, before] : earlier) before.erase(*next);
        order.records.push_back(*next);
        records.erase(next);
    }
    return order;
}

} // namespace hawser::engine

#include "engine/look.h"

#include "engine/read_back.h"

#include <utility>

namespace hawser::engine {

Task<Result<Sighting>> look_at_record(Surroundings& around, RecordKey key)
{
    const auto state = around.store.state(key);
    if (!state) co_return state.error();
    if (state->known) key = state->key;
    const auto table = around.table(key.table);
    if (!table) co_return table.error();
    std::vector<ReadBack> reads;
    reads.push_back({key, *table});
    auto reading = read_back(around, std::move(reads));
    const auto found = co_await std::move(reading);
    if (!found) co_return found.error();
    const Found& one = found->front();
    switch (one.presence) {
    case Found::Presence::present:
        co_return Sighting{Sighting::Presence::present, one.etag, one.fields};
    case Found::Presence::absent:
        co_return Sighting{Sighting::Presence::absent, {}, {}};
    case Found::Presence::no_access:
        co_return Sighting{Sighting::Presence::no_access, {}, {}};
    case Found::Presence::no_answer:
        break;
    }
    co_return Error{ErrorKind::retry, "net.lost_answer",
                    "No usable answer came to the question what the organization has of " +
                        name_of((*table)->table(), key, nullptr) + ". Ask again."};
}

} // namespace hawser::engine

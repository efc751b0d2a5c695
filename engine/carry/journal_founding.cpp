#include "engine/carry/journal_founding.h"

#include "base/time_text.h"
#include "engine/carry/journal_import.h"
#include "engine/carry/journal_listener.h"
#include "localstore/transaction.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::carry {

namespace {

class Founding : public LineListener {
public:
    Result<void> table(const Table& table) override
    {
        tables_.insert_or_assign(table.name, table);
        return {};
    }
    Result<void> record(RecordLine record) override
    {
        if (record.base.remote == localstore::Remote::present)
            bases_.insert_or_assign(record.key, std::move(record.base.fields));
        return {};
    }
    Result<void> change(ChangeLine) override { return {}; }
    Result<void> conflict(const localstore::Conflict&) override { return {}; }
    Result<void> intent(const localstore::Intent&) override { return {}; }

    const std::map<std::string, Table>& tables() const { return tables_; }

    std::vector<localstore::Edit> creations() const
    {
        std::vector<localstore::Edit> creations;
        for (const auto& [key, base] : bases_) {
            const auto table = tables_.find(key.table);
            if (table == tables_.end()) continue;
            localstore::Edit creation{localstore::ChangeKind::create, key, {}};
            for (const auto& [name, value] : base)
                if (auto given = given_at_creation(table->second, name, value))
                    creation.after.emplace(name, *std::move(given));
            creations.push_back(std::move(creation));
        }
        return creations;
    }

private:
    std::optional<Value> given_at_creation(const Table& table, const std::string& name,
                                           const Value& value) const
    {
        const Column* column = table.column(name);
        if (column == nullptr || !column->creatable || is_null(value)) return std::nullopt;
        if (const auto* lookup = std::get_if<Lookup>(&value); lookup && !is_there(*lookup))
            return std::nullopt;
        const auto* collection = std::get_if<Collection>(&value);
        auto fine = canonical(table, *column, collection ? Value(without_strangers(*collection)) : value);
        return fine ? std::optional(*std::move(fine)) : std::nullopt;
    }

    bool is_there(const Lookup& lookup) const { return bases_.contains({lookup.table, lookup.id}); }

    /// Of participants who are not there the address is left.
    Collection without_strangers(const Collection& collection) const
    {
        auto parties = collection_to_parties(collection);
        if (!parties) return {};
        for (Party& party : *parties)
            if (!party.record.table.empty() && !is_there(party.record)) party.record = {};
        std::erase_if(*parties,
                      [](const Party& party) { return party.record.table.empty() && party.address.empty(); });
        return parties_to_collection(*parties);
    }

    std::map<std::string, Table> tables_{};
    std::map<RecordKey, Fields> bases_{};
};

/// "JOURNAL LAST": of which journal they were queued, and the number of the last one.
constexpr std::string_view founded_setting = "carried.founded";

Result<std::vector<localstore::Change>> waiting(const localstore::Store& store)
{
    localstore::ChangeFilter filter;
    filter.states = {localstore::ChangeState::queued, localstore::ChangeState::in_flight};
    filter.limit = std::numeric_limits<std::size_t>::max();
    return store.changes(filter);
}

/// In one step. Those that are here were queued before the replica could remember so.
Result<std::uint64_t> queue(localstore::Store& store, const Founding& founding, Instant now)
{
    const Result<void> known = store.transact(localstore::Durability::full,
                                              [&](localstore::Transaction& transaction) -> Result<void> {
                                                  for (const auto& [name, table] : founding.tables())
                                                      if (auto done = transaction.carry.know(table); !done)
                                                          return done;
                                                  return {};
                                              });
    if (!known) return known.error();
    std::vector<localstore::Edit> creations;
    for (localstore::Edit& creation : founding.creations()) {
        const auto state = store.state(creation.key);
        if (!state) return state.error();
        if (!state->known) creations.push_back(std::move(creation));
    }
    localstore::WriteContext context;
    context.now = now;
    const auto written = store.write(creations, context);
    if (!written) return written.error();
    return creations.size();
}

} // namespace

Result<Founded> found_records(localstore::Store& store, const std::filesystem::path& file, Instant now)
{
    const auto about = about_journal(file);
    if (!about) return about.error();
    if (about->redacted)
        return Error{ErrorKind::refuse, "journal.redacted",
                     "The journal " + file.string() + " is redacted: what the records say is not in it."};
    Founding founding;
    if (const auto told = tell_lines(file, founding); !told) return told.error();
    Founded founded;
    for (const auto& [name, table] : founding.tables()) founded.tables.push_back(name);
    const std::string journal = about->instance_id.text() + " " + to_text(about->written_at) + " ";
    std::string remembered = store.setting(founded_setting);
    const bool is_new = !remembered.starts_with(journal);
    if (is_new) {
        const auto queued = queue(store, founding, now);
        if (!queued) return queued.error();
        founded.records = *queued;
    }
    const auto live = waiting(store);
    if (!live) return live.error();
    if (is_new) {
        remembered = journal + std::to_string(live->empty() ? 0 : live->back().sequence.value);
        const Result<void> kept =
            store.transact(localstore::Durability::full, [&](localstore::Transaction& transaction) {
                return transaction.journal.set_setting(founded_setting, remembered);
            });
        if (!kept) return kept.error();
    }
    const std::int64_t last = std::stoll(remembered.substr(journal.size()));
    founded.waiting = static_cast<std::uint64_t>(std::ranges::count_if(
        *live, [&](const localstore::Change& change) { return change.sequence.value <= last; }));
    return founded;
}

} // namespace hawser::carry

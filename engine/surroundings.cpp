#include "engine/surroundings.h"

namespace hawser::engine {

Result<std::shared_ptr<const TableWork>> Surroundings::table(std::string_view name)
{
    const auto found = tables_.find(name);
    if (found != tables_.end()) return found->second;
    const auto known = store.table(name);
    if (!known) return known.error();
    auto work = std::make_shared<const TableWork>(TableWork{
        *known, policies.of((*known)->table), dataverse::RowPlan((*known)->table, (*known)->layout)});
    tables_.emplace(std::string(name), work);
    return std::shared_ptr<const TableWork>(std::move(work));
}

void Surroundings::progress(std::string_view phase, std::string_view table, std::uint64_t done,
                            std::uint64_t total) const
{
    if (options.progress) options.progress({std::string(phase), std::string(table), done, total});
}

Error stopped()
{
    return {ErrorKind::retry, "engine.stopped", "the engine was asked to stop; it goes on where it was"};
}

std::string name_of(const Table& table, const RecordKey& key, const Fields* fields)
{
    if (fields && !table.primary_name.empty()) {
        const auto found = fields->find(table.primary_name);
        if (found != fields->end())
            if (const auto* text = std::get_if<std::string>(&found->second); text && !text->empty())
                return table.name + " \"" + *text + "\"";
    }
    return table.name + " " + key.id.text();
}

} // namespace hawser::engine

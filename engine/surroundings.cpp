#include "engine/surroundings.h"

#include "engine/mass_change.h"

#include <algorithm>

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

Error suspended()
{
    return {ErrorKind::retry, "engine.suspended",
            "the synchronizer was suspended because the machine is about to sleep; resume it, and it goes on "
            "where it was"};
}

bool ends_the_cycle(const Error& error)
{
    switch (error.kind) {
    case ErrorKind::offline:
    case ErrorKind::sign_in:
    case ErrorKind::wait:
        return true;
    case ErrorKind::stop:
        return error.code != mass_change_code;
    default:
        break;
    }
    if (error.code == stopped().code) return true;
    // What the replica refuses concerns one record; any other failure of it concerns them all.
    return error.code.starts_with("store.") && error.kind != ErrorKind::refuse;
}

Result<void> Troubles::note(const std::string& table, const Error& error)
{
    if (ends_the_cycle(error)) return error;
    if (!has(table)) all_.emplace_back(table, error);
    return {};
}

bool Troubles::has(std::string_view table) const
{
    return std::ranges::any_of(all_, [&](const auto& trouble) { return trouble.first == table; });
}

Result<void> Troubles::outcome() const
{
    std::vector<std::pair<std::string, Error>> sorted = all_;
    std::ranges::stable_partition(
        sorted, [](const auto& trouble) { return trouble.second.code == mass_change_code; });
    std::optional<Error> whole;
    for (const auto& [table, error] : sorted) {
        const bool named = error.message.find(table) != std::string::npos;
        const std::string words = named ? error.message : table + ": " + error.message;
        if (!whole) {
            whole = error;
            whole->message = words;
        } else {
            while (whole->message.ends_with('.')) whole->message.pop_back();
            whole->message += ". Also: " + words;
        }
    }
    if (whole) return *whole;
    return {};
}

std::string name_of(const Table& table, const RecordKey& key, const Fields* fields)
{
    const std::string name = fields ? name_in(table, *fields) : std::string();
    return table.name + (name.empty() ? " " + key.id.text() : " \"" + name + "\"");
}

} // namespace hawser::engine

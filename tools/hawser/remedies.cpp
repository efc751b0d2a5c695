#include "tools/hawser/remedies.h"

#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace hawser::cli {

namespace {

constexpr std::size_t sentences_most = 3;
constexpr std::size_t commands_most = 5;

bool refers_to(const Change& change, const RecordKey& record)
{
    return std::ranges::any_of(change.edits, [&](const ColumnEdit& edit) {
        if (const auto* lookup = std::get_if<Lookup>(&edit.after))
            return lookup->table == record.table && lookup->id == record.id;
        const auto* collection = std::get_if<Collection>(&edit.after);
        if (!collection) return false;
        const auto parties = collection_to_parties(*collection);
        return parties && std::ranges::any_of(*parties, [&](const Party& party) {
                   return party.record.table == record.table && party.record.id == record.id;
               });
    });
}

std::string command(std::string_view verb, const Change& change)
{
    return fmt::format("hawser queue {} {}", verb, change.number);
}

std::string sentence_of(const Change& change)
{
    if (change.state == ChangeState::parked)
        return fmt::format("Change {}, which the server refused: {} sends it again, {} takes it back, {} "
                           "gives it up.",
                           change.number, command("retry", change), command("undo", change),
                           command("discard", change));
    return fmt::format("Change {}, which is held: {} lets it go, {} gives it up.", change.number,
                       command("release", change), command("discard", change));
}

} // namespace

std::vector<std::string> remedies_of(const Change& change)
{
    if (change.state == ChangeState::parked)
        return {command("retry", change), command("undo", change), command("discard", change)};
    if (change.state == ChangeState::held) return {command("release", change), command("discard", change)};
    return {};
}

Result<std::vector<std::string>> remedy_sentences(const Replica& replica,
                                                  const std::optional<RecordKey>& record)
{
    ChangeFilter filter;
    filter.record = record;
    filter.states = {ChangeState::parked, ChangeState::held};
    filter.limit = sentences_most + 1;
    const auto changes = replica.queue(filter);
    if (!changes) return changes.error();
    std::vector<std::string> sentences;
    for (const Change& change : *changes) {
        if (sentences.size() == sentences_most) {
            sentences.emplace_back("The others go the same way; hawser queue lists them.");
            break;
        }
        sentences.push_back(sentence_of(change));
    }
    return sentences;
}

Error with_remedy(const Replica& replica, Error error, const RecordKey& record)
{
    const bool referred = error.code == "store.referred_to";
    const bool deleted = error.code == "input.unknown_record" || error.code == "store.record_deleted" ||
                         error.code == "store.record_exists";
    if (!referred && !deleted) return error;
    ChangeFilter filter;
    if (!referred) filter.record = record;
    const auto changes = replica.queue(filter);
    if (!changes) return error;
    std::vector<std::string> commands;
    for (const Change& change : *changes) {
        if (referred ? !refers_to(change, record) : change.kind != ChangeKind::erase) continue;
        if (commands.size() < commands_most) commands.push_back(command("undo", change));
    }
    if (commands.empty()) return error;
    while (error.message.ends_with('.')) error.message.pop_back();
    error.message += (deleted ? "; its deletion waits, and is taken back with " : ": ") + listed(commands);
    return error;
}

} // namespace hawser::cli

#include "tests/simulation/oracle.h"

#include <algorithm>

// What waits for a person has to wait for a reason that the oracle knows.

namespace hawser::simulation {

void Oracle::refused(std::size_t who, const std::vector<RecordKey>& asked, int status, std::string_view body)
{
    constexpr std::string_view part = "HTTP/1.1 ", message = R"("message":")";
    const auto hear = [&](int code, std::string_view text) {
        // Another version, quiet, a token and a failure there are no refusals for good.
        if (code < 400 || code >= 500 || code == 401 || code == 412 || code == 429) return;
        const auto begin = text.find(message);
        if (begin == std::string_view::npos) return;
        const std::string_view words = text.substr(begin + message.size());
        // Up to what JSON would have to escape.
        people_[who].refusals[std::string(words.substr(0, words.find_first_of("\"\\")))].insert(asked.begin(),
                                                                                                asked.end());
    };
    hear(status, body);
    for (auto at = body.find(part); at != std::string_view::npos;) {
        const auto next = body.find(part, at + part.size());
        const std::string_view one =
            body.substr(at + part.size(), next == body.npos ? next : next - at - part.size());
        hear(static_cast<int>(number(one.substr(0, 3))), one);
        at = next;
    }
}

bool Oracle::have_others_written(std::size_t who, const RecordKey& key) const
{
    const auto found = writers_.find(key);
    return found != writers_.end() && std::ranges::any_of(found->second, [&](const auto& one) {
               return one.first != std::optional(who);
           });
}

/// Out of what somebody chose, or out of what they may read.
bool Oracle::may_have_left(const Person& person, const RecordKey& key) const
{
    if (person.lost_rights || !person.narrowed) return person.lost_rights;
    const auto states = ever_.find({key, "statecode"});
    const bool was_inactive = states != ever_.end() && states->second.contains("1");
    return was_inactive || ever_deleted_.contains(key) || lacking_.contains(key);
}

/// References lead to accounts only.
bool Oracle::is_account_gone() const
{
    const auto is_account = [](const RecordKey& key) { return key.table == "account"; };
    return std::ranges::any_of(ever_deleted_, is_account) || std::ranges::any_of(lacking_, is_account);
}

void Oracle::parked(std::size_t who, const std::vector<RecordKey>& unit, const std::string& words)
{
    const Person& person = people_[who];
    const std::string change = "a change of " + called(unit.front());
    require(!words.empty(), 10, change + " that was refused at " + person.name + " does not say why");
    // Where an answer was lost and the record, or what proves it, may not be read any more or was removed by another
    // copy, only a person can go on.
    const bool nobody_can_tell = words.find("nobody can tell from here") != std::string::npos &&
                                 (person.lost_rights || person.copied || person.replaced);
    const bool said = std::ranges::any_of(person.refusals, [&](const auto& refusal) {
        const auto& [text, asked] = refusal;
        return !text.empty() && words.find(text) != std::string::npos &&
               std::ranges::any_of(unit, [&](const RecordKey& key) { return asked.contains(key); });
    });
    // Of what was made here and taken out of sight before anything of it was read there is nothing to compare with.
    const bool unseen =
        words.find("gave no version of it") != std::string::npos &&
        std::ranges::any_of(unit, [&](const RecordKey& key) { return have_others_written(who, key); });
    require(said || nobody_can_tell || unseen, 4,
            change + " waits for a person at " + person.name +
                ", and the organization never said of it: " + words);
}

void Oracle::held(std::size_t who, const std::vector<RecordKey>& unit, const std::string& words)
{
    const auto any = [&](const auto& holds) { return std::ranges::any_of(unit, holds); };
    const bool was_deleted =
        any([&](const RecordKey& key) { return ever_deleted_.contains(key) || lacking_.contains(key); });
    const bool others_wrote = any([&](const RecordKey& key) { return have_others_written(who, key); });
    const bool is_gone = any([&](const RecordKey& key) { return !rows_.contains(key); });
    const bool was_removed = any([&](const RecordKey& key) { return people_[who].deletions.contains(key); });
    // What a plug-in made of their words is another's to who did not hear the answer (docs/MERGING.md).
    const bool was_rewritten = std::ranges::any_of(people_[who].made_of_theirs, [&](const auto& made) {
        return any([&](const RecordKey& key) { return made.first.first == key; });
    });
    // An older copy in place of their replica does not know what they wrote themselves, and takes it for others'.
    const bool wrote_unknown = others_wrote || was_rewritten || restored_ || people_[who].replaced;
    const std::pair<std::string_view, bool> reasons[] = {
        {"not yet", true}, // Their own word.
        {"restored from an older copy", restored_ || seems_restored_},
        {"may already have been applied, and a record of it", was_deleted || is_gone},
        {"may already have been applied, and you deleted the record", was_removed},
        {"had this record already and it was deleted there", was_deleted},
        {", which you deleted here later", wrote_unknown},
        {", which this group deletes", wrote_unknown},
        {"left this replica's scope, or may no longer be read",
         any([&](const RecordKey& key) { return may_have_left(people_[who], key); })},
        {"its group waits for change", unit.size() > 1 && is_account_gone()},
    };
    const auto reason = std::ranges::find_if(
        reasons, [&](const auto& one) { return words.find(one.first) != std::string::npos; });
    const std::string change = "a change of " + called(unit.front()) + " is held at " + people_[who].name;
    require(!words.empty(), 10, change + " and does not say why");
    require(reason != std::end(reasons), 4, change + " for a reason that nobody has: " + words);
    require(reason == std::end(reasons) || reason->second, 4, change + ", and that did not happen: " + words);
}

void Oracle::tried(std::size_t who, const RecordKey& key, std::chrono::milliseconds now)
{
    // A record that somebody else bumps without end is left for another cycle. Five attempts are one; people ask for
    // several in a row, and the network repeats requests.
    constexpr int most = 25;
    constexpr std::chrono::seconds rest{5};
    auto& [attempts, last] = people_[who].attempts[key];
    attempts = now - last < rest ? attempts + 1 : 1;
    last = now;
    require(attempts <= most, 4,
            people_[who].name + " sends " + called(key) + " for the " + std::to_string(attempts) +
                "th time without a rest");
}

} // namespace hawser::simulation

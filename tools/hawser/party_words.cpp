#include "tools/hawser/party_words.h"

#include "tools/hawser/exit_code.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace hawser::cli {

namespace {

struct Role {
    int number;
    std::string_view word;
};

constexpr std::array roles{Role{1, "from"},      Role{2, "to"},        Role{3, "cc"},
                           Role{4, "bcc"},       Role{5, "required"},  Role{6, "optional"},
                           Role{7, "organizer"}, Role{8, "regarding"}, Role{9, "owner"},
                           Role{10, "resource"}, Role{11, "customer"}};

std::string lower(std::string_view text)
{
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

std::string_view trimmed(std::string_view text)
{
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> items_of(std::string_view list)
{
    std::vector<std::string_view> items;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view item = trimmed(list.substr(0, comma));
        if (!item.empty()) items.push_back(item);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return items;
}

/// A participant without a role, as it was typed.
Result<Party> read_participant(std::string_view text, const RecordResolver& resolve)
{
    Party party;
    if (text.find('@') != std::string_view::npos) {
        party.address = text;
        return party;
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        return usage_error(
            fmt::format("\"{}\" is no participant; give an address such as ada@example.com or a "
                        "record such as contact:49516f4a",
                        text));
    auto record = resolve(text.substr(0, colon), text.substr(colon + 1));
    if (!record) return record.error();
    party.record = *record;
    return party;
}

bool same_participant(const Party& one, const Party& other)
{
    if (!one.record.table.empty() && !other.record.table.empty()) return one.record == other.record;
    return !one.address.empty() && lower(one.address) == lower(other.address);
}

void take_role(Party& party, int role)
{
    std::erase(party.roles, role);
}

void give_role(std::vector<Party>& parties, const Party& participant, int role)
{
    const auto known = std::find_if(parties.begin(), parties.end(),
                                    [&](const Party& party) { return same_participant(party, participant); });
    if (known == parties.end()) {
        parties.push_back(participant);
        parties.back().roles = {role};
        return;
    }
    take_role(*known, role);
    known->roles.insert(std::upper_bound(known->roles.begin(), known->roles.end(), role), role);
}

} // namespace

std::optional<int> role_of(std::string_view word)
{
    const auto role = std::find_if(roles.begin(), roles.end(), [&](const Role& r) { return r.word == word; });
    return role == roles.end() ? std::nullopt : std::optional(role->number);
}

std::string role_word(int number)
{
    const auto role =
        std::find_if(roles.begin(), roles.end(), [&](const Role& r) { return r.number == number; });
    return role == roles.end() ? fmt::format("role {}", number) : std::string(role->word);
}

std::vector<std::string> role_words()
{
    std::vector<std::string> words;
    for (const Role& role : roles) words.emplace_back(role.word);
    return words;
}

Result<std::vector<Party>> apply(std::vector<Party> parties, const PartyEdit& edit,
                                 const RecordResolver& resolve)
{
    if (edit.kind == PartyEdit::Kind::replace)
        for (Party& party : parties) take_role(party, edit.role);
    for (const std::string_view item : items_of(edit.participants)) {
        const auto participant = read_participant(item, resolve);
        if (!participant) return participant.error();
        if (edit.kind != PartyEdit::Kind::remove) {
            give_role(parties, *participant, edit.role);
            continue;
        }
        const auto known = std::find_if(parties.begin(), parties.end(), [&](const Party& party) {
            return same_participant(party, *participant) &&
                   std::find(party.roles.begin(), party.roles.end(), edit.role) != party.roles.end();
        });
        if (known == parties.end())
            return usage_error(
                fmt::format("\"{}\" is not among the {} participants", item, role_word(edit.role)));
        take_role(*known, edit.role);
    }
    std::erase_if(parties, [](const Party& party) { return party.roles.empty(); });
    return parties;
}

std::string parties_text(const std::vector<Party>& parties,
                         const std::function<std::string(const Lookup&)>& name_of)
{
    std::vector<std::string> groups;
    for (const Role& role : roles) {
        std::vector<std::string> names;
        for (const Party& party : parties) {
            if (std::find(party.roles.begin(), party.roles.end(), role.number) == party.roles.end()) continue;
            names.push_back(party.record.table.empty() ? party.address : name_of(party.record));
        }
        if (!names.empty()) groups.push_back(fmt::format("{}: {}", role.word, fmt::join(names, ", ")));
    }
    return fmt::format("{}", fmt::join(groups, "; "));
}

} // namespace hawser::cli

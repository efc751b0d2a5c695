#include "base/json_text.h"
#include "base/utf8.h"
#include "hawser/value.h"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace hawser {
namespace {

constexpr std::string_view address_prefix = "address:";

std::string key_of(const Party& party)
{
    if (!party.record.table.empty()) return party.record.table + ":" + party.record.id.text();
    return std::string(address_prefix) + ascii_lower(party.address);
}

struct Gathered {
    std::string address;
    std::set<int> roles;
};

std::string element_value(const Gathered& gathered)
{
    std::string value = "{\"address\":";
    append_json_string(value, gathered.address);
    value += ",\"roles\":[";
    bool first = true;
    for (const int role : gathered.roles) {
        if (!first) value += ',';
        first = false;
        value += std::to_string(role);
    }
    value += "]}";
    return value;
}

Error not_a_party(const Element& element, std::string_view what)
{
    return Error{ErrorKind::refuse, "input.not_parties",
                 "The participant \"" + element.key + "\" cannot be read: " + std::string(what) +
                     ". Give each one as a record or an address, with its roles."};
}

bool read_key(const Element& element, Party& party)
{
    if (element.key.starts_with(address_prefix)) return true;
    const std::size_t colon = element.key.find(':');
    if (colon == 0 || colon == std::string::npos) return false;
    const auto id = Guid::parse(std::string_view(element.key).substr(colon + 1));
    if (!id) return false;
    party.record = Lookup{element.key.substr(0, colon), *id};
    return true;
}

bool read_roles(const boost::json::value& value, std::vector<int>& roles)
{
    const auto* list = value.if_array();
    if (list == nullptr || list->empty()) return false;
    for (const auto& role : *list) {
        const auto* number = role.if_int64();
        if (number == nullptr || *number < 0 || *number > 1000) return false;
        roles.push_back(static_cast<int>(*number));
    }
    std::sort(roles.begin(), roles.end());
    roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
    return true;
}

Result<Party> read_party(const Element& element)
{
    Party party;
    if (!read_key(element, party))
        return not_a_party(element, "its key names neither a record nor an address");
    boost::system::error_code failed;
    const auto value = boost::json::parse(element.value, failed);
    const auto* members = failed ? nullptr : value.if_object();
    if (members == nullptr) return not_a_party(element, "its value is no JSON object");
    const auto* roles = members->if_contains("roles");
    if (roles == nullptr || !read_roles(*roles, party.roles))
        return not_a_party(element, "it has no list of roles");
    if (const auto* address = members->if_contains("address")) {
        if (!address->is_string()) return not_a_party(element, "its address is no text");
        party.address = std::string(address->get_string());
    }
    if (party.record.table.empty() && key_of(party) != element.key)
        return not_a_party(element, "its address is not the one of its key");
    return party;
}

} // namespace

Collection parties_to_collection(const std::vector<Party>& parties)
{
    std::map<std::string, Gathered> by_key;
    for (const Party& party : parties) {
        Gathered& gathered = by_key[key_of(party)];
        if (gathered.address.empty()) gathered.address = party.address;
        gathered.roles.insert(party.roles.begin(), party.roles.end());
    }
    Collection collection;
    for (const auto& [key, gathered] : by_key) collection.elements.push_back({key, element_value(gathered)});
    return collection;
}

Result<std::vector<Party>> collection_to_parties(const Collection& collection)
{
    std::vector<Party> parties;
    parties.reserve(collection.elements.size());
    for (const Element& element : collection.elements) {
        auto party = read_party(element);
        if (!party) return party.error();
        parties.push_back(std::move(*party));
    }
    return parties;
}

} // namespace hawser

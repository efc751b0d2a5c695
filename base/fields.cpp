#include "base/fields.h"

#include <algorithm>
#include <string>
#include <variant>

namespace hawser {
namespace {

std::string as_stored(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        result += text[i] == '\r' ? '\n' : text[i];
    }
    while (!result.empty() && (result.back() == ' ' || result.back() == '\n' || result.back() == '\t'))
        result.pop_back();
    return result;
}

/// An organization puts the address of a record into a party that came without one.
bool equal_parties(const Collection& sent, const Collection& stored)
{
    const auto mine = collection_to_parties(sent);
    const auto theirs = collection_to_parties(stored);
    return mine && theirs && std::ranges::equal(*mine, *theirs, [](const Party& one, const Party& other) {
               return one.record == other.record && one.roles == other.roles &&
                      (one.address.empty() || one.address == other.address);
           });
}

/// A list of nobody is none.
bool is_empty(const Value& value)
{
    const auto* collection = std::get_if<Collection>(&value);
    return is_null(value) || (collection && collection->elements.empty());
}

} // namespace

bool equal_as_stored(const Value& sent, const Value& stored)
{
    if (sent == stored || (is_empty(sent) && is_empty(stored))) return true;
    const auto* left = std::get_if<std::string>(&sent);
    const auto* right = std::get_if<std::string>(&stored);
    if (left && right) return as_stored(*left) == as_stored(*right);
    if (left && is_null(stored)) return as_stored(*left).empty();
    const auto* parties = std::get_if<Collection>(&sent);
    const auto* others = std::get_if<Collection>(&stored);
    return parties && others && equal_parties(*parties, *others);
}

} // namespace hawser

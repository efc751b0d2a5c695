#include "conflict/set_merge.h"

#include "base/fields.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string_view>

namespace hawser::conflict {
namespace {

/// One element's value in the three versions; null where a version lacks the element.
struct Versions {
    const std::string* base = nullptr;
    const std::string* mine = nullptr;
    const std::string* theirs = nullptr;
};

bool same(const std::string* left, const std::string* right)
{
    if (left == nullptr || right == nullptr) return left == right;
    return *left == *right;
}

/// Whether an organization that was told `sent` may hold `stored`: it fills in addresses.
bool stored_as(std::string_view key, const std::string* sent, const std::string* stored)
{
    if (sent == nullptr || stored == nullptr) return sent == stored;
    const auto alone = [&](const std::string& value) { return Collection{{{std::string(key), value}}}; };
    return *sent == *stored || equal_as_stored(Value{alone(*sent)}, Value{alone(*stored)});
}

const Element* find(const Collection& collection, std::string_view key)
{
    const auto found = std::ranges::find(collection.elements, key, &Element::key);
    return found == collection.elements.end() ? nullptr : &*found;
}

/// Nobody has no roles. Empty for what is no participant.
std::optional<Party> read_party(const Element* element)
{
    if (element == nullptr) return Party{};
    auto parties = collection_to_parties(Collection{{*element}});
    if (!parties) return std::nullopt;
    return std::move(parties->front());
}

/// The roles that the edit took away come back, and those that it gave go.
std::optional<Party> take_back_roles(const Element* before, const Element* after, const Element* value)
{
    const auto was = read_party(before), made = read_party(after), now = read_party(value);
    if (!was || !made || !now) return std::nullopt;
    Party party = value != nullptr ? *now : *was;
    std::set<int> all(was->roles.begin(), was->roles.end());
    all.insert(now->roles.begin(), now->roles.end());
    const auto in = [](const Party& holder, int role) {
        return std::ranges::find(holder.roles, role) != holder.roles.end();
    };
    party.roles.clear();
    for (const int role : all)
        if (in(*was, role) == in(*made, role) ? in(*now, role) : in(*was, role)) party.roles.push_back(role);
    return party;
}

std::optional<std::set<std::int64_t>> read_choices(std::string_view text)
{
    std::set<std::int64_t> numbers;
    if (text.empty()) return numbers;
    const char* at = text.data();
    const char* end = at + text.size();
    for (;;) {
        std::int64_t number = 0;
        const auto [stopped, failed] = std::from_chars(at, end, number);
        if (failed != std::errc{}) return std::nullopt;
        numbers.insert(number);
        if (stopped == end) return numbers;
        if (*stopped != ',') return std::nullopt;
        at = stopped + 1;
    }
}

} // namespace

SetMerge merge_sets(const Collection& base, const Collection& mine, const Collection& theirs)
{
    std::map<std::string_view, Versions> by_key;
    for (const Element& element : base.elements) by_key[element.key].base = &element.value;
    for (const Element& element : mine.elements) by_key[element.key].mine = &element.value;
    for (const Element& element : theirs.elements) by_key[element.key].theirs = &element.value;
    SetMerge result;
    for (const auto& [key, versions] : by_key) {
        const std::string* chosen = versions.mine;
        const bool unchanged_there =
            stored_as(key, versions.base, versions.theirs) || stored_as(key, versions.theirs, versions.base);
        if (same(versions.mine, versions.base) || stored_as(key, versions.mine, versions.theirs))
            chosen = versions.theirs;
        else if (!unchanged_there && !stored_as(key, versions.theirs, versions.mine))
            result.contested_keys.emplace_back(key);
        if (chosen != nullptr) result.merged.elements.push_back({std::string(key), *chosen});
    }
    return result;
}

Collection take_back(const Collection& before, const Collection& after, const Collection& value)
{
    auto [back, contested] = merge_sets(after, before, value);
    for (const std::string& key : contested) {
        const auto party = take_back_roles(find(before, key), find(after, key), find(value, key));
        if (!party) continue;
        std::erase_if(back.elements, [&](const Element& element) { return element.key == key; });
        if (party->roles.empty()) continue;
        for (Element& element : parties_to_collection({*party}).elements)
            back.elements.push_back(std::move(element));
    }
    std::ranges::sort(back.elements, {}, &Element::key);
    return back;
}

std::optional<std::string> merge_choices(std::string_view base, std::string_view mine,
                                         std::string_view theirs)
{
    const auto b = read_choices(base);
    const auto m = read_choices(mine);
    const auto t = read_choices(theirs);
    if (!b || !m || !t) return std::nullopt;
    std::set<std::int64_t> all = *m;
    all.insert(t->begin(), t->end());
    std::string merged;
    for (const std::int64_t number : all) {
        const bool here = m->contains(number);
        const bool kept = here == b->contains(number) ? t->contains(number) : here;
        if (kept) merged += (merged.empty() ? "" : ",") + std::to_string(number);
    }
    return merged;
}

} // namespace hawser::conflict

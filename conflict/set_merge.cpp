#include "conflict/set_merge.h"

#include "base/fields.h"

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

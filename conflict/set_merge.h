#pragma once

#include "hawser/value.h"

#include <optional>
#include <string>
#include <vector>

namespace hawser::conflict {

/// Two sides' versions of one owned collection, merged element by element.
///
///   An element that one side added, removed or changed does as that side did.
///   An element that both sides changed differently, or that one changed and the other removed,
///   is contested, and `merged` holds mine of it.
///   An address that an organization filled in is no change: who lacks it says the same.
struct SetMerge {
    Collection merged;
    std::vector<std::string> contested_keys{}; ///< Ascending.
};

SetMerge merge_sets(const Collection& base, const Collection& mine, const Collection& theirs);

/// `value` as it would be had nobody made `after` of `before`; what others made of it stays.
///
///   take_back(b, a, a) = b        take_back(b, b, v) = v
///   An element that only this edit put in, took out or changed is as it was before. Of participants that others
///   changed as well each role is taken back by itself; any other such element is as it was before.
Collection take_back(const Collection& before, const Collection& after, const Collection& value);

/// The same as `merge_sets` for multiple choices, "1,3,7": numbers are only ever there or not, so nothing is
/// contested. Empty when a text is no list of numbers.
std::optional<std::string> merge_choices(std::string_view base, std::string_view mine,
                                         std::string_view theirs);

} // namespace hawser::conflict

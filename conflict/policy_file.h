#pragma once

#include "conflict/policy.h"
#include "hawser/result.h"

#include <map>
#include <string>
#include <string_view>

namespace hawser::conflict {

/// What a person configured, by table; docs/MERGING.md describes the file.
struct PolicyFile {
    struct Entry {
        std::map<std::string, Rule, std::less<>> rules{};
        std::optional<Rule> fallback{}; ///< Written "*".
        std::vector<AtomicGroup> groups{};
    };

    int version = 1;
    std::map<std::string, Entry, std::less<>> tables{};
};

/// Reads the JSON of a policy file. Refuses with "input.bad_policy" naming the place: text over
/// 1 MiB, anything but the documented members, unknown rules, names that no column can have, a
/// column in two groups, groups of fewer than two.
Result<PolicyFile> parse_policy_file(std::string_view json);

/// The default policy of the table under what the file says of it. Refuses columns that the table
/// lacks, rules that do not fit the column's type, and volatile for what people write, naming both.
Result<Policy> policy_for(const PolicyFile& file, const Table& table);

/// The same without what is refused: the organization changed the table since the file was taken.
Policy fitting_policy(const PolicyFile& file, const Table& table);

} // namespace hawser::conflict

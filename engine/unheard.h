#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::engine {

/// Tables about which no answer came, each with the number of cycles in a row.
using Unheard = std::map<std::string, int, std::less<>>;

/// Kept across processes, so that each of many short ones counts.
inline constexpr std::string_view unheard_setting = "sync.unheard";

/// For so many cycles edits and deletions of a table wait for an answer about it: on a network that loses
/// answers, what is sent against an old version, and whose own answer is lost, becomes a question to a person.
/// Then they go all the same (I4).
inline constexpr int most_unheard_cycles = 3;

std::string to_text(const Unheard& tables);
Unheard parse_unheard(std::string_view text);

/// After a pull that asked about tables and got no answer about some of them.
Unheard after_pull(Unheard before, const std::vector<std::string>& asked,
                   const std::set<std::string>& without_answer);

} // namespace hawser::engine

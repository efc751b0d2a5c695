#pragma once

#include "engine/surroundings.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::engine {

/// Where very many deletions wait for a person's word: the tables of those that the organization made,
/// and "" for those that were made here.
using MassQuestions = std::set<std::string>;

inline constexpr std::string_view mass_questions_setting = "sync.mass_questions";

/// For keeping, and back.
std::string to_text(const MassQuestions& questions);
MassQuestions parse_mass_questions(std::string_view text);

/// What a cycle leaves of them: `troubles` are what it met. A cycle that came to its end answers for the
/// tables it looked at (`looked_at`; empty = all) and for the queue, any other only adds what it met.
MassQuestions after_cycle(MassQuestions questions, const Troubles& troubles,
                          const std::optional<std::vector<std::string>>& looked_at);

} // namespace hawser::engine

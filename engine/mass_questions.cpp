#include "engine/mass_questions.h"

#include "engine/mass_change.h"

#include <algorithm>

namespace hawser::engine {

std::string to_text(const MassQuestions& questions)
{
    std::string text;
    for (const std::string& table : questions) text += table + ",";
    return text;
}

MassQuestions parse_mass_questions(std::string_view text)
{
    MassQuestions questions;
    for (std::size_t comma = text.find(','); comma != std::string_view::npos; comma = text.find(',')) {
        questions.emplace(text.substr(0, comma));
        text.remove_prefix(comma + 1);
    }
    return questions;
}

MassQuestions after_cycle(MassQuestions questions, const Troubles& troubles,
                          const std::optional<std::vector<std::string>>& looked_at)
{
    if (looked_at)
        std::erase_if(questions, [&](const std::string& table) {
            const bool looked = table.empty() || looked_at->empty() ||
                                std::ranges::find(*looked_at, table) != looked_at->end();
            return looked && !troubles.has(table);
        });
    for (const auto& [table, error] : troubles.all())
        if (error.code == mass_change_code) questions.insert(table);
    return questions;
}

} // namespace hawser::engine

#include "engine/unheard.h"

#include <charconv>

namespace hawser::engine {

std::string to_text(const Unheard& tables)
{
    std::string text;
    for (const auto& [table, cycles] : tables) text += table + "=" + std::to_string(cycles) + ",";
    return text;
}

Unheard parse_unheard(std::string_view text)
{
    Unheard tables;
    for (std::size_t comma = text.find(','); comma != std::string_view::npos; comma = text.find(',')) {
        const std::string_view one = text.substr(0, comma);
        const std::size_t equals = one.find('=');
        int cycles = 0;
        if (equals != std::string_view::npos)
            std::from_chars(one.data() + equals + 1, one.data() + one.size(), cycles);
        if (cycles > 0) tables.emplace(one.substr(0, equals), cycles);
        text.remove_prefix(comma + 1);
    }
    return tables;
}

Unheard after_pull(Unheard before, const std::vector<std::string>& asked,
                   const std::set<std::string>& without_answer)
{
    for (const std::string& table : asked)
        if (!without_answer.contains(table)) before.erase(table);
    for (const std::string& table : without_answer) ++before[table];
    return before;
}

} // namespace hawser::engine

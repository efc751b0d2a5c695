#include "tests/simulation/oracle.h"

#include <algorithm>

// What a plug-in of the organization makes of somebody's words within their own write.

namespace hawser::simulation {

/// What a plug-in had put its text in front of, if it had.
std::string Oracle::behind_prefix(const Place& place, const std::string& text) const
{
    const bool is_rewritten = plugin_ && place.first.table == "contact" && place.second == rewritten_column &&
                              text.starts_with(rewritten_prefix);
    return is_rewritten ? text.substr(rewritten_prefix.size()) : text;
}

/// The record with what was sent in place of what a plug-in made of it.
Row Oracle::as_sent(const Person& person, const Written& written, const Row& now) const
{
    Row sent = now;
    if (!plugin_ || !sent) return sent;
    const bool is_new = written.outcome == "created";
    for (auto& [column, text] : *sent) {
        const Place place{written.key, column};
        const auto allowed = person.allowed.find(place);
        // Somebody may set back what the plug-in had made before.
        const bool is_own = allowed != person.allowed.end() && allowed->second.contains(text);
        const bool is_said = is_new || std::ranges::find(written.columns, column) != written.columns.end();
        if (is_said && !is_own) text = behind_prefix(place, text);
    }
    return sent;
}

/// What the organization made of somebody's own words is nobody else's edit, though who did not hear of it may take it for
/// one. What they create again holds what others
/// had written before it was deleted.
void Oracle::see_own(Person& person, const Written& written, const Row& sent, const Row& now)
{
    for (const TrackedColumn& column : tracked(written.key.table)->columns)
        if (text_of(sent, column.name) != text_of(now, column.name))
            person.made_of_theirs[{written.key, std::string(column.name)}].insert(text_of(now, column.name));
    if (written.outcome == "created") see(person, written.key, sent);
}

} // namespace hawser::simulation

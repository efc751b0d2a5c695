// What must be true when everybody is quiet.

#include "tests/simulation/oracle.h"

#include <algorithm>

namespace hawser::simulation {

void Oracle::close()
{
    for (std::size_t who = 0; who < people_.size(); ++who) close_person(who);
    if (!restored_) close_counters();
}

/// Whether what somebody set back to nothing was never anything but what they typed, and did not arrive.
bool Oracle::nothing_was_cleared(const Person& person, const Place& place) const
{
    const std::vector<std::string>& steps = person.steps.at(place);
    const auto ever = ever_.find(place);
    for (std::size_t i = steps.size() - 1; i-- > 0;) {
        if (ever != ever_.end() && ever->second.contains(steps[i])) return false;
        if (person.stood.at(place)[i].empty()) return true;
    }
    return false;
}

/// Whether a restored organization had come as far again, when the person met it, as what they said they had.
bool Oracle::takes_their_token(const Person& person, const std::string& table)
{
    const auto compared = person.compared_before.find(table);
    const std::int64_t version = compared == person.compared_before.end() ? 0 : compared->second;
    return person.latest_met >= version;
}

/// Whether a backup took what this person wrote, and it is not there again. Where others wrote so much since that the
/// record's version is beyond the lost one, or of a record that it lacks the organization's beyond what was asked for, or
/// deleted it, nothing tells that anything was lost.
bool Oracle::is_lost(const Person& person, const Place& place, const std::string& value) const
{
    const auto lost = person.lost.find(place);
    if (lost == person.lost.end() || lost->second.first != value) return false;
    if (person.replaced || person.copied || person.narrowed || ever_deleted_.contains(place.first))
        return false;
    const auto version = versions_.find(place.first);
    if (version != versions_.end() && version->second >= lost->second.second) return false;
    if (!rows_.contains(place.first) && takes_their_token(person, place.first.table)) return false;
    // A job may have rewritten it.
    const auto here = in_this_life_.find(place);
    return here == in_this_life_.end() || std::ranges::none_of(here->second, [&](const std::string& text) {
               return text.find(value) != text.npos;
           });
}

/// Whether what somebody entered last was there, or gave way as the column's rule says.
bool Oracle::has_arrived(std::size_t who, const Place& place, const std::string& value) const
{
    const auto& [key, column] = place;
    const Entry& entry = people_[who].entries.at(place);
    const Meeting meeting = tracked(key.table)->column(column)->meeting;
    const auto ever = ever_.find(place);
    // What another copy of the replica sent, or a backup lacks, is the organization's word as well.
    const bool lived_twice = people_[who].replaced || people_[who].copied || restored_;
    if (meeting == Meeting::theirs) {
        const auto writers = column_writers_.find(place);
        const bool others =
            writers != column_writers_.end() && std::ranges::any_of(writers->second, [&](const auto& one) {
                return one.first != who && one.second > entry.moment;
            });
        if (others || entry.unseen || lived_twice) return true;
    }
    if (value.empty()) {
        const auto until = emptied_until_.find(place);
        const bool since = until != emptied_until_.end() && until->second > entry.moment;
        const bool empty = text_of(there(key), column).empty();
        return since || entry.unseen || lived_twice || empty || nothing_was_cleared(people_[who], place);
    }
    if (ever == ever_.end() || is_lost(people_[who], place, value)) return false;
    if (meeting != Meeting::merges_lines) return ever->second.contains(value);
    const std::string line = value.substr(value.rfind('\n') + 1);
    return std::ranges::any_of(ever->second,
                               [&](const std::string& text) { return text.find(line) != text.npos; });
}

void Oracle::close_person(std::size_t who)
{
    const Person& person = people_[who];
    for (const auto& [place, steps] : person.steps) {
        const auto& [key, column] = place;
        const Meeting meeting = tracked(key.table)->column(column)->meeting;
        if (meeting == Meeting::adds || meeting == Meeting::unites) continue;
        const auto removed = person.removed.find(key);
        const bool gone = removed != person.removed.end() && removed->second;
        const std::string& last = steps.back();
        if (gone || person.excused.contains(place)) continue;
        // What it refers to went meanwhile.
        const bool refers = column == "parentcustomerid" && !last.empty();
        const RecordKey target{"account", refers ? *Guid::parse(last) : Guid{}};
        if (refers && (ever_deleted_.contains(target) || lacking_.contains(target))) continue;
        require(has_arrived(who, place, last), 1,
                person.name + " entered \"" + last + "\" into " + column + " of " + called(key) +
                    "; it never reached the organization and nothing waits any more");
    }
    close_guests(who);
    if (!person.replaced && !restored_) close_deletions(who);
}

/// Nothing but what others wrote stops a deletion: unseen before it, or after it.
void Oracle::close_deletions(std::size_t who)
{
    const Person& person = people_[who];
    for (const auto& [key, removed] : person.removed) {
        if (!removed || !rows_.contains(key) || risen_.contains(key)) continue;
        const Entry& deletion = person.deletions.at(key);
        const bool others = std::ranges::any_of(
            writers_[key], [&](const auto& one) { return one.first != who && one.second > deletion.moment; });
        require(others || deletion.unseen, 1,
                person.name + " deleted " + called(key) + "; it is still in the organization, where nobody " +
                    "else wrote to it since, nor before what was seen");
    }
}

void Oracle::close_counters()
{
    for (const auto& [key, sum] : counters_) {
        if (uncounted_.contains(key) || ever_deleted_.contains(key) || !rows_.contains(key)) continue;
        const std::int64_t there = number(text_of(rows_[key], "numberofemployees"));
        require(there == sum, there > sum ? 2 : 1,
                "all that was added to the employees of " + called(key) + " makes " + std::to_string(sum) +
                    ", and the organization says " + std::to_string(there));
    }
}

} // namespace hawser::simulation
